"""The canvas view: layers, and the pointer turned into gestures of the tools."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from annotator.views.canvas.layers import FrameLayer, IndexedLayer
from annotator.views.canvas.overlays import BrushRing, OutlinePreview
from annotator.views.canvas.tools import Tool
from annotator.views.canvas.zoom_view import ZOOM_STEP, ZoomView

_LASSO_STEP = 0.75

Point = tuple[float, float]


class CanvasView(ZoomView):
    """Shows a frame with its layers and reports gestures in frame pixels.

    A point (x, y) lies inside pixel ``[int(y), int(x)]``. The view never edits a map: it says
    what was drawn and whoever owns the map calls `update_masks` with the changed rectangle.
    """

    stroke_began = Signal(float, float, bool)
    """x, y, and whether it erases."""
    stroke_moved = Signal(float, float)
    stroke_ended = Signal()
    stroke_aborted = Signal()
    outline_closed = Signal(list, bool)
    """Corners (x, y), and whether the area is taken away."""
    point_clicked = Signal(float, float, bool)
    """Fill or pick at x, y; True for the right button."""
    hovered = Signal(object)
    """(x, y), or None when the pointer left the frame."""
    brush_step_requested = Signal(int)
    """Steps to make the brush larger (negative: smaller)."""
    space_tapped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.frame_layer = FrameLayer()
        self.mask_layer = IndexedLayer(10)
        self.contour_layer = IndexedLayer(20)
        self.reliability_layer = IndexedLayer(5)
        self.cluster_layer = IndexedLayer(6)
        self._ring = BrushRing()
        self._outline = OutlinePreview()
        for item in (
            self.frame_layer,
            self.reliability_layer,
            self.cluster_layer,
            self.mask_layer,
            self.contour_layer,
            self._outline,
            self._ring,
        ):
            self.scene().addItem(item)
        self._tool = Tool.BRUSH
        self._stroke_button: Qt.MouseButton | None = None
        self._corners: list[Point] = []
        self._outline_erases = False
        self._pan_from: QPointF | None = None
        self._space_held = False
        self._space_panned = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(False)  # the window takes dropped files
        self.setMinimumSize(240, 180)

    # --- what is shown ---------------------------------------------------------------------

    def show_frame(self, frame: np.ndarray | None) -> None:
        """Show another frame; zoom and position stay unless its size is new.

        Args:
            frame: uint8 [H, W, 3] RGB, or ``None`` for an empty canvas.
        """
        self.frame_layer.set_frame(frame)
        size = None if frame is None else (frame.shape[0], frame.shape[1])
        if size != self.frame_size:
            self.abort_gesture()
            self._ring.setVisible(False)
            self.set_frame_size(size)

    def update_masks(self, region: QRect) -> None:
        """Draw a part of the masks again after an edit, in frame pixels."""
        self.mask_layer.update_region(region)
        self.contour_layer.update_region(region)

    # --- tool and brush --------------------------------------------------------------------

    @property
    def tool(self) -> Tool:
        """Tool in hand."""
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        """Take another tool; a gesture in hand is dropped."""
        if tool is self._tool:
            return
        self.abort_gesture()
        self._tool = tool
        self._update_cursor()

    @property
    def brush_radius(self) -> float:
        """Radius of the brush in frame pixels."""
        return self._ring.radius

    def set_brush_radius(self, radius: float) -> None:
        """Set the radius of the ring in frame pixels."""
        self._ring.set_radius(radius)

    def set_paint_colour(self, colour: QColor) -> None:
        """Colour of the ring and of the outline in hand."""
        self._ring.set_colour(colour)
        self._outline.set_colour(colour)

    def gesture_in_hand(self) -> bool:
        """Say whether a stroke or outline is begun and not ended."""
        return self._stroke_button is not None or bool(self._corners)

    def abort_gesture(self) -> bool:
        """Drop the stroke or outline in hand; returns whether there was one."""
        had_one = self.gesture_in_hand()
        if self._stroke_button is not None and self._tool.strokes:
            self._stroke_button = None
            self.stroke_aborted.emit()
        self._stroke_button = None
        self._set_corners([], None)
        return had_one

    # --- events ----------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer, or step the brush with Alt."""
        delta = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            turn = delta.y() or delta.x()  # Qt turns the wheel sideways under Alt
            self.brush_step_requested.emit(1 if turn > 0 else -1)
        elif delta.y():
            self.zoom_by(ZOOM_STEP ** (delta.y() / 120.0), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a pan, a stroke or an outline."""
        point = self.to_scene(event.position())
        button = event.button()
        if self.frame_size is None:
            return
        if button == Qt.MouseButton.MiddleButton or (
            button == Qt.MouseButton.LeftButton and self._space_held
        ):
            self._pan_from = event.position()
            self._space_panned = True
            self._update_cursor()
            return
        if button not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        if self._stroke_button is not None:  # the other button during a stroke drops it
            self.abort_gesture()
            return
        erases = button == Qt.MouseButton.RightButton
        if self._tool.strokes:
            self._stroke_button = button
            self.stroke_began.emit(point.x(), point.y(), erases or self._tool is Tool.ERASER)
        elif self._tool is Tool.LASSO:
            self._stroke_button = button
            self._outline_erases = erases
            self._set_corners([(point.x(), point.y())], None)
        elif self._tool is Tool.POLYGON:
            if not self._corners:
                self._outline_erases = erases
            corner = (point.x(), point.y())
            self._set_corners([*self._corners, corner], corner)
        else:
            self.point_clicked.emit(point.x(), point.y(), erases)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Close a polygon; with other tools the second press counts as any press."""
        if self._tool is Tool.POLYGON and self._corners:
            self.close_outline()
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the ring, the stroke, the outline or the picture."""
        if self._pan_from is not None:
            self.pan_by(self._pan_from - event.position())
            self._pan_from = event.position()
            return
        point = self.to_scene(event.position())
        self._hover(point)
        if self._stroke_button is not None and self._tool.strokes:
            self.stroke_moved.emit(point.x(), point.y())
        elif self._stroke_button is not None and self._tool is Tool.LASSO:
            last = self._corners[-1]
            if abs(last[0] - point.x()) + abs(last[1] - point.y()) >= _LASSO_STEP:
                self._set_corners([*self._corners, (point.x(), point.y())], None)
        elif self._corners:
            self._set_corners(self._corners, (point.x(), point.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End what the press began."""
        if self._pan_from is not None and event.button() in (
            Qt.MouseButton.MiddleButton,
            Qt.MouseButton.LeftButton,
        ):
            self._pan_from = None
            self._update_cursor()
        elif event.button() == self._stroke_button:
            self._stroke_button = None
            if self._tool.strokes:
                self.stroke_ended.emit()
            else:
                self.close_outline()

    def close_outline(self) -> None:
        """Fill the outline in hand; fewer than three corners are dropped."""
        corners, erases = self._corners, self._outline_erases
        self._set_corners([], None)
        if len(corners) >= 3:
            self.outline_closed.emit(corners, erases)

    def _set_corners(self, corners: list[Point], pointer: Point | None) -> None:
        self._corners = corners
        self._outline.set_outline(corners, pointer, show_corners=self._tool is Tool.POLYGON)

    def event(self, event: QEvent) -> bool:
        """Take Space and, with an outline in hand, Enter and Backspace before shortcuts do."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() in self._own_keys()
            and not event.modifiers()
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def _own_keys(self) -> tuple[Qt.Key, ...]:
        keys: tuple[Qt.Key, ...] = (Qt.Key.Key_Space,)
        if self._corners:
            keys += (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace)
        return keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hold Space to pan; Enter closes and Backspace shortens an outline."""
        key = event.key()
        if key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_held, self._space_panned = True, False
            self._update_cursor()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._corners:
            self.close_outline()
        elif key == Qt.Key.Key_Backspace and self._corners:
            self._set_corners(self._corners[:-1], None)
        elif key != Qt.Key.Key_Space:
            event.ignore()  # arrow keys are frames here, not scrolling

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A tap of Space without a drag is reported."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat() and self._space_held:
            self._space_held = False
            self._update_cursor()
            if not self._space_panned:
                self.space_tapped.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget a held Space when the keys go elsewhere."""
        super().focusOutEvent(event)
        self._space_held = False
        self._update_cursor()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the ring."""
        super().enterEvent(event)
        self._update_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the ring."""
        super().leaveEvent(event)
        self._ring.setVisible(False)
        self.hovered.emit(None)

    def _hover(self, point: QPointF) -> None:
        self._ring.setPos(point)
        self._ring.setVisible(self._tool.strokes and self.frame_size is not None)
        if self.frame_size is None:
            return
        height, width = self.frame_size
        inside = 0 <= point.x() < width and 0 <= point.y() < height
        self.hovered.emit((point.x(), point.y()) if inside else None)

    def _update_cursor(self) -> None:
        if self._pan_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space_held:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._tool is Tool.PICK:
            shape = Qt.CursorShape.PointingHandCursor
        else:
            shape = Qt.CursorShape.CrossCursor
        self.viewport().setCursor(shape)
        self._ring.setVisible(self._ring.isVisible() and self._tool.strokes)

"""The canvas view: layers, and the pointer in frame pixels for the tool in use."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsItem, QWidget

from annotator.views.canvas.frame_view import FrameView
from annotator.views.canvas.gestures import GestureTarget, PointerEvent
from annotator.views.canvas.previews import BrushRing, Outline, OutlinePreview, RingShape
from annotator.views.canvas.zoom_view import ZOOM_STEP

_REACH = 7.0
"""Device-independent pixels between the pointer and a handle that is meant."""

_PAINT_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
_TABLET_EVENTS = (QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletRelease)


class CanvasView(FrameView):
    """Shows a frame with its layers and hands the pointer to the tool in use, in frame pixels.

    A point (x, y) lies inside pixel ``[int(y), int(x)]``. The view never edits a map: tools do.
    """

    hovered = Signal(object)
    """(x, y), or None when the pointer left the frame."""
    brush_step_requested = Signal(int)
    """Steps to make the brush larger (negative: smaller)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ring = BrushRing()
        self._outline = OutlinePreview()
        self.scene().addItem(self._outline)
        self.scene().addItem(self._ring)
        self._target: GestureTarget | None = None
        self._held: Qt.MouseButton | None = None
        self._tool_cursor = QCursor(Qt.CursorShape.CrossCursor)
        self._hover_shape: Qt.CursorShape | None = None
        self._shows_ring = False
        self.setMouseTracking(True)
        self.viewport().setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(False)  # the window takes dropped files
        self.setMinimumSize(240, 180)

    # --- what is shown ---------------------------------------------------------------------

    def set_frame_size(self, size: tuple[int, int] | None) -> None:
        """Take up frames of another size and fit them; what is in hand is dropped.

        Args:
            size: (height, width), ``None`` for no frame.
        """
        self.abort_gesture()
        self._ring.setVisible(False)
        super().set_frame_size(size)

    def aids(self) -> tuple[QGraphicsItem, ...]:
        """What is drawn for the hand that works and belongs to no picture."""
        return (*super().aids(), self._ring, self._outline)

    # --- the tool ---------------------------------------------------------------------------

    def set_gesture_target(self, target: GestureTarget | None, cursor: QCursor) -> None:
        """Hand the pointer to another tool; what the one before has in hand is dropped.

        Args:
            target: the tool.
            cursor: of the mouse over the frame.
        """
        self.abort_gesture()
        self._target = target
        self._tool_cursor = cursor
        self._hover_shape = None
        self.update_cursor()

    def set_hover_shape(self, shape: Qt.CursorShape | None) -> None:
        """Show another cursor while the pointer is over a handle; None for the tool's own."""
        if shape is not self._hover_shape:
            self._hover_shape = shape
            self.update_cursor()

    def set_ring(self, shape: RingShape | None) -> None:
        """Show where a brush of that shape would paint; None for tools that are no brush."""
        self._shows_ring = shape is not None
        if shape is not None:
            self._ring.set_shape(shape)
        self._ring.setVisible(self._ring.isVisible() and self._shows_ring)

    @property
    def brush_radius(self) -> float:
        """Radius of the brush's ring in frame pixels."""
        return self._ring.radius

    def set_brush_radius(self, radius: float) -> None:
        """Set the radius of the ring in frame pixels."""
        self._ring.set_radius(radius)

    def set_paint_colour(self, colour: QColor) -> None:
        """Colour of the ring and of the outline in hand."""
        self._ring.set_colour(colour)
        self._outline.set_colour(colour)

    @property
    def outline(self) -> Outline | None:
        """Outline in hand, as it is drawn."""
        return self._outline.outline

    def show_outline(self, outline: Outline | None) -> None:
        """Draw the outline that a tool has in hand, or none."""
        self._outline.set_outline(outline, self.transform().m11())

    def gesture_in_hand(self) -> bool:
        """Say whether a stroke or outline is begun and not ended."""
        return self._held is not None or (self._target is not None and self._target.in_hand)

    def abort_gesture(self) -> bool:
        """Drop the stroke or outline in hand; returns whether there was one."""
        had_one = self.gesture_in_hand()
        self._held = None
        if self._target is not None:
            self._target.abort()
        return had_one

    # --- the pointer ------------------------------------------------------------------------

    def _pointer(
        self,
        position: QPointF,
        modifiers: Qt.KeyboardModifier,
        *,
        erases: bool = False,
        pressure: float = 1.0,
    ) -> PointerEvent:
        point = self.to_scene(position)
        return PointerEvent(
            point.x(),
            point.y(),
            erases=erases or self._held == Qt.MouseButton.RightButton,
            held=self._held is not None,
            pressure=pressure,
            shift=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
            control=bool(modifiers & Qt.KeyboardModifier.ControlModifier),
            reach=_REACH / max(self.transform().m11(), 1e-6),
        )

    def _press(self, event: QMouseEvent, *, double: bool) -> None:
        if self.frame_size is None:
            return
        button = event.button()
        if self.begin_pan(event) or button not in _PAINT_BUTTONS:
            return
        if self._held is not None:  # the other button during a stroke drops it
            self.abort_gesture()
        elif self._target is not None:
            self._held = button
            pointer = self._pointer(event.position(), event.modifiers())
            (self._target.double_click if double else self._target.press)(pointer)

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
        """Begin a pan or what the tool does."""
        self._press(event, double=False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Tell the tool of the second press of two."""
        self._press(event, double=True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the ring, the tool or the picture."""
        if self.continue_pan(event):
            return
        self._hover(self.to_scene(event.position()))
        if self._target is not None and self.frame_size is not None:
            self._target.move(self._pointer(event.position(), event.modifiers()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End what the press began."""
        if self.end_pan(event):
            return
        if event.button() == self._held and self._target is not None:
            pointer = self._pointer(event.position(), event.modifiers())
            self._held = None
            self._target.release(pointer)

    def viewportEvent(self, event: QEvent) -> bool:
        """Take pens, whose pressure a mouse event would lose."""
        if isinstance(event, QTabletEvent) and event.type() in _TABLET_EVENTS:
            return self._tablet(event)
        return bool(super().viewportEvent(event))

    def _tablet(self, event: QTabletEvent) -> bool:
        """Paint with a pen; False leaves the event to be a mouse event (pan, other buttons)."""
        ends = event.type() == QEvent.Type.TabletRelease
        begins = event.type() == QEvent.Type.TabletPress
        if (
            self._target is None
            or self.frame_size is None
            or self.is_panning
            or ((begins or ends) and event.button() not in _PAINT_BUTTONS)
        ):
            event.ignore()
            return False
        erases = event.pointerType() == QPointingDevice.PointerType.Eraser
        self._hover(self.to_scene(event.position()))
        if begins:
            self._held = Qt.MouseButton.RightButton if erases else event.button()
        pressure = min(max(event.pressure(), 0.0), 1.0)
        pointer = self._pointer(event.position(), event.modifiers(), pressure=pressure)
        if begins:
            self._target.press(pointer)
        elif not ends:
            self._target.move(pointer)
        elif self._held is not None:
            self._held = None
            self._target.release(pointer)
        event.accept()
        return True

    # --- keys -------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Take Space, and the keys that the tool wants now, before shortcuts do."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            and (event.key() == Qt.Key.Key_Space or self._tool_wants(event))
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def _tool_wants(self, event: QKeyEvent) -> bool:
        return self._target is not None and self._target.wants_key(Qt.Key(event.key()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that the tool wants go to the tool."""
        if event.key() != Qt.Key.Key_Space and self._target is not None and self._tool_wants(event):
            self._target.press_key(Qt.Key(event.key()))
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the cursor of the tool."""
        super().enterEvent(event)
        self.update_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the ring."""
        super().leaveEvent(event)
        self._ring.setVisible(False)
        if self._target is not None:
            self._target.leave()
        self.hovered.emit(None)

    def _hover(self, point: QPointF) -> None:
        self._ring.setPos(point)
        self._ring.setVisible(self._shows_ring and self.frame_size is not None)
        if self.frame_size is None:
            return
        height, width = self.frame_size
        inside = 0 <= point.x() < width and 0 <= point.y() < height
        self.hovered.emit((point.x(), point.y()) if inside else None)

    def idle_cursor(self) -> QCursor:
        """Cursor of the tool, or of the handle under the pointer."""
        shape = self._hover_shape
        return self._tool_cursor if shape is None else QCursor(shape)

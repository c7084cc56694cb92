"""A view of one frame that zooms at the pointer, pans, and fits."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView, QWidget

ZOOM_STEP = 1.2
_ZOOM_MIN, _ZOOM_MAX = 0.02, 64.0


class ZoomView(QGraphicsView):
    """Scene positions are frame pixels; 100 % is one device pixel a frame pixel."""

    zoom_changed = Signal(float)
    """Device pixels per frame pixel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self._frame_size: tuple[int, int] | None = None
        self._fitted = True
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._apply_palette()

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """(height, width) of the frame shown, ``None`` without one."""
        return self._frame_size

    def set_frame_size(self, size: tuple[int, int] | None) -> None:
        """Take up frames of another size and fit them.

        Args:
            size: (height, width), ``None`` for no frame.
        """
        self._frame_size = size
        if size is None:
            self.setSceneRect(QRectF())
            self.zoom_changed.emit(self.zoom)
            return
        height, width = size
        margin = float(max(height, width))
        self.setSceneRect(QRectF(0, 0, width, height).adjusted(-margin, -margin, margin, margin))
        self.fit()

    @property
    def zoom(self) -> float:
        """Device pixels per frame pixel."""
        return self.transform().m11() * self.devicePixelRatioF()

    def fit(self) -> None:
        """Show the whole frame, and keep doing so while the window is resized."""
        self._fitted = True
        if self._frame_size is None:
            return
        height, width = self._frame_size
        room = self.viewport().rect().adjusted(12, 12, -12, -12)
        scale = min(room.width() / width, room.height() / height)
        self._set_scale(max(scale, 1e-3))
        self.centerOn(width / 2, height / 2)

    def show_region(self, region: QRectF, *, share: float = 0.6) -> None:
        """Zoom so that a part of the frame lies in the middle.

        Args:
            region: In frame pixels.
            share: Of the view's width or height that it takes, whichever is reached first.
        """
        if self._frame_size is None or region.isEmpty():
            return
        room = self.viewport().rect()
        scale = share * min(room.width() / region.width(), room.height() / region.height())
        zoom = min(max(scale * self.devicePixelRatioF(), _ZOOM_MIN), _ZOOM_MAX)
        self._fitted = False
        self._set_scale(zoom / self.devicePixelRatioF())
        self.centerOn(region.center())

    def actual_size(self) -> None:
        """Show one frame pixel as one device pixel, around the middle of what is seen."""
        self.zoom_by(1.0 / self.zoom, QPointF(self.viewport().rect().center()))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom so that the frame point under a viewport point stays there.

        Args:
            factor: Over 1 is nearer.
            at: Point of the viewport; its middle when ``None``.
        """
        if self._frame_size is None:
            return
        point = at if at is not None else QPointF(self.viewport().rect().center())
        target = min(max(self.zoom * factor, _ZOOM_MIN), _ZOOM_MAX)
        before = self.to_scene(point)
        self._fitted = False
        self._set_scale(target / self.devicePixelRatioF())
        self._scroll_by(self._from_scene(before) - point)

    def _set_scale(self, scale: float) -> None:
        self.resetTransform()
        self.scale(scale, scale)
        self.zoom_changed.emit(self.zoom)

    def pan_by(self, offset: QPointF) -> None:
        """Move the picture against an offset in viewport pixels."""
        self._fitted = False
        self._scroll_by(offset)

    def _scroll_by(self, offset: QPointF) -> None:
        horizontal, vertical = self.horizontalScrollBar(), self.verticalScrollBar()
        horizontal.setValue(round(horizontal.value() + offset.x()))
        vertical.setValue(round(vertical.value() + offset.y()))

    def to_scene(self, point: QPointF) -> QPointF:
        """Return the frame position under a viewport position."""
        inverse, _ = self.viewportTransform().inverted()
        return inverse.map(point)

    def _from_scene(self, point: QPointF) -> QPointF:
        return self.viewportTransform().map(point)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the frame fitted until a person zooms."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._apply_palette()

    def _apply_palette(self) -> None:
        ground = self.palette().color(QPalette.ColorRole.Mid)
        self.setBackgroundBrush(ground)

"""Things drawn over the layers for the tool in use: the brush ring, and the outline in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

Point = tuple[float, float]
RingShape = Literal["round", "square"]

HANDLE_RADIUS = 4.0
"""Size of a corner's handle on the screen, in device-independent pixels."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a tool shows of the area in hand. Positions are (x, y) in frame pixels.

    Attributes:
        path: corners of the line that is drawn.
        is_closed: whether the line returns to its start.
        handles: corners that can be taken hold of.
        hot: the handle under the pointer, by its place.
        ghost: where a press would put a new corner.
        dashed: whether the line is a frame for something, not the border of an area.
    """

    path: Sequence[Point]
    is_closed: bool = False
    handles: Sequence[Point] = ()
    hot: int | None = None
    ghost: Point | None = None
    dashed: bool = False


def _cosmetic(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def rim_of(colour: QColor) -> QColor:
    """Colour of the rim under a line: light under a dark one, dark under a light one.

    One of the two stands out whatever the picture is.
    """
    brightness = 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue()
    return QColor(255, 255, 255, 190) if brightness < 100 else QColor(0, 0, 0, 160)


class BrushRing(QGraphicsItem):
    """Shows where the brush would paint, in the object's colour on a rim (see `rim_of`)."""

    def __init__(self) -> None:
        super().__init__()
        self._radius = 10.0
        self._shape: RingShape = "round"
        self._colour = QColor("white")
        self.setZValue(100)
        self.setVisible(False)

    @property
    def radius(self) -> float:
        """Radius in frame pixels."""
        return self._radius

    def set_radius(self, radius: float) -> None:
        """Draw the ring with that radius (half the side of a square) in frame pixels."""
        if radius != self._radius:
            self.prepareGeometryChange()
            self._radius = radius
            self.update()

    def set_shape(self, shape: RingShape) -> None:
        """Draw a circle or a square."""
        self._shape = shape
        self.update()

    def set_colour(self, colour: QColor) -> None:
        """Draw the ring in that colour."""
        self._colour = colour
        self.update()

    def boundingRect(self) -> QRectF:
        """Extent with room for the pen when the picture is small."""
        margin = self._radius * 0.1 + 12
        r = self._radius + margin
        return QRectF(-r, -r, 2 * r, 2 * r)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the rim, then the ring."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        r = self._radius
        rect = QRectF(-r, -r, 2 * r, 2 * r)
        draw = painter.drawEllipse if self._shape == "round" else painter.drawRect
        painter.setPen(_cosmetic(rim_of(self._colour), 3.0))
        draw(rect)
        painter.setPen(_cosmetic(self._colour, 1.5))
        draw(rect)


class OutlinePreview(QGraphicsItem):
    """The outline in hand: its tinted area, its line, and the corners to take hold of."""

    def __init__(self) -> None:
        super().__init__()
        self._outline: Outline | None = None
        self._path = QPainterPath()
        self._handle_span = HANDLE_RADIUS
        self._colour = QColor("white")
        self.setZValue(90)

    @property
    def outline(self) -> Outline | None:
        """What is drawn."""
        return self._outline

    def set_outline(self, outline: Outline | None, zoom: float) -> None:
        """Draw another outline, or none.

        Args:
            outline: what to draw.
            zoom: device-independent pixels per frame pixel, for the room that handles take.
        """
        if outline is None and self._outline is None:
            return
        self.prepareGeometryChange()
        self._outline = outline
        self._handle_span = HANDLE_RADIUS * 2 / max(zoom, 1e-6)
        path = QPainterPath()
        if outline is not None and outline.path:
            path.moveTo(*outline.path[0])
            for x, y in outline.path[1:]:
                path.lineTo(x, y)
            if outline.is_closed:
                path.closeSubpath()
        self._path = path
        self.update()

    def set_colour(self, colour: QColor) -> None:
        """Draw the outline in that colour."""
        self._colour = colour
        self.update()

    def boundingRect(self) -> QRectF:
        """Extent with room for handles, however small the picture."""
        outline = self._outline
        if outline is None:
            return QRectF()
        rect = self._path.boundingRect()
        for x, y in (*outline.handles, *([outline.ghost] if outline.ghost else ())):
            rect |= QRectF(x, y, 1e-3, 1e-3)
        span = self._handle_span
        return rect.adjusted(-span, -span, span, span)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the tinted area, its line and the handles."""
        outline = self._outline
        if outline is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not outline.dashed:
            fill = QColor(self._colour)
            fill.setAlpha(50)
            painter.fillPath(self._path, fill)
        painter.setPen(_cosmetic(rim_of(self._colour), 3.0))
        painter.drawPath(self._path)
        pen = _cosmetic(self._colour, 1.5)
        if outline.dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawPath(self._path)
        self._draw_handles(painter, outline, option)

    def _draw_handles(
        self, painter: QPainter, outline: Outline, option: QStyleOptionGraphicsItem
    ) -> None:
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        radius = HANDLE_RADIUS / max(zoom, 1e-6)
        painter.setPen(_cosmetic(QColor(0, 0, 0, 200), 1.0))
        for place, corner in enumerate(outline.handles):
            is_hot = place == outline.hot
            painter.setBrush(self._colour if is_hot else QColor("white"))
            size = radius * (1.5 if is_hot else 1.0)
            painter.drawEllipse(QPointF(*corner), size, size)
        if outline.ghost is not None:
            painter.setBrush(QColor(255, 255, 255, 120))
            painter.drawEllipse(QPointF(*outline.ghost), radius, radius)

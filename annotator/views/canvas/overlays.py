"""Things drawn over the layers: the brush ring, and the outline in hand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget


def _cosmetic(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


class BrushRing(QGraphicsItem):
    """Shows where the brush would paint, in the object's colour on a dark rim."""

    def __init__(self) -> None:
        super().__init__()
        self._radius = 10.0
        self._colour = QColor("white")
        self.setZValue(100)
        self.setVisible(False)

    @property
    def radius(self) -> float:
        """Radius in frame pixels."""
        return self._radius

    def set_radius(self, radius: float) -> None:
        """Draw the ring with that radius in frame pixels."""
        if radius != self._radius:
            self.prepareGeometryChange()
            self._radius = radius
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
        centre = QPointF(0, 0)
        painter.setPen(_cosmetic(QColor(0, 0, 0, 160), 3.0))
        painter.drawEllipse(centre, self._radius, self._radius)
        painter.setPen(_cosmetic(self._colour, 1.5))
        painter.drawEllipse(centre, self._radius, self._radius)


class OutlinePreview(QGraphicsItem):
    """The polygon or lasso in hand."""

    def __init__(self) -> None:
        super().__init__()
        self._corners: list[QPointF] = []
        self._pointer: QPointF | None = None
        self._show_corners = True
        self._colour = QColor("white")
        self.setZValue(90)

    def set_outline(
        self,
        corners: Sequence[tuple[float, float]],
        pointer: tuple[float, float] | None,
        *,
        show_corners: bool,
    ) -> None:
        """Draw an outline through corners (x, y), ending at the pointer; empty hides it."""
        self.prepareGeometryChange()
        self._corners = [QPointF(x, y) for x, y in corners]
        self._pointer = QPointF(*pointer) if pointer is not None else None
        self._show_corners = show_corners
        self.update()

    def set_colour(self, colour: QColor) -> None:
        """Draw the outline in that colour."""
        self._colour = colour
        self.update()

    def _points(self) -> list[QPointF]:
        return self._corners + ([self._pointer] if self._pointer and self._corners else [])

    def boundingRect(self) -> QRectF:
        """Extent with room for handles when the picture is small."""
        points = self._points()
        if not points:
            return QRectF()
        return QPolygonF(points).boundingRect().adjusted(-40, -40, 40, 40)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the tinted area, its outline and the corners."""
        points = self._points()
        if not points:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath(points[0])
        for point in points[1:]:
            path.lineTo(point)
        fill = QColor(self._colour)
        fill.setAlpha(50)
        painter.fillPath(path, fill)
        painter.setPen(_cosmetic(QColor(0, 0, 0, 160), 3.0))
        painter.drawPath(path)
        painter.setPen(_cosmetic(self._colour, 1.5))
        painter.drawPath(path)
        if self._show_corners:
            zoom = option.levelOfDetailFromTransform(painter.worldTransform())
            radius = 3.5 / max(zoom, 1e-6)
            painter.setBrush(QColor("white"))
            for corner in self._corners:
                painter.drawEllipse(corner, radius, radius)

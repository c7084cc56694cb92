"""Thin lines between the pixels of the frame, once they are large enough to be told apart."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

LEAST_ZOOM = 10.0
"""Device-independent pixels per frame pixel from which on the lines are drawn."""

_LINE = QColor(128, 128, 128, 110)


class PixelGrid(QGraphicsItem):
    """Lines along the borders of frame pixels; draws nothing when they would lie too close."""

    def __init__(self) -> None:
        super().__init__()
        self._extent = QRectF()
        self.setZValue(30)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def set_frame_size(self, size: tuple[int, int] | None) -> None:
        """Cover a frame of another size.

        Args:
            size: (height, width), ``None`` for no frame.
        """
        self.prepareGeometryChange()
        self._extent = QRectF() if size is None else QRectF(0, 0, size[1], size[0])

    def boundingRect(self) -> QRectF:
        """The frame."""
        return self._extent

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the lines of the exposed part."""
        if option.levelOfDetailFromTransform(painter.worldTransform()) < LEAST_ZOOM:
            return
        seen = option.exposedRect.intersected(self._extent)
        left, right = math.floor(seen.left()), math.ceil(seen.right())
        top, bottom = math.floor(seen.top()), math.ceil(seen.bottom())
        pen = QPen(_LINE, 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawLines(
            [QLineF(x, top, x, bottom) for x in range(left, right + 1)]
            + [QLineF(left, y, right, y) for y in range(top, bottom + 1)]
        )

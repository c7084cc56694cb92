"""Layers of the canvas: the frame, and uint8 maps painted through a colour table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

ColourTable = Sequence[int]
"""256 colours ``0xAARRGGBB``, not premultiplied."""

TRANSPARENT: ColourTable = (0,) * 256


class FrameLayer(QGraphicsItem):
    """The frame itself; smooth when small, crisp pixels when near."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self.setZValue(0)

    def set_frame(self, frame: np.ndarray | None) -> None:
        """Show a frame.

        Args:
            frame: uint8 [H, W, 3] RGB, C-contiguous, or ``None`` for nothing. It is copied.
        """
        if frame is None:
            pixmap = QPixmap()
        else:
            height, width, _ = frame.shape
            image = QImage(frame.data, width, height, frame.strides[0], QImage.Format.Format_RGB888)
            pixmap = QPixmap.fromImage(image)
        if pixmap.size() != self._pixmap.size():
            self.prepareGeometryChange()
        self._pixmap = pixmap
        self.update()

    def boundingRect(self) -> QRectF:
        """Extent in pixels of the frame."""
        return QRectF(self._pixmap.rect())

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the exposed part."""
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, zoom < 2.0)
        exposed = option.exposedRect.adjusted(-1, -1, 1, 1).intersected(self.boundingRect())
        painter.drawPixmap(exposed, self._pixmap, exposed)


class IndexedLayer(QGraphicsItem):
    """A uint8 map over the frame, coloured by a table of 256 colours.

    The pixels stay in the array that was given: whoever edits it calls `update_region`.
    Opacity, hiding and other colours are a new table and touch no pixel.
    """

    def __init__(self, z_value: float) -> None:
        super().__init__()
        self._values: np.ndarray | None = None
        self._image = QImage()
        self._table: list[int] = list(TRANSPARENT)
        self._stride = 1
        self.setZValue(z_value)

    @property
    def colour_table(self) -> list[int]:
        """The 256 colours in use, a copy."""
        return list(self._table)

    def set_values(self, values: np.ndarray | None, *, stride: int = 1) -> None:
        """Show another map.

        Args:
            values: uint8 [h, w], C-contiguous, kept and not copied; ``None`` for nothing.
            stride: Frame pixels per map pixel.
        """
        if values is not None and (values.dtype != np.uint8 or values.ndim != 2):
            raise ValueError(f"a layer shows uint8 [h, w], not {values.dtype} {values.shape}")
        if values is not None and not values.flags.c_contiguous:
            values = np.ascontiguousarray(values)
        old_shape = None if self._values is None else self._values.shape
        if values is None or values.shape != old_shape or stride != self._stride:
            self.prepareGeometryChange()
        self._values = values
        self._stride = stride
        self._wrap()
        self.update()

    def refresh(self, values: np.ndarray, region: QRect) -> None:
        """Show a map of the same size that differs from the one before in a rectangle only.

        Args:
            values: As in `set_values`; often the same array, edited.
            region: Changed rectangle in map pixels.
        """
        if self._values is None or values.shape != self._values.shape:
            self.set_values(values, stride=self._stride)
            return
        if values is not self._values:
            self._values = np.ascontiguousarray(values)
            self._wrap()
        self.update_region(region)

    def set_colour_table(self, table: ColourTable) -> None:
        """Colour the map otherwise; no pixel is touched."""
        if len(table) != 256:
            raise ValueError(f"a colour table has 256 entries, not {len(table)}")
        if list(table) == self._table:
            return
        self._table = list(table)
        self._wrap()
        self.update()

    def _wrap(self) -> None:
        if self._values is None:
            self._image = QImage()
            return
        height, width = self._values.shape
        self._image = QImage(self._values.data, width, height, width, QImage.Format.Format_Indexed8)
        self._image.setColorTable(self._table)

    def update_region(self, region: QRect) -> None:
        """Draw a part again after its pixels were edited.

        Args:
            region: Changed rectangle in map pixels.
        """
        s = self._stride
        self.update(QRectF(region.x() * s, region.y() * s, region.width() * s, region.height() * s))

    def boundingRect(self) -> QRectF:
        """Extent in pixels of the frame."""
        return QRectF(0, 0, self._image.width() * self._stride, self._image.height() * self._stride)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the exposed part with hard pixels."""
        if self._image.isNull():
            return
        s = self._stride
        exposed: QRectF = option.exposedRect
        exposed = exposed.adjusted(-s, -s, s, s).intersected(self.boundingRect())
        source = QRect(
            int(exposed.left() // s),
            int(exposed.top() // s),
            int(-(-exposed.right() // s) - exposed.left() // s),
            int(-(-exposed.bottom() // s) - exposed.top() // s),
        )
        target = QRectF(source.x() * s, source.y() * s, source.width() * s, source.height() * s)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(target, self._image, QRectF(source), Qt.ImageConversionFlag.AutoColor)

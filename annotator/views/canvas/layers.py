"""Layers of the canvas: the frame, and uint8 maps painted through a colour table."""

from __future__ import annotations

import math
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
        # without it the exposed rectangle is the whole item and every dab repaints everything
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def set_frame(self, frame: np.ndarray | None) -> None:
        """Show a frame.

        Args:
            frame: uint8 [H, W, 3] RGB, C-contiguous, or ``None`` for nothing. It is copied.
        """
        if frame is None:
            pixmap = QPixmap()
        else:
            height, width, _ = frame.shape
            image = QImage(frame.data, width, height, 3 * width, QImage.Format.Format_RGB888)
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
        self._extent: tuple[int, int] | None = None
        self.setZValue(z_value)
        # without it the exposed rectangle is the whole item and every dab repaints everything
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    @property
    def colour_table(self) -> list[int]:
        """The 256 colours in use, a copy."""
        return list(self._table)

    def set_values(
        self, values: np.ndarray | None, *, extent: tuple[int, int] | None = None
    ) -> None:
        """Show another map.

        Args:
            values: uint8 [h, w], C-contiguous, kept and not copied; ``None`` for nothing.
            extent: (height, width) in frame pixels that the map covers; its own size when ``None``.
        """
        if values is not None and (values.dtype != np.uint8 or values.ndim != 2):
            raise ValueError(f"a layer shows uint8 [h, w], not {values.dtype} {values.shape}")
        if values is not None and not values.flags.c_contiguous:
            values = np.ascontiguousarray(values)
        old_shape = None if self._values is None else self._values.shape
        if values is None or values.shape != old_shape or extent != self._extent:
            self.prepareGeometryChange()
        self._values = values
        self._extent = extent
        self._wrap()
        self.update()

    def refresh(self, values: np.ndarray, region: QRect) -> None:
        """Show a map of the same size that differs from the one before in a rectangle only.

        Args:
            values: As in `set_values`; often the same array, edited.
            region: Changed rectangle in map pixels.
        """
        if self._values is None or values.shape != self._values.shape:
            self.set_values(values, extent=self._extent)
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

    def _scale(self) -> tuple[float, float]:
        """Frame pixels per map pixel, across and down."""
        if self._extent is None or self._image.isNull():
            return 1.0, 1.0
        height, width = self._extent
        return width / self._image.width(), height / self._image.height()

    def update_region(self, region: QRect) -> None:
        """Draw a part again after its pixels were edited.

        Args:
            region: Changed rectangle in map pixels.
        """
        across, down = self._scale()
        self.update(
            QRectF(
                region.x() * across,
                region.y() * down,
                region.width() * across,
                region.height() * down,
            )
        )

    def boundingRect(self) -> QRectF:
        """Extent in pixels of the frame."""
        across, down = self._scale()
        return QRectF(0, 0, self._image.width() * across, self._image.height() * down)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the exposed part with hard pixels."""
        if self._image.isNull():
            return
        across, down = self._scale()
        exposed: QRectF = option.exposedRect
        exposed = exposed.adjusted(-across, -down, across, down).intersected(self.boundingRect())
        left, top = math.floor(exposed.left() / across), math.floor(exposed.top() / down)
        right, bottom = math.ceil(exposed.right() / across), math.ceil(exposed.bottom() / down)
        source = QRectF(left, top, right - left, bottom - top)
        target = QRectF(left * across, top * down, (right - left) * across, (bottom - top) * down)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(target, self._image, source, Qt.ImageConversionFlag.AutoColor)

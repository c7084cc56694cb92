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
        self._shares_corners = False
        self.setZValue(z_value)
        # without it the exposed rectangle is the whole item and every dab repaints everything
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    @property
    def values(self) -> np.ndarray:
        """The map that is shown, uint8 [h, w]; an empty one for nothing."""
        return np.zeros((0, 0), np.uint8) if self._values is None else self._values

    @property
    def colour_table(self) -> list[int]:
        """The 256 colours in use, a copy."""
        return list(self._table)

    def set_values(
        self,
        values: np.ndarray | None,
        *,
        extent: tuple[int, int] | None = None,
        shares_corners: bool = False,
    ) -> None:
        """Show another map.

        Args:
            values: uint8 [h, w], C-contiguous, kept and not copied; ``None`` for nothing.
            extent: (height, width) in frame pixels that the map covers; its own size when ``None``.
            shares_corners: Whether the middles of the map's corner pixels lie on those of the
                frame, as in a network's maps, instead of their outer corners.
        """
        if values is not None and (values.dtype != np.uint8 or values.ndim != 2):
            raise ValueError(f"a layer shows uint8 [h, w], not {values.dtype} {values.shape}")
        if values is not None and not values.flags.c_contiguous:
            values = np.ascontiguousarray(values)
        old_shape = None if self._values is None else self._values.shape
        if (values is None or values.shape != old_shape) or (
            (extent, shares_corners) != (self._extent, self._shares_corners)
        ):
            self.prepareGeometryChange()
        self._values = values
        self._extent = extent
        self._shares_corners = shares_corners
        self._wrap()
        self.update()

    def refresh(self, values: np.ndarray, region: QRect) -> None:
        """Show a map of the same size that differs from the one before in a rectangle only.

        Args:
            values: As in `set_values`; often the same array, edited.
            region: Changed rectangle in map pixels.
        """
        if self._values is None or values.shape != self._values.shape:
            self.set_values(values, extent=self._extent, shares_corners=self._shares_corners)
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
        if self._shares_corners:
            return (
                (width - 1) / max(self._image.width() - 1, 1),
                (height - 1) / max(self._image.height() - 1, 1),
            )
        return width / self._image.width(), height / self._image.height()

    def _origin(self) -> tuple[float, float]:
        """Frame position (x, y) of the map's upper left corner."""
        if not self._shares_corners or self._extent is None:
            return 0.0, 0.0
        across, down = self._scale()
        return (1.0 - across) / 2, (1.0 - down) / 2

    def update_region(self, region: QRect) -> None:
        """Draw a part again after its pixels were edited.

        Args:
            region: Changed rectangle in map pixels.
        """
        across, down = self._scale()
        left, top = self._origin()
        self.update(
            QRectF(
                left + region.x() * across,
                top + region.y() * down,
                region.width() * across,
                region.height() * down,
            )
        )

    def boundingRect(self) -> QRectF:
        """Extent in pixels of the frame."""
        across, down = self._scale()
        left, top = self._origin()
        whole = QRectF(left, top, self._image.width() * across, self._image.height() * down)
        if self._extent is None:
            return whole
        return whole.intersected(QRectF(0, 0, self._extent[1], self._extent[0]))

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
        x, y = self._origin()
        left = max(math.floor((exposed.left() - x) / across), 0)
        top = max(math.floor((exposed.top() - y) / down), 0)
        right = min(math.ceil((exposed.right() - x) / across), self._image.width())
        bottom = min(math.ceil((exposed.bottom() - y) / down), self._image.height())
        source = QRectF(left, top, right - left, bottom - top)
        target = QRectF(
            x + left * across, y + top * down, (right - left) * across, (bottom - top) * down
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        if self._shares_corners:
            painter.setClipRect(self.boundingRect())  # half a map pixel stands out on each side
        painter.drawImage(target, self._image, source, Qt.ImageConversionFlag.AutoColor)

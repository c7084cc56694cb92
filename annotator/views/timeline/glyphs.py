"""Glyphs of the states, over the colour of every key a cell can have."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from annotator.model.cells import CellState
from annotator.views.timeline.cell_keys import KEY_COUNT, RANKED_STATES, Colour, cell_pixels
from annotator.views.timeline.marks import diamond

GLYPH_WIDTH, GLYPH_HEIGHT = 8, 10
"""Logical pixels of a glyph; no column that shows one is narrower."""


@lru_cache(maxsize=4)
def glyph_rows(ground: Colour, dot: Colour, ratio: float) -> npt.NDArray[np.uint32]:
    """Pixel of every key at every place of a glyph, row by row.

    Args:
        ground: Colour of an empty cell.
        dot: Colour of the glyph of an empty cell.
        ratio: Device pixels per logical pixel.

    Returns:
        uint32 [h, KEY_COUNT, w + 1] pixels of `QImage.Format_RGB32`: w places of the glyph over its
        cell, and at the last one the cell beside it.
    """
    height, width = round(GLYPH_HEIGHT * ratio), round(GLYPH_WIDTH * ratio)
    pixels = cell_pixels(ground)
    cells = _channels(pixels).reshape(len(RANKED_STATES), 256, 1, 1, 3)
    tiles = np.empty((len(RANKED_STATES), 256, height, width), np.uint32)
    for rank, state in enumerate(RANKED_STATES):
        glyph = _glyph(state, height, width, ratio, QColor(*dot))
        opacity = (glyph >> 24)[..., None].astype(np.float32) / 255
        mixed = _channels(glyph) + cells[rank] * (1 - opacity)
        red, green, blue = np.moveaxis(np.rint(mixed).astype(np.uint32), -1, 0)
        tiles[rank] = 0xFF000000 | red << 16 | green << 8 | blue
    rows = np.empty((height, KEY_COUNT, width + 1), np.uint32)
    rows[..., :width] = tiles.reshape(KEY_COUNT, height, width).transpose(1, 0, 2)
    rows[..., width] = pixels
    rows.flags.writeable = False
    return rows


def _channels(pixels: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
    """Red, green and blue of pixels [...], float32 [..., 3]."""
    return np.stack([pixels >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(np.float32)


def _glyph(
    state: CellState, height: int, width: int, ratio: float, dot: QColor
) -> npt.NDArray[np.uint32]:
    """Premultiplied pixels of a glyph, uint32 [height, width]."""
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(ratio, ratio)
    _paint_glyph(painter, state, QPointF(width / ratio / 2, height / ratio / 2), dot)
    painter.end()
    # four bytes a pixel: rows have no padding
    return np.frombuffer(image.constBits(), np.uint32).reshape(height, width).copy()


def _paint_glyph(painter: QPainter, state: CellState, centre: QPointF, dot: QColor) -> None:
    x, y = centre.x(), centre.y()
    painter.setPen(QPen(QColor("white"), 1.6))
    painter.setBrush(QColor("white"))
    if state is CellState.DRAWN:
        painter.drawEllipse(centre, 2.4, 2.4)
    elif state is CellState.CORRECTED:
        painter.drawPolygon(diamond(centre, 3))
    elif state is CellState.VERIFIED:
        painter.drawPolyline(
            QPolygonF([QPointF(x - 3, y), QPointF(x - 1, y + 2.5), QPointF(x + 3.2, y - 2.8)])
        )
    elif state is CellState.PROPAGATED:
        painter.setPen(QPen(QColor(20, 24, 30, 130), 1.4))
        painter.drawLine(QPointF(x - 2, y), QPointF(x + 2, y))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(dot)
        painter.drawEllipse(centre, 0.8, 0.8)

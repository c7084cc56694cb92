"""How the cells of the matrix look: colours, ticks and glyphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QPainter,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
    QTransform,
)

from annotator.model.cells import CellState
from annotator.views.timeline.cell_image import (
    cell_colours,
    reduce_columns,
    runs_of_states,
    tick_image,
    to_image,
)
from annotator.views.timeline.marks import TimelineRow, diamond
from annotator.views.timeline.scale import (
    GLYPH_MIN_WIDTH,
    ROW_HEIGHT,
    RULER_HEIGHT,
    TimeScale,
)

_GAP_MIN_WIDTH = 5.0


@dataclass(frozen=True)
class CellPicture:
    """The cells of the rows in view, one image row each, at most one column a pixel.

    Attributes:
        image: Colours.
        ticks: What a person made, for thin columns.
        states: uint8 [columns, rows] of `CellState`, as in the image.
        first: First frame of the image.
        last: Frame after its last one.
    """

    image: QImage
    ticks: QImage
    states: np.ndarray
    first: int
    last: int

    @classmethod
    def of(
        cls,
        states: np.ndarray,
        codes: np.ndarray,
        rows: Sequence[TimelineRow],
        scale: TimeScale,
        *,
        ground: QColor,
        ratio: float,
    ) -> CellPicture:
        """Reduce and colour the cells in view.

        Args:
            states: uint8 [T, 256] of `CellState`.
            codes: uint8 [T, 256] reliability codes.
            rows: Objects in view.
            scale: Frames in view.
            ground: Colour of empty cells.
            ratio: Device pixels per logical pixel.
        """
        first, last = scale.frames
        columns = max(min(last - first, int(scale.width * ratio)), 1)
        ids = np.array([row.object_id for row in rows])
        reduced, worst = reduce_columns(states[:, ids], codes[:, ids], first, last, columns)
        colours = cell_colours(reduced, worst, (ground.red(), ground.green(), ground.blue()))
        ticks = tick_image(reduced, spread=columns < last - first)
        return cls(to_image(colours), ticks, reduced, first, last)


def paint_cells(painter: QPainter, scale: TimeScale, picture: CellPicture, gap: QColor) -> None:
    """Scale the image over the rows; thin lines part wide columns."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    left, right = scale.x(picture.first), scale.x(picture.last)
    image = picture.image
    for row in range(image.height()):
        top = RULER_HEIGHT + row * ROW_HEIGHT
        target = QRectF(left, top + 3, right - left, ROW_HEIGHT - 6)
        painter.drawImage(target, image, QRectF(0, row, image.width(), 1))
    if scale.column_width >= _GAP_MIN_WIDTH:
        painter.setPen(QPen(gap, 1))
        bottom = RULER_HEIGHT + image.height() * ROW_HEIGHT
        for frame in range(picture.first, picture.last + 1):
            x = scale.x(frame)
            painter.drawLine(QPointF(x, RULER_HEIGHT), QPointF(x, bottom))


def paint_states(
    painter: QPainter, scale: TimeScale, picture: CellPicture, palette: QPalette
) -> None:
    """Show where masks come from: glyphs on wide columns, tall ticks on thin ones.

    Neighbours of the same state are painted at once, so that ten thousand verified frames cost as
    little as one.
    """
    columns, rows = picture.states.shape
    if not columns:
        return
    left, right = scale.x(picture.first), scale.x(picture.last)
    if scale.column_width < GLYPH_MIN_WIDTH:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for row in range(rows):
            top = RULER_HEIGHT + row * ROW_HEIGHT
            target = QRectF(left, top + 1, right - left, ROW_HEIGHT - 2)
            painter.drawImage(target, picture.ticks, QRectF(0, row, columns, 1))
        return
    width = scale.column_width
    brushes = {state: _glyph_brush(state, width, palette) for state in CellState}
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    for row in range(rows):
        top = RULER_HEIGHT + row * ROW_HEIGHT
        for state, start, end in runs_of_states(picture.states[:, row]):
            painter.setBrushOrigin(QPointF(left + start * width, top))
            place = QRectF(left + start * width, top, (end - start) * width, ROW_HEIGHT)
            painter.fillRect(place, brushes[state])
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)


def paint_layer(
    picture: CellPicture, scale: TimeScale, palette: QPalette, size: QSize, ratio: float
) -> QPixmap:
    """Paint cells and states once, so that moving through time paints only a picture.

    Args:
        picture: The cells.
        scale: Frames in view.
        palette: Of the matrix.
        size: Of the matrix, in logical pixels.
        ratio: Device pixels per logical pixel.
    """
    layer = QPixmap(size * ratio)
    layer.setDevicePixelRatio(ratio)
    base = palette.color(QPalette.ColorRole.Base)
    layer.fill(base)
    painter = QPainter(layer)
    paint_cells(painter, scale, picture, base)
    paint_states(painter, scale, picture, palette)
    painter.end()
    return layer


def _glyph_brush(state: CellState, column_width: float, palette: QPalette) -> QBrush:
    """A brush that repeats the glyph of a state once a column."""
    tile = QPixmap(4 * round(column_width), 4 * ROW_HEIGHT)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(tile.width() / column_width, 4)
    _paint_glyph(painter, state, QPointF(column_width / 2, ROW_HEIGHT / 2), palette)
    painter.end()
    brush = QBrush(tile)
    brush.setTransform(QTransform.fromScale(column_width / tile.width(), 0.25))
    return brush


def _paint_glyph(painter: QPainter, state: CellState, centre: QPointF, palette: QPalette) -> None:
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
        painter.setBrush(palette.color(QPalette.ColorRole.PlaceholderText))
        painter.drawEllipse(centre, 0.8, 0.8)

"""How the matrix looks: cells, names, ruler, references and the current frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
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
from annotator.views.theme import ACCENT, palette_is_dark
from annotator.views.timeline.cell_image import (
    cell_colours,
    reduce_columns,
    runs_of_states,
    tick_image,
    to_image,
)
from annotator.views.timeline.scale import (
    GLYPH_MIN_WIDTH,
    HEADER_WIDTH,
    ROW_HEIGHT,
    RULER_HEIGHT,
    TimeScale,
)
from annotator.views.timeline.selection import RangeSelection

_BOOKMARK = QColor("#db61a2")
_GAP_MIN_WIDTH = 5.0


@dataclass(frozen=True)
class TimelineRow:
    """One object of the matrix."""

    object_id: int
    name: str
    colour: tuple[int, int, int]


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
        painter.drawPolygon(_diamond(centre, 3))
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


def _diamond(centre: QPointF, radius: float) -> QPolygonF:
    x, y = centre.x(), centre.y()
    return QPolygonF(
        [
            QPointF(x, y - radius),
            QPointF(x + radius, y),
            QPointF(x, y + radius),
            QPointF(x - radius, y),
        ]
    )


def paint_names(
    painter: QPainter,
    rows: Sequence[TimelineRow],
    active: int | None,
    palette: QPalette,
    height: int,
) -> None:
    """Names and colours at the left; the chosen object's is tinted."""
    ground = palette.color(QPalette.ColorRole.Window)
    painter.fillRect(QRect(0, 0, HEADER_WIDTH - 1, height), ground)
    centred = Qt.AlignmentFlag.AlignVCenter
    for index, row in enumerate(rows):
        top = RULER_HEIGHT + index * ROW_HEIGHT
        if row.object_id == active:
            painter.fillRect(QRect(0, top, HEADER_WIDTH - 1, ROW_HEIGHT), _tint())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*row.colour))
        painter.drawRoundedRect(QRectF(10, top + 5, 10, 10), 3, 3)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        room = HEADER_WIDTH - 36
        text = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(28, top, room, ROW_HEIGHT), centred, text)
    if not rows:
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        place = QRect(10, RULER_HEIGHT, HEADER_WIDTH - 16, ROW_HEIGHT)
        painter.drawText(place, centred, "no objects yet")


def paint_row_range(
    painter: QPainter, first: int, shown: int, total: int, palette: QPalette
) -> None:
    """Say in the corner which rows are in view, when not all are."""
    if shown >= total:
        return
    painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
    place = QRect(10, 0, HEADER_WIDTH - 16, RULER_HEIGHT)
    text = f"{first + 1} to {first + shown} of {total}"
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)


def paint_ruler(painter: QPainter, scale: TimeScale, palette: QPalette, width: int) -> None:
    """Frame numbers at round distances."""
    painter.fillRect(QRect(0, 0, width, RULER_HEIGHT), palette.color(QPalette.ColorRole.Window))
    painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
    if not scale.frame_count:
        return
    step = scale.tick_step()
    first, last = scale.frames
    for tick in range(first // step * step, last, step):
        x = scale.x(tick + 0.5)
        if x >= HEADER_WIDTH:
            painter.drawLine(QPointF(x, RULER_HEIGHT - 4), QPointF(x, RULER_HEIGHT))
            place = QRectF(x - 30, 1, 60, RULER_HEIGHT - 6)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(tick))


def _places(scale: TimeScale, frames: Iterable[int], *, apart: float) -> list[float]:
    """Middles of the frames in view; of those that would lie on each other only one."""
    chosen = np.fromiter(frames, np.float64)
    places = scale.x(0.5) + chosen * scale.column_width
    places = places[(places >= HEADER_WIDTH) & (places <= HEADER_WIDTH + scale.width)]
    _, first = np.unique((places / apart).astype(np.int64), return_index=True)
    kept: list[float] = places[first].tolist()
    return kept


def paint_references(
    painter: QPainter, scale: TimeScale, frames: Iterable[int], palette: QPalette
) -> None:
    """A diamond on the ruler for every reference frame."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#e3b341" if palette_is_dark(palette) else "#bf8700"))
    for x in _places(scale, frames, apart=3.0):
        painter.drawPolygon(_diamond(QPointF(x, RULER_HEIGHT - 5.0), 5))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_bookmarks(
    painter: QPainter, scale: TimeScale, frames: Iterable[int], current: int
) -> None:
    """A flag on the upper edge of the ruler for every bookmark, beside the number in view."""
    beside = painter.fontMetrics().horizontalAdvance(str(current)) / 2 + 11
    here = scale.x(current + 0.5)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_BOOKMARK)
    for x in _places(scale, frames, apart=3.0):
        x += beside if abs(x - here) < beside else 0.0
        ribbon = ((-3.5, 0), (3.5, 0), (3.5, 9), (0, 6), (-3.5, 9))
        painter.drawPolygon(QPolygonF([QPointF(x + dx, y) for dx, y in ribbon]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_selection(
    painter: QPainter,
    scale: TimeScale,
    selection: RangeSelection,
    shown: Sequence[int],
    palette: QPalette,
) -> None:
    """Frame the chosen rows and frames.

    Args:
        painter: Of the matrix.
        scale: Frames in view.
        selection: What is chosen.
        shown: Object ids of the rows in view, from top to bottom.
        palette: Of the matrix.
    """
    places = [row for row, object_id in enumerate(shown) if object_id in selection.object_ids]
    if not places:
        return
    left, right = scale.x(selection.first), scale.x(selection.last + 1)
    top = RULER_HEIGHT + places[0] * ROW_HEIGHT
    height = (places[-1] - places[0] + 1) * ROW_HEIGHT
    painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), 1.5))
    painter.setBrush(_tint())
    painter.drawRect(QRectF(left, top + 0.5, max(right - left, 3.0), height - 1))


def paint_current(painter: QPainter, scale: TimeScale, frame: int, width: int, height: int) -> None:
    """The frame in view: its number on the ruler, a line or a frame through the rows."""
    left = scale.x(frame)
    if left + scale.column_width < HEADER_WIDTH - 1:
        return
    column = QRectF(left, RULER_HEIGHT, scale.column_width, height)
    if scale.column_width >= 3:
        painter.fillRect(column, _tint())
    x = left + scale.column_width / 2
    painter.setPen(QPen(ACCENT, 1.5))
    if scale.column_width >= GLYPH_MIN_WIDTH:  # a line would hide the glyphs
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(column)
    else:
        painter.drawLine(QPointF(x, RULER_HEIGHT - 4), QPointF(x, height))
    text = str(frame)
    room = painter.fontMetrics().horizontalAdvance(text) + 12
    box = QRectF(x - room / 2, 1, room, RULER_HEIGHT - 5)
    box.moveLeft(min(max(box.left(), HEADER_WIDTH), width - room))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ACCENT)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QColor("white"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _tint() -> QColor:
    tint = QColor(ACCENT)
    tint.setAlpha(60)
    return tint

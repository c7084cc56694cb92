"""How the matrix looks: cells, names, ruler, references and the current frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPalette, QPen, QPolygonF

from annotator.model.cells import CellState
from annotator.views.theme import ACCENT, palette_is_dark
from annotator.views.timeline.cell_image import (
    STATE_COLOURS,
    cell_colours,
    reduce_columns,
    to_image,
)
from annotator.views.timeline.scale import (
    GLYPH_MIN_WIDTH,
    HEADER_WIDTH,
    ROW_HEIGHT,
    RULER_HEIGHT,
    TimeScale,
)

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
        states: uint8 [columns, rows] of `CellState`, as in the image.
        first: First frame of the image.
        last: Frame after its last one.
    """

    image: QImage
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
        return cls(to_image(colours), reduced, first, last)


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


def paint_states(painter: QPainter, scale: TimeScale, picture: CellPicture) -> None:
    """Show what a person made: glyphs on wide columns, ticks on thin ones."""
    columns = picture.states.shape[0]
    wide = scale.column_width >= GLYPH_MIN_WIDTH
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, wide)
    for row in range(picture.image.height()):
        top = RULER_HEIGHT + row * ROW_HEIGHT
        for state in (CellState.VERIFIED, CellState.CORRECTED, CellState.DRAWN):
            for column in np.flatnonzero(picture.states[:, row] == state):
                share = (int(column) + 0.5) / columns
                x = scale.x(picture.first + (picture.last - picture.first) * share)
                if wide:
                    _paint_glyph(painter, state, QPointF(x, top + ROW_HEIGHT / 2))
                else:
                    tick = QRectF(x - 1, top + 1, 2.5, ROW_HEIGHT - 2)
                    painter.fillRect(tick, QColor(*STATE_COLOURS[state]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_glyph(painter: QPainter, state: CellState, centre: QPointF) -> None:
    painter.setPen(QPen(QColor("white"), 1.6))
    painter.setBrush(QColor("white"))
    x, y = centre.x(), centre.y()
    if state is CellState.DRAWN:
        painter.drawEllipse(centre, 2.4, 2.4)
    elif state is CellState.CORRECTED:
        painter.drawPolygon(_diamond(centre, 3))
    elif state is CellState.VERIFIED:
        painter.drawPolyline(
            QPolygonF([QPointF(x - 3, y), QPointF(x - 1, y + 2.5), QPointF(x + 3.2, y - 2.8)])
        )


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


def paint_references(
    painter: QPainter, scale: TimeScale, frames: Iterable[int], palette: QPalette
) -> None:
    """A diamond on the ruler for every reference frame."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#e3b341" if palette_is_dark(palette) else "#bf8700"))
    for frame in frames:
        x = scale.x(frame + 0.5)
        if x >= HEADER_WIDTH:
            painter.drawPolygon(_diamond(QPointF(x, RULER_HEIGHT - 5.0), 5))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


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

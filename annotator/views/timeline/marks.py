"""What stands around and over the cells: names, ruler, references, selection, current frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
)

from annotator.views.theme import ACCENT, palette_is_dark
from annotator.views.timeline.scale import (
    GLYPH_MIN_WIDTH,
    HEADER_WIDTH,
    ROW_HEIGHT,
    RULER_HEIGHT,
    TimeScale,
)
from annotator.views.timeline.selection import RangeSelection

_BOOKMARK = QColor("#db61a2")


@dataclass(frozen=True)
class TimelineRow:
    """One object of the matrix."""

    object_id: int
    name: str
    colour: tuple[int, int, int]


def diamond(centre: QPointF, radius: float) -> QPolygonF:
    """A square that stands on a corner."""
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


def reference_picture(
    scale: TimeScale, frames: Iterable[int], palette: QPalette, ratio: float
) -> QPixmap:
    """A diamond for every reference frame, on a picture that lies over the ruler.

    Args:
        scale: Frames in view.
        frames: Reference frames.
        palette: Of the matrix.
        ratio: Device pixels per logical pixel.

    Returns:
        As high as the ruler, from `HEADER_WIDTH` to the right edge.
    """
    width, height = round((scale.width + 8) * ratio), round(RULER_HEIGHT * ratio)
    mark = QImage(2 * round(6 * ratio), height, QImage.Format.Format_Alpha8)
    mark.fill(0)
    painter = QPainter(mark)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("white"))
    painter.scale(ratio, ratio)
    painter.drawPolygon(diamond(QPointF(mark.width() / ratio / 2, RULER_HEIGHT - 5.0), 5))
    painter.end()
    # a person may have verified thousands of frames: one mark is painted, and copied with numpy
    bits = np.frombuffer(mark.constBits(), np.uint8).reshape(height, mark.bytesPerLine())
    centres = np.array(_places(scale, frames, apart=3.0)) - HEADER_WIDTH
    lefts = np.rint(centres * ratio).astype(np.intp) - mark.width() // 2
    opacity = np.zeros((height, width), np.uint8)
    for column in range(mark.width()):
        places = lefts + column
        places = places[(places >= 0) & (places < width)]
        opacity[:, places] = np.maximum(opacity[:, places], bits[:, column, None])
    colour = QColor("#e3b341" if palette_is_dark(palette) else "#bf8700")
    alphas = np.arange(256, dtype=np.uint32)
    red, green, blue = (
        alphas * part // 255 for part in (colour.red(), colour.green(), colour.blue())
    )
    pixels = np.take(alphas << 24 | red << 16 | green << 8 | blue, opacity)
    premultiplied = QImage.Format.Format_ARGB32_Premultiplied
    picture = QPixmap.fromImage(QImage(pixels.data, width, height, 4 * width, premultiplied))
    picture.setDevicePixelRatio(ratio)
    return picture


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

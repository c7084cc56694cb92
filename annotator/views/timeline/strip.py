"""The cells in view as a picture that is kept: only columns whose cells changed are drawn again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPalette

from annotator.views.timeline.cell_keys import (
    Colour,
    Keys,
    cell_keys,
    cell_pixels,
    reduce_keys,
    rgb32,
    tick_pixels,
)
from annotator.views.timeline.glyphs import glyph_rows
from annotator.views.timeline.scale import (
    GLYPH_MIN_WIDTH,
    HEADER_WIDTH,
    ROW_HEIGHT,
    RULER_HEIGHT,
    TimeScale,
)

_GAP_MIN_WIDTH = 5.0
_CELL_MARGIN, _TICK_MARGIN = 3, 1
"""Logical pixels between the edge of a row and its cells, and its ticks."""
_JOINED_PIXELS = 16
"""Changed columns so near to each other are drawn at once."""


@dataclass(frozen=True)
class StripLook:
    """Colours and fineness of a strip.

    Attributes:
        base: Behind the rows, and between wide columns.
        ground: Of an empty cell.
        dot: Of the glyph of an empty cell.
        ratio: Device pixels per logical pixel.
    """

    base: Colour
    ground: Colour
    dot: Colour
    ratio: float

    @classmethod
    def of(cls, palette: QPalette, ratio: float) -> StripLook:
        """The colours of a palette."""
        roles = (
            QPalette.ColorRole.Base,
            QPalette.ColorRole.Window,
            QPalette.ColorRole.PlaceholderText,
        )
        base, ground, dot = (_rgb(palette.color(role)) for role in roles)
        return cls(base, ground, dot, ratio)


class CellStrip:
    """Draws cells column by column into pixels that it keeps.

    Where several frames share a device pixel, a column stands for all of them (see `cell_keys`),
    and what a person made shows as a tick that also covers the neighbouring columns.

    Args:
        states: uint8 [T, 256] of `CellState`, kept, not copied.
        codes: uint8 [T, 256] reliability codes, kept, not copied.
        object_ids: One row each, from top to bottom; at least one.
        scale: Frames in view, at least one.
        look: Colours.
    """

    def __init__(
        self,
        states: np.ndarray,
        codes: np.ndarray,
        object_ids: Sequence[int],
        scale: TimeScale,
        look: StripLook,
    ) -> None:
        self._states, self._codes = states, codes
        self._ids = np.array(object_ids, np.intp)
        self._scale, self._look = scale, look
        self._row_height = round(ROW_HEIGHT * look.ratio)
        self._width = max(round(scale.width * look.ratio), 1)
        self._device = self._width / scale.span
        self._is_dense = self._device < 1.0
        self._cells, self._ticks = cell_pixels(look.ground), tick_pixels()
        self._pixels = np.empty((len(self._ids), self._row_height, self._width), np.uint32)
        self._edges = self._column_edges()
        self._draw(0, self._width)

    @property
    def pixels(self) -> npt.NDArray[np.uint32]:
        """Rows of `QImage.Format_RGB32` pixels, [O, h, w], read-only."""
        view = self._pixels.view()
        view.flags.writeable = False
        return view

    def update(self, frames: Iterable[int]) -> int:
        """Draw again what shows some frames, whose cells changed.

        Args:
            frames: Frames; those out of view are passed over.

        Returns:
            How many columns of pixels were drawn.
        """
        spans = self._spans(np.unique(np.fromiter(frames, np.int64)))
        for left, right in spans:
            self._draw(left, right)
        return sum(right - left for left, right in spans)

    def paint(self, painter: QPainter) -> None:
        """Paint the rows at their place in the matrix."""
        rows, height, width = self._pixels.shape
        image = QImage(
            self._pixels.data, width, rows * height, 4 * width, QImage.Format.Format_RGB32
        )
        place = QRectF(HEADER_WIDTH, RULER_HEIGHT, self._scale.width, rows * ROW_HEIGHT)
        painter.drawImage(place, image)

    # --- columns ---------------------------------------------------------------------------

    def _column_edges(self) -> npt.NDArray[np.intp]:
        """First frame of every column and the frame after the last one.

        A column is a device pixel where frames are narrower than one, else a frame.
        """
        if not self._is_dense:
            first, last = self._scale.frames
            return np.arange(first, last + 1, dtype=np.intp)
        places = self._scale.first + np.arange(self._width + 1) / self._device
        # places that are whole but for rounding count as whole
        edges = np.floor(places + 1e-6).astype(np.intp)
        return np.minimum(edges, self._scale.frame_count)

    def _columns_at(self, left: int, right: int) -> npt.NDArray[np.intp]:
        """Column shown by each device pixel of [left, right)."""
        places = np.arange(left, right)
        if self._is_dense:
            return places
        frames = np.floor(self._scale.first + (places + 0.5) / self._device).astype(np.intp)
        return np.clip(frames - self._edges[0], 0, len(self._edges) - 2)

    def _spans(self, frames: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
        """Device pixels [left, right) that show some frames, joined where they are near."""
        lefts = np.floor((frames - self._scale.first) * self._device) - 2
        rights = np.ceil((frames + 1 - self._scale.first) * self._device) + 2
        seen = (rights > 0) & (lefts < self._width)
        lefts = np.clip(lefts[seen], 0, self._width).astype(int)
        rights = np.clip(rights[seen], 0, self._width).astype(int)
        if not len(lefts):
            return []
        parts = np.flatnonzero(lefts[1:] > rights[:-1] + _JOINED_PIXELS)
        starts, ends = [0, *(parts + 1).tolist()], [*parts.tolist(), len(lefts) - 1]
        return [(int(lefts[a]), int(rights[b])) for a, b in zip(starts, ends, strict=True)]

    # --- drawing ---------------------------------------------------------------------------

    def _keys(self, first: int, last: int) -> Keys:
        """Keys of the columns [first, last), [columns, O]."""
        edges = self._edges[first : last + 1]
        frames = slice(int(edges[0]), int(edges[-1]))
        states = np.take(self._states[frames], self._ids, axis=1)
        codes = np.take(self._codes[frames], self._ids, axis=1)
        return reduce_keys(cell_keys(states, codes), edges - edges[0])

    def _draw(self, left: int, right: int) -> None:
        """Draw the device pixels [left, right) of every row."""
        columns = self._columns_at(left, right)
        # one column more on both sides: ticks and glyphs reach over the edge
        first = max(int(columns[0]) - 1, 0)
        last = min(int(columns[-1]) + 2, len(self._edges) - 1)
        keys = self._keys(first, last)
        shown = np.ascontiguousarray(np.take(keys, columns - first, axis=0).T)
        cells = np.take(self._cells, shown)
        base = np.uint32(rgb32(self._look.base))
        part = self._pixels[:, :, left:right]
        part[:] = base
        if self._scale.column_width < GLYPH_MIN_WIDTH:
            ticks = self._tick_lines(keys, columns - first)
            self._fill(part, ticks, _TICK_MARGIN, where=ticks != 0)
            cells = np.where(ticks != 0, ticks, cells)
        self._fill(part, cells, _CELL_MARGIN)
        if self._scale.column_width >= GLYPH_MIN_WIDTH:
            self._draw_glyphs(part, left, shown, columns + self._edges[0])
        if self._scale.column_width >= _GAP_MIN_WIDTH:
            frames = np.arange(first, last + 1) + self._edges[0]
            places = np.floor((frames - self._scale.first) * self._device).astype(int) - left
            for more in range(max(round(self._look.ratio), 1)):
                inside = (places + more >= 0) & (places + more < right - left)
                part[:, :, places[inside] + more] = base

    def _tick_lines(self, keys: Keys, columns: npt.NDArray[np.intp]) -> npt.NDArray[np.uint32]:
        """Pixels of the ticks of each row, 0 for none, [O, pixels]."""
        if self._is_dense:
            spread = keys.copy()
            np.maximum(spread[1:], keys[:-1], out=spread[1:])
            np.maximum(spread[:-1], keys[1:], out=spread[:-1])
            keys = spread
        chosen = np.ascontiguousarray(np.take(keys, columns, axis=0).T)
        return np.take(self._ticks, chosen)

    def _fill(
        self,
        part: npt.NDArray[np.uint32],
        lines: npt.NDArray[np.uint32],
        margin: int,
        *,
        where: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Repeat a line of pixels [O, w] down every row, but for a margin above and below."""
        edge = round(margin * self._look.ratio)
        inside = part[:, edge : self._row_height - edge]
        if where is None:
            inside[:] = lines[:, None]
        elif where.any():
            np.copyto(inside, lines[:, None], where=where[:, None])

    def _draw_glyphs(
        self,
        part: npt.NDArray[np.uint32],
        left: int,
        shown: Keys,
        frames: npt.NDArray[np.intp],
    ) -> None:
        """Draw the middle of rows whose columns are wide.

        Args:
            part: Rows from the device pixel ``left`` on.
            left: First device pixel.
            shown: Key of each device pixel, [O, pixels].
            frames: Frame of each device pixel.
        """
        table = glyph_rows(self._look.ground, self._look.dot, self._look.ratio)
        height, _, places = table.shape
        width = places - 1
        middles = (frames + 0.5 - self._scale.first) * self._device
        inside = np.arange(left, left + len(frames)) - np.rint(middles - width / 2).astype(np.intp)
        inside[(inside < 0) | (inside >= width)] = width
        index = shown * np.intp(places) + inside
        top = (self._row_height - height) // 2
        for row in range(height):
            part[:, top + row] = np.take(table[row].ravel(), index)


def _rgb(colour: QColor) -> Colour:
    return colour.red(), colour.green(), colour.blue()

"""Paints the matrix from pictures that are kept until what they show has changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QPainter, QPalette, QPixmap

from annotator.views.timeline.marks import (
    TimelineRow,
    paint_bookmarks,
    paint_current,
    paint_names,
    paint_row_range,
    paint_ruler,
    paint_selection,
    reference_picture,
)
from annotator.views.timeline.scale import HEADER_WIDTH, ROW_HEIGHT, RULER_HEIGHT, TimeScale
from annotator.views.timeline.selection import RangeSelection
from annotator.views.timeline.strip import CellStrip, StripLook


@dataclass(frozen=True, eq=False)
class MatrixContent:
    """What there is to be painted.

    Attributes:
        states: uint8 [T, 256] of `CellState`.
        codes: uint8 [T, 256] reliability codes.
        rows: Objects in view, from top to bottom.
        first_row: Place of the first of them among all.
        row_count: How many objects there are.
        active: Id of the chosen object.
        scale: Frames in view.
        current: Frame on the canvas.
        references: Reference frames.
        bookmarks: Bookmarked frames.
        selection: Chosen part.
        palette: Colours.
        size: Of the matrix, in logical pixels.
        ratio: Device pixels per logical pixel.
    """

    states: np.ndarray
    codes: np.ndarray
    rows: tuple[TimelineRow, ...]
    first_row: int
    row_count: int
    active: int | None
    scale: TimeScale
    current: int
    references: tuple[int, ...]
    bookmarks: tuple[int, ...]
    selection: RangeSelection | None
    palette: QPalette
    size: QSize
    ratio: float


class MatrixPainter:
    """Keeps the cells and the marks of references as pictures, so that a step paints little."""

    def __init__(self) -> None:
        self._strip: CellStrip | None = None
        self._stale: set[int] = set()
        self._marks: QPixmap | None = None

    def forget(self) -> None:
        """Draw everything anew: the view or the look changed."""
        self._strip = None
        self._stale.clear()
        self.forget_references()

    def forget_references(self) -> None:
        """Draw the marks of the references anew."""
        self._marks = None

    def note_cells(self, frames: Collection[int]) -> None:
        """Draw the columns of some frames anew."""
        if self._strip is not None:
            self._stale.update(frames)

    def paint(self, painter: QPainter, part: QRect, content: MatrixContent) -> None:
        """Cells and states as they were drawn, then names, ruler and the frame in view.

        Args:
            painter: Of the matrix.
            part: What of it must be painted.
            content: What there is.
        """
        palette, scale, rows = content.palette, content.scale, content.rows
        width, height = content.size.width(), content.size.height()
        painter.fillRect(part, palette.color(QPalette.ColorRole.Base))
        if rows and scale.frame_count:
            self._cells(content).paint(painter)
            if content.selection is not None:
                painter.setClipRect(QRect(HEADER_WIDTH, 0, width, height))
                shown = [row.object_id for row in rows]
                paint_selection(painter, scale, content.selection, shown, palette)
                painter.setClipping(False)
        if part.left() < HEADER_WIDTH:
            paint_names(painter, rows, content.active, palette, height)
        paint_ruler(painter, scale, palette, width)
        whole = max((height - RULER_HEIGHT) // ROW_HEIGHT, 0)
        shown_rows = min(whole, len(rows))
        paint_row_range(painter, content.first_row, shown_rows, content.row_count, palette)
        if scale.frame_count:
            paint_current(painter, scale, content.current, width, height)
            if self._marks is None:
                references, ratio = content.references, content.ratio
                self._marks = reference_picture(scale, references, palette, ratio)
            painter.drawPixmap(HEADER_WIDTH, 0, self._marks)
            paint_bookmarks(painter, scale, content.bookmarks, content.current)

    def _cells(self, content: MatrixContent) -> CellStrip:
        """The cells as they are now."""
        if self._strip is None:
            look = StripLook.of(content.palette, content.ratio)
            ids = [row.object_id for row in content.rows]
            self._strip = CellStrip(content.states, content.codes, ids, content.scale, look)
        elif self._stale:
            self._strip.update(self._stale)
        self._stale.clear()
        return self._strip

"""Mouse on the matrix: click goes to a frame, the ruler scrubs, a drag over cells selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from annotator.views.timeline.scale import HEADER_WIDTH, RULER_HEIGHT
from annotator.views.timeline.selection import RangeSelection

if TYPE_CHECKING:
    from annotator.views.timeline.matrix import TimelineMatrix

_SLACK = 4.0
"""A press that moves less than so many pixels is a click."""
_SHIFT = Qt.KeyboardModifier.ShiftModifier


class TimelineGestures:
    """Turns mouse events of one matrix into wishes."""

    def __init__(self, matrix: TimelineMatrix) -> None:
        self._matrix = matrix
        self._scrubs = False
        self._pressed: QPointF | None = None
        self._anchor: tuple[int, int] | None = None
        self._selects = False

    def press(self, event: QMouseEvent) -> None:
        """Begin: choose an object, go to a frame, or extend the selection."""
        matrix, at = self._matrix, event.position()
        if not matrix.frame_count:
            return
        if event.button() == Qt.MouseButton.RightButton:
            self._press_right(event)
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        row, extends = matrix.row_index_at(at.y()), bool(event.modifiers() & _SHIFT)
        if at.x() < HEADER_WIDTH:
            if row is not None:
                matrix.object_activated.emit(matrix.rows[row].object_id)
            return
        frame = matrix.frame_at(at.x())
        if at.y() < RULER_HEIGHT or row is None:
            self._scrubs = not extends
            if extends:
                self._anchor = (0, matrix.current_frame)
                self._selects = True
                self._select(len(matrix.rows) - 1, frame)
            else:
                matrix.frame_requested.emit(frame)
            return
        self._pressed = at
        if extends and self._anchor is not None:
            self._selects = True
            self._select(row, frame)
            return
        self._anchor = (row, frame)
        self._selects = False
        matrix.choose_range(None)
        matrix.object_activated.emit(matrix.rows[row].object_id)
        matrix.frame_requested.emit(frame)

    def move(self, event: QMouseEvent) -> None:
        """Scrub on the ruler, select over the cells."""
        matrix, at = self._matrix, event.position()
        if self._scrubs:
            frame = matrix.frame_at(at.x())
            if frame != matrix.current_frame:
                matrix.frame_requested.emit(frame)
        elif self._pressed is not None or self._selects:
            start = self._pressed
            if not self._selects and start is not None:
                far = abs(at.x() - start.x()) + abs(at.y() - start.y())
                self._selects = far >= _SLACK
            if self._selects:
                matrix.scroll_towards(at.x())
                self._select(matrix.nearest_row(at.y()), matrix.frame_at(at.x()))

    def release(self) -> None:
        """End; a selection stays."""
        self._scrubs = False
        self._selects = False
        self._pressed = None

    def wheel(self, event: QWheelEvent) -> None:
        """Ctrl zooms time at the pointer; plain scrolls rows, Shift scrolls time."""
        matrix, delta = self._matrix, event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            matrix.zoom_time(1.25 ** (delta.y() / 120.0), event.position().x())
        elif event.modifiers() & _SHIFT or delta.x():
            turn = delta.x() or delta.y()
            first, last = matrix.visible_range
            matrix.show_range(first - turn / 120.0 * (last - first) / 10, last - first)
        else:
            matrix.scroll_rows(-1 if delta.y() > 0 else 1)
        event.accept()

    def _select(self, row: int, frame: int) -> None:
        matrix = self._matrix
        if self._anchor is None or not matrix.rows:
            return
        other_row, other_frame = self._anchor
        top, bottom = sorted((min(other_row, len(matrix.rows) - 1), row))
        first, last = sorted((other_frame, frame))
        ids = tuple(r.object_id for r in matrix.rows[top : bottom + 1])
        matrix.choose_range(RangeSelection(ids, first, last))

    def _press_right(self, event: QMouseEvent) -> None:
        matrix, at = self._matrix, event.position()
        row = matrix.row_index_at(at.y())
        if row is None or at.x() < HEADER_WIDTH:
            return
        object_id, frame = matrix.rows[row].object_id, matrix.frame_at(at.x())
        chosen = matrix.selection
        if chosen is None or not chosen.holds(object_id, frame):
            self._anchor = (row, frame)
            matrix.choose_range(RangeSelection((object_id,), frame, frame))
        matrix.menu_requested.emit(event.globalPosition().toPoint())

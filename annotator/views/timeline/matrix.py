"""The object x time matrix: colour = reliability, glyph = state; drag to select a range."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from annotator.model.cells import CellState, reliability_of_code
from annotator.views.timeline.gestures import TimelineGestures
from annotator.views.timeline.marks import TimelineRow
from annotator.views.timeline.painter import MatrixContent, MatrixPainter
from annotator.views.timeline.scale import HEADER_WIDTH, ROW_HEIGHT, RULER_HEIGHT, TimeScale
from annotator.views.timeline.selection import RangeSelection

__all__ = ["HEADER_WIDTH", "ROW_HEIGHT", "RULER_HEIGHT", "TimelineMatrix", "TimelineRow"]

_STATE_WORDS = {
    CellState.EMPTY: "empty",
    CellState.DRAWN: "drawn",
    CellState.CORRECTED: "corrected",
    CellState.PROPAGATED: "propagated",
    CellState.VERIFIED: "verified",
}
_LOOK_CHANGES = (QEvent.Type.PaletteChange, QEvent.Type.DevicePixelRatioChange)


class TimelineMatrix(QWidget):
    """Paints thousands of frames at once, and of cells that change only their columns again."""

    frame_requested = Signal(int)
    """A person went to a frame by click or drag."""
    object_activated = Signal(int)
    """A person pressed on an object's name or cell."""
    selection_changed = Signal(object)
    """`RangeSelection`, or None."""
    menu_requested = Signal(QPoint)
    """A person asks what can be done with the selection; global position."""
    range_changed = Signal()
    """Other frames are shown, or the same ones wider."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states = np.zeros((0, 256), np.uint8)
        self._codes = np.zeros((0, 256), np.uint8)
        self._rows: tuple[TimelineRow, ...] = ()
        self._references: tuple[int, ...] = ()
        self._current = 0
        self._active: int | None = None
        self._first = 0.0
        self._span = 1.0
        self._scroll_rows = 0
        self._bookmarks: tuple[int, ...] = ()
        self._selection: RangeSelection | None = None
        self._gestures = TimelineGestures(self)
        self._painter = MatrixPainter()
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(RULER_HEIGHT + 3 * ROW_HEIGHT + 4)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    # --- data ------------------------------------------------------------------------------

    @property
    def frame_count(self) -> int:
        """Number of frames."""
        return int(self._states.shape[0])

    @property
    def visible_range(self) -> tuple[float, float]:
        """(first, last) frame shown; last is one past."""
        return self._first, self._first + self._span

    def set_cells(self, states: np.ndarray, reliability_codes: np.ndarray) -> None:
        """Show the cells of a sequence.

        Args:
            states: uint8 [T, 256] of `CellState`, by frame and object id; kept, not copied.
            reliability_codes: uint8 [T, 256], 0 unknown, else 1 + 254 * reliability.
        """
        self._states, self._codes = states, reliability_codes
        self._first, self._span = 0.0, float(max(self.frame_count, 1))
        self._current = 0
        self._references = ()
        self.refresh()
        self.range_changed.emit()

    def set_rows(self, rows: Sequence[TimelineRow]) -> None:
        """Show these objects, from top to bottom."""
        self._rows = tuple(rows)
        self._scroll_rows = min(self._scroll_rows, self._last_scroll())
        chosen, ids = self._selection, {row.object_id for row in self._rows}
        if chosen is not None and not ids.issuperset(chosen.object_ids):
            self.choose_range(None)
        self.updateGeometry()
        self.refresh()

    def set_references(self, frames: Iterable[int]) -> None:
        """Mark the reference frames on the ruler."""
        chosen = tuple(frames)
        if chosen != self._references:
            self._references = chosen
            self._painter.forget_references()
            self.update(0, 0, self.width(), RULER_HEIGHT)

    def set_bookmarks(self, frames: Iterable[int]) -> None:
        """Flag the bookmarked frames on the ruler."""
        self._bookmarks = tuple(frames)
        self.update(0, 0, self.width(), RULER_HEIGHT)

    @property
    def rows(self) -> tuple[TimelineRow, ...]:
        """Objects, from top to bottom."""
        return self._rows

    @property
    def current_frame(self) -> int:
        """Frame in view."""
        return self._current

    @property
    def selection(self) -> RangeSelection | None:
        """Chosen part, ``None`` for none."""
        return self._selection

    def choose_range(self, selection: RangeSelection | None) -> None:
        """Choose a part of the matrix, or none."""
        if selection != self._selection:
            self._selection = selection
            self.update()
            self.selection_changed.emit(selection)

    def set_current_frame(self, frame: int) -> None:
        """Move the current-frame line; the shown range follows it."""
        if frame == self._current:
            return
        for place in (self._current, frame):
            self.update(self._line_rect(place))
        self._current = frame
        first, last = self.visible_range
        if not first <= frame < last:
            self.show_range(frame - self._span / 2, self._span)

    def set_active_object(self, object_id: int | None) -> None:
        """Mark the chosen object's row, and bring it into view."""
        self._active = object_id
        places = [place for place, row in enumerate(self._rows) if row.object_id == object_id]
        if places:
            lowest = places[0] - self._whole_rows() + 1
            self.scroll_rows(max(min(self._scroll_rows, places[0]), lowest) - self._scroll_rows)
        self.update()

    def refresh(self) -> None:
        """Paint everything again."""
        self._painter.forget()
        self.update()

    def update_cells(self, frames: Collection[int]) -> None:
        """Paint the cells of some frames again after they changed.

        Args:
            frames: Frames; only what shows them is painted.
        """
        first, last = self.visible_range
        seen = [frame for frame in frames if first - 1 < frame < last]
        if not seen:
            return
        self._painter.note_cells(seen)
        left, right = self._line_rect(min(seen)), self._line_rect(max(seen))
        self.update(left.united(right))

    # --- geometry --------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Room for the rows, up to six of them."""
        rows = min(max(len(self._rows), 3), 6)
        return QSize(640, RULER_HEIGHT + rows * ROW_HEIGHT + 6)

    @property
    def scale(self) -> TimeScale:
        """Which frames are shown, and where."""
        room = max(self.width() - HEADER_WIDTH - 8, 1)
        return TimeScale(self._first, self._span, room, self.frame_count)

    def frame_x(self, frame: float) -> float:
        """Left edge of a frame's column in widget pixels."""
        return self.scale.x(frame)

    def frame_at(self, x: float) -> int:
        """Frame whose column lies at widget position x, clipped to the sequence."""
        return self.scale.frame_at(x)

    def row_index_at(self, y: float) -> int | None:
        """Place in `rows` of the row at widget position y, ``None`` where there is none."""
        index = int((y - RULER_HEIGHT) // ROW_HEIGHT) + self._scroll_rows
        return index if y >= RULER_HEIGHT and 0 <= index < len(self._rows) else None

    def row_at(self, y: float) -> TimelineRow | None:
        """Object whose row lies at widget position y."""
        index = self.row_index_at(y)
        return None if index is None else self._rows[index]

    def nearest_row(self, y: float) -> int:
        """Place in `rows` of the row nearest to widget position y, among those in view."""
        index = int((y - RULER_HEIGHT) // ROW_HEIGHT) + self._scroll_rows
        last = min(self._scroll_rows + len(self._rows_in_view()), len(self._rows)) - 1
        return max(min(max(index, self._scroll_rows), last), 0)

    def _line_rect(self, frame: int) -> QRect:
        left = int(self.frame_x(frame))
        width = int(self.frame_x(frame + 1)) - left + 1
        return QRect(left - 8, 0, width + 16, self.height())

    def _last_scroll(self) -> int:
        return max(len(self._rows) - self._whole_rows(), 0)

    def _whole_rows(self) -> int:
        """How many rows there is room for, at least one."""
        return max((self.height() - RULER_HEIGHT) // ROW_HEIGHT, 1)

    def show_range(self, first: float, span: float) -> None:
        """Show other frames.

        Args:
            first: First frame shown; brought inside the sequence.
            span: Number of frames shown, at least 12.
        """
        count = float(max(self.frame_count, 1))
        self._span = min(max(span, min(12.0, count)), count)
        self._first = min(max(first, 0.0), count - self._span)
        self.refresh()
        self.range_changed.emit()

    def zoom_time(self, factor: float, x: float | None = None) -> None:
        """Show fewer (factor over 1) or more frames around a place.

        Args:
            factor: How much wider a frame becomes.
            x: Widget position that keeps its frame; the frame in view when ``None``.
        """
        place = self.frame_x(self._current + 0.5) if x is None else x
        share = (place - HEADER_WIDTH) / self.scale.width
        pointed = self._first + share * self._span
        span = self._span / factor
        self.show_range(pointed - share * span, span)

    def show_all(self) -> None:
        """Show every frame."""
        self.show_range(0.0, float(max(self.frame_count, 1)))

    def scroll_rows(self, step: int) -> None:
        """Show rows further down (or up)."""
        place = min(max(self._scroll_rows + step, 0), self._last_scroll())
        if place != self._scroll_rows:
            self._scroll_rows = place
            self.refresh()

    def scroll_towards(self, x: float) -> None:
        """Bring frames into view that a drag beyond the edge asks for."""
        right = HEADER_WIDTH + self.scale.width
        beyond = x - right if x > right else min(x - HEADER_WIDTH, 0.0)
        if beyond:
            self.show_range(self._first + beyond / self.scale.column_width, self._span)

    # --- events ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """See `TimelineGestures.press`."""
        self._gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """See `TimelineGestures.move`."""
        self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """See `TimelineGestures.release`."""
        self._gestures.release()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """See `TimelineGestures.wheel`."""
        self._gestures.wheel(event)

    def event(self, event: QEvent) -> bool:
        """Tell about the cell under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.describe(event.pos())
            QToolTip.showText(event.globalPos(), text, self) if text else QToolTip.hideText()
            return True
        if event.type() in _LOOK_CHANGES:
            self._painter.forget()
        return bool(super().event(event))

    def describe(self, position: QPoint) -> str:
        """Say in words what lies at a widget position; empty for nothing."""
        if position.x() < HEADER_WIDTH or not self.frame_count:
            return ""
        frame = self.frame_at(position.x())
        row = self.row_at(position.y())
        reference = " · reference" if frame in self._references else ""
        reference += " · bookmark" if frame in self._bookmarks else ""
        if row is None:
            return f"Frame {frame}{reference}"
        state = CellState(int(self._states[frame, row.object_id]))
        reliability = reliability_of_code(int(self._codes[frame, row.object_id]))
        known = "" if reliability is None else f" · reliability {reliability:.2f}"
        return f"{row.name}, frame {frame}: {_STATE_WORDS[state]}{known}{reference}"

    # --- painting --------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Reduce the cells to the new width."""
        super().resizeEvent(event)
        self._painter.forget()
        self.range_changed.emit()

    def _rows_in_view(self) -> tuple[TimelineRow, ...]:
        shown = max((self.height() - RULER_HEIGHT + ROW_HEIGHT - 1) // ROW_HEIGHT, 0)
        return self._rows[self._scroll_rows : self._scroll_rows + shown]

    def paintEvent(self, event: QPaintEvent) -> None:
        """See `MatrixPainter.paint`."""
        content = MatrixContent(
            self._states,
            self._codes,
            self._rows_in_view(),
            self._scroll_rows,
            len(self._rows),
            self._active,
            self.scale,
            self._current,
            self._references,
            self._bookmarks,
            self._selection,
            self.palette(),
            self.size(),
            self.devicePixelRatioF(),
        )
        self._painter.paint(QPainter(self), event.rect(), content)

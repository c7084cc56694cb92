"""The object x time matrix: colour = reliability, glyph = state; click or drag to go to a frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from annotator.model.cells import CellState, reliability_of_code
from annotator.views.theme import ACCENT, palette_is_dark
from annotator.views.timeline.cell_image import (
    STATE_COLOURS,
    cell_colours,
    reduce_columns,
    to_image,
)

HEADER_WIDTH = 132
RULER_HEIGHT = 22
ROW_HEIGHT = 20
_GLYPH_MIN_WIDTH = 9.0
_STATE_WORDS = {
    CellState.EMPTY: "empty",
    CellState.DRAWN: "drawn",
    CellState.CORRECTED: "corrected",
    CellState.PROPAGATED: "propagated",
    CellState.VERIFIED: "verified",
}


@dataclass(frozen=True)
class TimelineRow:
    """One object of the matrix."""

    object_id: int
    name: str
    colour: tuple[int, int, int]


class TimelineMatrix(QWidget):
    """Paints thousands of frames at once: cells come from one small image that is scaled."""

    frame_requested = Signal(int)
    """A person went to a frame by click or drag."""
    object_activated = Signal(int)
    """A person pressed on an object's name."""

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
        self._dragging = False
        self._image: QImage | None = None
        self._image_columns = 0
        self._image_range = (0, 1)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(RULER_HEIGHT + 2 * ROW_HEIGHT)
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

    def set_rows(self, rows: Sequence[TimelineRow]) -> None:
        """Show these objects, from top to bottom."""
        self._rows = tuple(rows)
        self._scroll_rows = min(self._scroll_rows, self._last_scroll())
        self.updateGeometry()
        self.refresh()

    def set_references(self, frames: Iterable[int]) -> None:
        """Mark the reference frames on the ruler."""
        self._references = tuple(frames)
        self.update(0, 0, self.width(), RULER_HEIGHT)

    def set_current_frame(self, frame: int) -> None:
        """Move the current-frame line; the shown range follows it."""
        if frame == self._current:
            return
        for place in (self._current, frame):
            self.update(self._line_rect(place))
        self._current = frame
        first, last = self.visible_range
        if not first <= frame < last:
            self._show_range(frame - self._span / 2, self._span)

    def set_active_object(self, object_id: int | None) -> None:
        """Mark the chosen object's row."""
        self._active = object_id
        self.update()

    def refresh(self) -> None:
        """Paint the cells again after they changed."""
        self._image = None
        self.update()

    # --- geometry --------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Room for the rows, up to six of them."""
        rows = min(max(len(self._rows), 3), 6)
        return QSize(640, RULER_HEIGHT + rows * ROW_HEIGHT + 6)

    def _cells_width(self) -> int:
        return max(self.width() - HEADER_WIDTH - 8, 1)

    def frame_x(self, frame: float) -> float:
        """Left edge of a frame's column in widget pixels."""
        return HEADER_WIDTH + (frame - self._first) * self._cells_width() / self._span

    def frame_at(self, x: float) -> int:
        """Frame whose column lies at widget position x, clipped to the sequence."""
        frame = self._first + (x - HEADER_WIDTH) * self._span / self._cells_width()
        return min(max(int(frame), 0), max(self.frame_count - 1, 0))

    def row_at(self, y: float) -> TimelineRow | None:
        """Object whose row lies at widget position y."""
        index = int((y - RULER_HEIGHT) // ROW_HEIGHT) + self._scroll_rows
        return self._rows[index] if y >= RULER_HEIGHT and 0 <= index < len(self._rows) else None

    def _line_rect(self, frame: int) -> QRect:
        left = int(self.frame_x(frame))
        width = int(self.frame_x(frame + 1)) - left + 1
        return QRect(left - 8, 0, width + 16, self.height())

    def _last_scroll(self) -> int:
        shown = max((self.height() - RULER_HEIGHT) // ROW_HEIGHT, 1)
        return max(len(self._rows) - shown, 0)

    def _show_range(self, first: float, span: float) -> None:
        count = float(max(self.frame_count, 1))
        self._span = min(max(span, min(12.0, count)), count)
        self._first = min(max(first, 0.0), count - self._span)
        self.refresh()

    # --- events ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame under the pointer, or choose the object of a name."""
        if event.button() != Qt.MouseButton.LeftButton or not self.frame_count:
            return
        row = self.row_at(event.position().y())
        if row is not None:
            self.object_activated.emit(row.object_id)
        if event.position().x() >= HEADER_WIDTH:
            self._dragging = True
            self.frame_requested.emit(self.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub while the button is held."""
        if self._dragging:
            frame = self.frame_at(event.position().x())
            if frame != self._current:
                self.frame_requested.emit(frame)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the scrub."""
        self._dragging = False

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl zooms time at the pointer; plain scrolls rows, Shift scrolls time."""
        delta = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            factor = 1.25 ** (-delta.y() / 120.0)
            share = (event.position().x() - HEADER_WIDTH) / self._cells_width()
            pointed = self._first + share * self._span
            span = self._span * factor
            self._show_range(pointed - share * span, span)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier or delta.x():
            turn = delta.x() or delta.y()
            self._show_range(self._first - turn / 120.0 * self._span / 10, self._span)
        else:
            step = -1 if delta.y() > 0 else 1
            self._scroll_rows = min(max(self._scroll_rows + step, 0), self._last_scroll())
            self.refresh()
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Tell about the cell under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.describe(event.pos())
            QToolTip.showText(event.globalPos(), text, self) if text else QToolTip.hideText()
            return True
        if event.type() == QEvent.Type.PaletteChange:
            self._image = None
        return bool(super().event(event))

    def describe(self, position: QPoint) -> str:
        """Say in words what lies at a widget position; empty for nothing."""
        if position.x() < HEADER_WIDTH or not self.frame_count:
            return ""
        frame = self.frame_at(position.x())
        row = self.row_at(position.y())
        reference = " · reference" if frame in self._references else ""
        if row is None:
            return f"Frame {frame}{reference}"
        state = CellState(int(self._states[frame, row.object_id]))
        reliability = reliability_of_code(int(self._codes[frame, row.object_id]))
        known = "" if reliability is None else f" · reliability {reliability:.2f}"
        return f"{row.name}, frame {frame}: {_STATE_WORDS[state]}{known}{reference}"

    # --- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Cells from the image, then glyphs, names, ruler and the current-frame line."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Base))
        self._paint_cells(painter)
        self._paint_names(painter)
        self._paint_ruler(painter)
        if self.frame_count:
            self._paint_current(painter)
        self._paint_references(painter)

    def _shown_rows(self) -> tuple[TimelineRow, ...]:
        shown = max((self.height() - RULER_HEIGHT + ROW_HEIGHT - 1) // ROW_HEIGHT, 0)
        return self._rows[self._scroll_rows : self._scroll_rows + shown]

    def _paint_cells(self, painter: QPainter) -> None:
        rows = self._shown_rows()
        if not rows or not self.frame_count:
            return
        if self._image is None:
            self._make_image(rows)
        image = self._image
        assert image is not None
        first, last = self._image_range
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setClipRect(QRect(HEADER_WIDTH, 0, self.width() - HEADER_WIDTH, self.height()))
        left, right = self.frame_x(first), self.frame_x(last)
        for index in range(image.height()):
            top = RULER_HEIGHT + index * ROW_HEIGHT
            target = QRectF(left, top + 3, right - left, ROW_HEIGHT - 6)
            painter.drawImage(target, image, QRectF(0, index, image.width(), 1))
        column_width = self._cells_width() / self._span
        if column_width >= 5:
            self._paint_gaps(painter, len(rows))
        if column_width >= _GLYPH_MIN_WIDTH:
            self._paint_glyphs(painter, rows)
        else:
            self._paint_marks(painter, rows)
        painter.setClipping(False)

    def _make_image(self, rows: Sequence[TimelineRow]) -> None:
        first = int(self._first)
        last = min(int(np.ceil(self._first + self._span)), self.frame_count)
        columns = min(last - first, int(self._cells_width() * self.devicePixelRatioF()))
        ids = np.array([row.object_id for row in rows])
        states, codes = reduce_columns(
            self._states[:, ids], self._codes[:, ids], first, last, max(columns, 1)
        )
        ground = self.palette().color(QPalette.ColorRole.Window)
        self._reduced_states = states
        self._image = to_image(
            cell_colours(states, codes, (ground.red(), ground.green(), ground.blue()))
        )
        self._image_range = (first, last)

    def _paint_gaps(self, painter: QPainter, rows: int) -> None:
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Base), 1))
        first, last = self._image_range
        bottom = RULER_HEIGHT + rows * ROW_HEIGHT
        for frame in range(first, last + 1):
            x = self.frame_x(frame)
            painter.drawLine(QPointF(x, RULER_HEIGHT), QPointF(x, bottom))

    def _paint_marks(self, painter: QPainter, rows: Sequence[TimelineRow]) -> None:
        """Where columns are thin: a bright tick for what a person made, so that it is not lost."""
        first, last = self._image_range
        columns = self._reduced_states.shape[0]
        for index in range(len(rows)):
            top = RULER_HEIGHT + index * ROW_HEIGHT
            for state in (CellState.VERIFIED, CellState.CORRECTED, CellState.DRAWN):
                colour = QColor(*STATE_COLOURS[state])
                for column in np.flatnonzero(self._reduced_states[:, index] == state):
                    x = self.frame_x(first + (last - first) * (int(column) + 0.5) / columns)
                    painter.fillRect(QRectF(x - 1, top + 1, 2.5, ROW_HEIGHT - 2), colour)

    def _paint_glyphs(self, painter: QPainter, rows: Sequence[TimelineRow]) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first, last = self._image_range
        column_width = self._cells_width() / self._span
        for index, row in enumerate(rows):
            middle = RULER_HEIGHT + (index + 0.5) * ROW_HEIGHT
            states = self._states[first:last, row.object_id]
            for offset in np.flatnonzero(
                (states != CellState.EMPTY) & (states != CellState.PROPAGATED)
            ):
                x = self.frame_x(first + int(offset)) + column_width / 2
                _paint_glyph(painter, CellState(int(states[offset])), QPointF(x, middle))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_names(self, painter: QPainter) -> None:
        palette = self.palette()
        painter.fillRect(
            QRect(0, 0, HEADER_WIDTH - 1, self.height()), palette.color(QPalette.ColorRole.Window)
        )
        metrics = painter.fontMetrics()
        for index, row in enumerate(self._shown_rows()):
            top = RULER_HEIGHT + index * ROW_HEIGHT
            if row.object_id == self._active:
                tint = QColor(ACCENT)
                tint.setAlpha(60)
                painter.fillRect(QRect(0, top, HEADER_WIDTH - 1, ROW_HEIGHT), tint)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*row.colour))
            painter.drawRoundedRect(QRectF(10, top + 5, 10, 10), 3, 3)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            room = HEADER_WIDTH - 36
            text = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(28, top, room, ROW_HEIGHT), Qt.AlignmentFlag.AlignVCenter, text)
        if not self._rows:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(
                QRect(10, RULER_HEIGHT, HEADER_WIDTH - 16, ROW_HEIGHT),
                Qt.AlignmentFlag.AlignVCenter,
                "no objects yet",
            )

    def _paint_ruler(self, painter: QPainter) -> None:
        palette = self.palette()
        ruler = QRect(0, 0, self.width(), RULER_HEIGHT)
        painter.fillRect(ruler, palette.color(QPalette.ColorRole.Window))
        painter.setClipRect(ruler)
        step = _tick_step(self._span, self._cells_width())
        tick = int(self._first // step) * step
        faint = palette.color(QPalette.ColorRole.PlaceholderText)
        painter.setPen(faint)
        while self.frame_count and tick < min(self._first + self._span, self.frame_count):
            x = self.frame_x(tick + 0.5)
            if x >= HEADER_WIDTH:
                painter.drawLine(QPointF(x, RULER_HEIGHT - 4), QPointF(x, RULER_HEIGHT))
                painter.drawText(
                    QRectF(x - 30, 1, 60, RULER_HEIGHT - 6), Qt.AlignmentFlag.AlignCenter, str(tick)
                )
            tick += step
        painter.setClipping(False)

    def _paint_references(self, painter: QPainter) -> None:
        palette = self.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#e3b341" if palette_is_dark(palette) else "#bf8700"))
        for frame in self._references:
            x = self.frame_x(frame + 0.5)
            if x >= HEADER_WIDTH:
                y = RULER_HEIGHT - 5.0
                painter.drawPolygon(
                    QPolygonF(
                        [
                            QPointF(x, y - 5),
                            QPointF(x + 5, y),
                            QPointF(x, y + 5),
                            QPointF(x - 5, y),
                        ]
                    )
                )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_current(self, painter: QPainter) -> None:
        column_width = self._cells_width() / self._span
        left = self.frame_x(self._current)
        if left + column_width < HEADER_WIDTH - 1:
            return
        tint = QColor(ACCENT)
        tint.setAlpha(60)
        if column_width >= 3:
            painter.fillRect(QRectF(left, RULER_HEIGHT, column_width, self.height()), tint)
        x = left + column_width / 2
        painter.setPen(QPen(ACCENT, 1.5))
        if column_width >= _GLYPH_MIN_WIDTH:  # a line would hide the glyphs
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(left, RULER_HEIGHT, column_width, self.height()))
        else:
            painter.drawLine(QPointF(x, RULER_HEIGHT - 4), QPointF(x, self.height()))
        text = str(self._current)
        width = painter.fontMetrics().horizontalAdvance(text) + 12
        box = QRectF(x - width / 2, 1, width, RULER_HEIGHT - 5)
        box.moveLeft(min(max(box.left(), HEADER_WIDTH), self.width() - width))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ACCENT)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor("white"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _tick_step(span: float, width: int) -> int:
    """Frames between two numbers of the ruler: the least of 1, 2, 5, 10, ... that gives 64 px."""
    least = span * 64 / width
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= least:
                return step * factor
        step *= 10


def _paint_glyph(painter: QPainter, state: CellState, centre: QPointF) -> None:
    painter.setPen(QPen(QColor("white"), 1.6))
    painter.setBrush(QColor("white"))
    x, y = centre.x(), centre.y()
    if state is CellState.DRAWN:
        painter.drawEllipse(centre, 2.4, 2.4)
    elif state is CellState.CORRECTED:
        painter.drawPolygon(
            QPolygonF([QPointF(x, y - 3), QPointF(x + 3, y), QPointF(x, y + 3), QPointF(x - 3, y)])
        )
    elif state is CellState.VERIFIED:
        painter.drawPolyline(
            QPolygonF([QPointF(x - 3, y), QPointF(x - 1, y + 2.5), QPointF(x + 3.2, y - 2.8)])
        )

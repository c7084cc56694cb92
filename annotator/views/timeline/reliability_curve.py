"""Reliability over time as a curve under the matrix, with the places that need a person."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from annotator.views.actions import ActionTable
from annotator.views.colour_tables import reliability_colour
from annotator.views.theme import ACCENT
from annotator.views.timeline.curve_image import curve_pixels
from annotator.views.timeline.matrix import TimelineMatrix
from annotator.views.timeline.scale import HEADER_WIDTH, TimeScale

CURVE_HEIGHT = 44
_TOP, _BOTTOM = 4.0, 4.0
CHANGE_COLOUR = (186, 104, 200, 190)


class ReliabilityCurve(QWidget):
    """Lowest reliability of each frame, on the frames that the matrix shows."""

    frame_requested = Signal(int)
    """A person went to a frame by click or drag."""

    def __init__(
        self, matrix: TimelineMatrix, actions: ActionTable, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self._matrix = matrix
        self._reliability = np.zeros(0)
        self._places: tuple[int, ...] = ()
        self._suggested: int | None = None
        self._changes: np.ndarray | None = None
        self._current = 0
        self._dragging = False
        self._picture: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(CURVE_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        matrix.range_changed.connect(self._repaint)

    def sizeHint(self) -> QSize:
        """As wide as the matrix."""
        return QSize(640, CURVE_HEIGHT)

    # --- data ------------------------------------------------------------------------------

    def set_reliability(self, values: np.ndarray) -> None:
        """Show another curve.

        Args:
            values: float [T], lowest reliability of each frame in [0, 1]; NaN where nothing is
                in doubt (a person made it, or nothing is known).
        """
        self._reliability = values
        self._repaint()

    def set_places(self, doubtful: Iterable[int], suggested: int | None) -> None:
        """Mark the doubtful places and the frame whose correction should help most."""
        self._places = tuple(doubtful)
        self._suggested = suggested
        self._repaint()

    def set_changes(self, shares: np.ndarray | None) -> None:
        """Hang bars from the top: how much of each frame's masks a run changed.

        Args:
            shares: float [T] in [0, 1]; None for no bars.
        """
        if shares is None and self._changes is None:
            return
        self._changes = None if shares is None else shares.copy()
        self._repaint()

    @property
    def changes(self) -> np.ndarray | None:
        """What `set_changes` was told."""
        return self._changes

    def set_current_frame(self, frame: int) -> None:
        """Move the line of the frame in view."""
        if frame != self._current:
            self._current = frame
            self.update()

    @property
    def places(self) -> tuple[int, ...]:
        """The doubtful places that are marked."""
        return self._places

    @property
    def suggested(self) -> int | None:
        """The frame that is marked as most worth correcting."""
        return self._suggested

    # --- events ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame under the pointer."""
        at = event.position().x()
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and at >= HEADER_WIDTH and len(self._reliability):
            self._dragging = True
            self.frame_requested.emit(self._matrix.frame_at(at))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub while the button is held."""
        if self._dragging:
            self.frame_requested.emit(self._matrix.frame_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the scrub."""
        self._dragging = False

    def event(self, event: QEvent) -> bool:
        """Tell the reliability under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.describe(event.pos())
            QToolTip.showText(event.globalPos(), text, self) if text else QToolTip.hideText()
            return True
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.Resize):
            self._picture = None
        return bool(super().event(event))

    def describe(self, position: QPoint) -> str:
        """Say in words what lies at a widget position; empty for nothing."""
        if position.x() < HEADER_WIDTH or not len(self._reliability):
            return ""
        frame = self._matrix.frame_at(position.x())
        value = self._reliability[frame] if frame < len(self._reliability) else np.nan
        words = [f"Frame {frame}"]
        words.append("nothing in doubt" if np.isnan(value) else f"lowest reliability {value:.2f}")
        if self._changes is not None and frame < len(self._changes):
            words.append(f"{100 * self._changes[frame]:.0f} % changed by the run")
        if frame == self._suggested:
            words.append("correcting it should help most ([review.suggest])")
        elif frame in self._places:
            words.append("doubtful place ([review.next_doubtful])")
        return self._actions.with_keys(" · ".join(words))

    # --- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture of the curve, and over it the frame in view."""
        if self._picture is None:
            self._picture = self._paint_picture()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        x = self._matrix.scale.x(self._current + 0.5)
        if len(self._reliability) and x >= HEADER_WIDTH:
            painter.setPen(QPen(ACCENT, 1.5))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))

    def _repaint(self) -> None:
        self._picture = None
        self.update()

    def _paint_picture(self) -> QPixmap:
        """The curve over its scale and the places: drawn anew only when they change."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        palette, scale = self.palette(), self._matrix.scale
        picture.fill(palette.color(QPalette.ColorRole.Base))
        painter = QPainter(picture)
        painter.setClipRect(HEADER_WIDTH, 0, self.width(), self.height())
        if len(self._reliability):
            self._paint_grid(painter, palette, scale)
            self._paint_curve(painter, scale)
            self._paint_changes(painter, scale)
            self._paint_places(painter, scale)
        painter.setClipping(False)
        self._paint_header(painter, palette)
        painter.end()
        return picture

    def _y(self, reliability: float) -> float:
        return _TOP + (1.0 - reliability) * (self.height() - _TOP - _BOTTOM)

    def _paint_grid(self, painter: QPainter, palette: QPalette, scale: TimeScale) -> None:
        line = QColor(palette.color(QPalette.ColorRole.PlaceholderText))
        line.setAlpha(60)
        painter.setPen(QPen(line, 1, Qt.PenStyle.DotLine))
        for value in (0.0, 0.5, 1.0):
            y = self._y(value)
            painter.drawLine(QPointF(HEADER_WIDTH, y), QPointF(self.width(), y))

    def columns(self, scale: TimeScale) -> list[tuple[float, float]]:
        """(x, lowest reliability) of at most one column a pixel, in view; NaN where none is."""
        edges, lowest = self._reduced(scale)
        middles = (edges[:-1] + edges[1:]) / 2
        return [(scale.x(x), value) for x, value in zip(middles, lowest.tolist(), strict=True)]

    def _reduced(self, scale: TimeScale) -> tuple[np.ndarray, np.ndarray]:
        """First frames of the columns and the frame after the last, lowest value of each."""
        first, last = scale.frames
        last = min(last, len(self._reliability))
        if last <= first:
            return np.zeros(1, np.intp), np.zeros(0)
        count = max(min(last - first, scale.width), 1)
        edges = first + np.arange(count + 1) * (last - first) // count
        known = np.where(np.isnan(self._reliability), np.inf, self._reliability)[first:last]
        lowest = np.minimum.reduceat(known, edges[:-1] - first)
        return edges, np.where(np.isfinite(lowest), lowest, np.nan)

    def _paint_dense(self, painter: QPainter, scale: TimeScale) -> None:
        """Paint a column a pixel."""
        edges, values = self._reduced(scale)
        if not len(values):
            return
        pixels = curve_pixels(values, self.height(), _TOP, _BOTTOM, self.devicePixelRatioF())
        height, width = pixels.shape
        premultiplied = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(pixels.data, width, height, 4 * width, premultiplied)
        left, right = scale.x(int(edges[0])), scale.x(int(edges[-1]))
        painter.drawImage(QRectF(left, 0, right - left, self.height()), image)

    def _paint_curve(self, painter: QPainter, scale: TimeScale) -> None:
        if scale.span >= scale.width:  # thousands of polygons would hold the window
            self._paint_dense(painter, scale)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        floor = self._y(0.0)
        last: tuple[float, float] | None = None
        for x, value in self.columns(scale):
            if np.isnan(value):
                last = None
                continue
            here = (x, value)
            before = last or here
            colour = QColor(*reliability_colour(min(before[1], value)))
            fill = QColor(colour)
            fill.setAlpha(70)
            a, b = QPointF(before[0], self._y(before[1])), QPointF(x, self._y(value))
            if last is not None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(fill)
                feet = [QPointF(b.x(), floor), QPointF(a.x(), floor)]
                painter.drawPolygon(QPolygonF([a, b, *feet]))
            painter.setPen(QPen(colour, 1.8))
            painter.drawLine(a, b) if last is not None else painter.drawPoint(b)
            last = here
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_changes(self, painter: QPainter, scale: TimeScale) -> None:
        """A bar for each frame that a run changed; its length grows with the root of the share."""
        if self._changes is None:
            return
        first, last = scale.frames
        colour = QColor(*CHANGE_COLOUR)
        for frame in (first + np.flatnonzero(self._changes[first:last])).tolist():
            length = max(float(self._changes[frame]) ** 0.5 * (self.height() - 8), 2.0)
            left, right = scale.x(frame), scale.x(frame + 1)
            painter.fillRect(QRectF(left, 0, max(right - left - 1, 1.0), length), colour)

    def _paint_places(self, painter: QPainter, scale: TimeScale) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for frame in self._places:
            self._paint_mark(painter, scale.x(frame + 0.5), QColor("#e5534b"), 4.0)
        if self._suggested is not None:
            self._paint_mark(painter, scale.x(self._suggested + 0.5), QColor("#e3b341"), 6.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_mark(self, painter: QPainter, x: float, colour: QColor, size: float) -> None:
        bottom = float(self.height())
        painter.setBrush(colour)
        painter.drawPolygon(
            QPolygonF(
                [QPointF(x - size, bottom), QPointF(x + size, bottom), QPointF(x, bottom - size)]
            )
        )

    def _paint_header(self, painter: QPainter, palette: QPalette) -> None:
        ground = QRectF(0, 0, HEADER_WIDTH - 1, self.height())
        painter.fillRect(ground, palette.color(QPalette.ColorRole.Window))
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        right = Qt.AlignmentFlag.AlignRight
        painter.drawText(
            QRectF(10, 0, HEADER_WIDTH - 36, self.height()),
            Qt.AlignmentFlag.AlignVCenter,
            "reliability",
        )
        box = ground.adjusted(0, 1, -6, -1)
        font = painter.font()
        font.setPointSizeF(max(font.pointSizeF() - 2, 6))
        painter.setFont(font)
        painter.drawText(box, right | Qt.AlignmentFlag.AlignTop, "1")
        painter.drawText(box, right | Qt.AlignmentFlag.AlignBottom, "0")

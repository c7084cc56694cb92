"""What the colours of the overlays in use mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget

from annotator.views.colour_tables import (
    DIFFERENCE_COLOURS,
    FLICKER_COLOURS,
    PROBABILITY_STOPS,
    Colour,
    ramp_colour,
    reliability_colour,
)

ROW_HEIGHT = 36
_RELIABILITY = tuple((step / 10, reliability_colour(step / 10)) for step in range(11))


@dataclass(frozen=True)
class _Ramp:
    """A bar of colours between two words."""

    title: str
    low: str
    high: str
    stops: Sequence[tuple[float, Colour]]


@dataclass(frozen=True)
class _Swatches:
    """Colours with a word each."""

    title: str
    colours: Mapping[str, Colour]


_ENTRIES: dict[str, _Ramp | _Swatches] = {
    "reliability": _Ramp("Reliability", "doubt", "trust", _RELIABILITY),
    "filter": _Swatches("Reliability filter", {"dropped at this alpha": (214, 39, 40)}),
    "clusters": _Swatches("Proxy clusters: hue of the object, one shade a proxy", {}),
    "references": _Swatches("References: which frame explains a pixel", {}),
    "probability": _Ramp("Probability of the chosen object", "0", "1", PROBABILITY_STOPS),
    "embedding": _Swatches("Embedding: like colours match", {}),
    "difference": _Swatches("Difference to before the run", DIFFERENCE_COLOURS),
    "flicker": _Swatches("Flicker", FLICKER_COLOURS),
}


class OverlayLegend(QWidget):
    """One entry for each overlay that is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._entries = dict(_ENTRIES)

    def set_references(self, colours: Mapping[str, Colour]) -> None:
        """Say which colour stands for which reference."""
        entry = self._entries["references"]
        if isinstance(entry, _Swatches) and dict(entry.colours) != dict(colours):
            self._entries["references"] = replace(entry, colours=dict(colours))
            self.update()

    @property
    def names(self) -> tuple[str, ...]:
        """Overlays that are explained."""
        return self._names

    def set_names(self, names: Sequence[str]) -> None:
        """Explain these overlays."""
        self._names = tuple(name for name in _ENTRIES if name in names)
        self.setFixedHeight(ROW_HEIGHT * len(self._names))
        self.update()

    def sizeHint(self) -> QSize:
        """A row for each entry."""
        return QSize(180, ROW_HEIGHT * len(self._names))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars and swatches, one row an entry."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(max(font.pointSizeF() - 1, 6))
        painter.setFont(font)
        for row, name in enumerate(self._names):
            entry = self._entries[name]
            top = row * ROW_HEIGHT
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            place = QRectF(0, top, self.width(), 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, entry.title)
            if isinstance(entry, _Ramp):
                self._paint_ramp(painter, top + 18, entry)
            else:
                self._paint_swatches(painter, top + 18, entry)

    def _paint_ramp(self, painter: QPainter, top: int, ramp: _Ramp) -> None:
        metrics = painter.fontMetrics()
        low = metrics.horizontalAdvance(ramp.low) + 6
        high = metrics.horizontalAdvance(ramp.high) + 6
        bar = QRectF(low, top + 2, max(self.width() - low - high, 10), 9)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for step in range(11):
            gradient.setColorAt(step / 10, QColor(*ramp_colour(step / 10, ramp.stops)))
        painter.drawText(QRectF(0, top, low, 14), Qt.AlignmentFlag.AlignVCenter, ramp.low)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(self.width() - high, top, high, 14), right, ramp.high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 4, 4)

    def _paint_swatches(self, painter: QPainter, top: int, swatches: _Swatches) -> None:
        left = 0.0
        pen = painter.pen()
        for word, colour in swatches.colours.items():
            width = painter.fontMetrics().horizontalAdvance(word)
            if left + 14 + width > self.width():
                break  # what does not fit is told by pointing
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*colour))
            painter.drawRoundedRect(QRectF(left, top + 2, 10, 10), 3, 3)
            painter.setPen(pen)
            painter.drawText(
                QRectF(left + 14, top, width + 4, 14), Qt.AlignmentFlag.AlignVCenter, word
            )
            left += 14 + width + 12

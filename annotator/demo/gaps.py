"""How long the window is deaf: the time between two ticks of a fast timer in its thread."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Slot

TICK_MS = 5


class GapMeter(QObject):
    """Measures gaps between ticks while it is started."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.gaps_ms: list[float] = []
        self._last: float | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Measure from now on."""
        self._last = None
        self._timer.start()

    def stop(self) -> None:
        """Measure no more; what was measured stays."""
        self._timer.stop()

    def summary(self) -> dict[str, float]:
        """Return median, 99th percentile and maximum in milliseconds, and the number of ticks."""
        if not self.gaps_ms:
            return {"ticks": 0, "median_ms": 0.0, "p99_ms": 0.0, "max_ms": 0.0}
        ordered = sorted(self.gaps_ms)
        return {
            "ticks": len(ordered),
            "median_ms": ordered[len(ordered) // 2],
            "p99_ms": ordered[int(len(ordered) * 0.99)],
            "max_ms": ordered[-1],
        }

    @Slot()
    def _tick(self) -> None:
        now = time.perf_counter()
        if self._last is not None:
            self.gaps_ms.append((now - self._last) * 1000)
        self._last = now

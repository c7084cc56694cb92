"""How long the window is deaf: the time between two ticks of a fast timer in its thread."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Slot

TICK_MS = 5


class GapMeter(QObject):
    """Measures gaps between ticks while it is started.

    Attributes:
        gaps_ms: Time from tick to tick.
        busy_ms: Processor time of the window's thread in it: the part of a gap that is its own
            doing and not that of other processes.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.gaps_ms: list[float] = []
        self.busy_ms: list[float] = []
        self._last: float | None = None
        self._last_cpu = 0.0
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
        """Return median, 99th percentile and maxima in milliseconds, and the number of ticks."""
        if not self.gaps_ms:
            return {"ticks": 0, "median_ms": 0.0, "p99_ms": 0.0, "max_ms": 0.0, "max_busy_ms": 0.0}
        ordered = sorted(self.gaps_ms)
        return {
            "ticks": len(ordered),
            "median_ms": ordered[len(ordered) // 2],
            "p99_ms": ordered[int(len(ordered) * 0.99)],
            "max_ms": ordered[-1],
            "max_busy_ms": max(self.busy_ms),
        }

    @Slot()
    def _tick(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        if self._last is not None:
            self.gaps_ms.append((now - self._last) * 1000)
            self.busy_ms.append((cpu - self._last_cpu) * 1000)
        self._last, self._last_cpu = now, cpu

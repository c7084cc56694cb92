"""Cyclic garbage is collected in the window's thread alone.

Python collects cycles in whichever thread happens to allocate. A cycle that holds widgets, graphics
items or timers would then be destroyed in the worker's thread, which Qt does not survive.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

INTERVAL_MS = 500
YOUNG_OBJECTS = 2000
"""New objects since the last time from which on the young ones are looked through."""
TICKS_TO_ALL = 40


class GarbageCollector(QObject):
    """Turns the automatic collection off and collects from a timer of the window's thread.

    Young objects are looked through often, all of them now and then. What was there when `settle`
    was called (libraries, the network) is never looked through again, which makes that short.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._ticks = 0
        self._is_settled = False
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    @Slot()
    def _tick(self) -> None:
        self._ticks += 1
        if self._is_settled and self._ticks % TICKS_TO_ALL == 0:
            gc.collect()
        elif gc.get_count()[0] >= YOUNG_OBJECTS:
            gc.collect(1)

    @Slot()
    def settle(self) -> None:
        """Count all that is there as lasting: window built, and later network loaded."""
        gc.freeze()
        self._is_settled = True

    def close(self) -> None:
        """Collect what the window left and let Python collect by itself again; safe to repeat."""
        if not self._timer.isActive():
            return
        self._timer.stop()
        if self._is_settled:
            gc.unfreeze()
        gc.collect()
        gc.enable()

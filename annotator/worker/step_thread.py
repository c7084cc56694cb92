"""A long piece of work of many steps in a thread of its own, which can be cancelled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QThread, Signal

_log = logging.getLogger(__name__)

_REPORT_EVERY = 8


class StepThread(QThread):
    """Goes through an iterator once and gathers what it gives.

    Args:
        make_steps: makes the iterator, in the thread; it works on values that nobody changes.
        parent: owner.
    """

    stepped = Signal(int)
    """Number of steps done, now and then."""
    completed = Signal(object)
    """List of everything that the iterator gave."""
    failed = Signal(str)

    def __init__(
        self, make_steps: Callable[[], Iterable[object]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("steps")
        self._make_steps = make_steps

    def run(self) -> None:
        """Do the work; in the thread."""
        results: list[object] = []
        try:
            for result in self._make_steps():
                if self.isInterruptionRequested():
                    return
                results.append(result)
                if len(results) % _REPORT_EVERY == 0:
                    self.stepped.emit(len(results))
        except Exception as error:  # the window must hear of it, whatever it is
            _log.exception("a step failed")
            self.failed.emit(f"It could not be done: {error}")
        else:
            self.completed.emit(results)

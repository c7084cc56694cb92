"""One long piece of work in a thread of its own, with progress and a way to stop it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from annotator.exchange.errors import ExchangeError, ExchangeStoppedError
from annotator.exchange.source import Progress
from annotator.model.errors import ModelError
from annotator.storage.errors import ProjectError
from annotator.storage.thread_priority import lower_own_priority
from vos_core.media import MediaError

_log = logging.getLogger(__name__)

_SECONDS_BETWEEN_REPORTS = 0.05


class TaskThread(QThread):
    """Does one thing, tells how far it is, then ends with exactly one of its last three signals.

    Args:
        work: gets a function to tell (steps done, steps in all), which raises when it is to stop.
        parent: owner.
    """

    progressed = Signal(int, int)
    """Steps done, steps in all; at most twenty times a second."""
    done = Signal(object)
    """What the work returned."""
    failed = Signal(str)
    """Why it cannot be done, for a person."""
    stopped = Signal()
    """It was stopped on request."""

    def __init__(self, work: Callable[[Progress], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._told_at = 0.0

    def run(self) -> None:
        """Do the work; in the thread."""
        lower_own_priority()
        try:
            result = self._work(self._report)
        except ExchangeStoppedError:
            self.stopped.emit()
        except (ExchangeError, MediaError, ModelError, ProjectError) as error:
            self.failed.emit(str(error))
        except Exception as error:  # the window must hear of it, whatever it is
            _log.exception("the task failed")
            self.failed.emit(f"Something went wrong: {type(error).__name__}: {error}")
        else:
            self.done.emit(result)

    def _report(self, done: int, total: int) -> None:
        if self.isInterruptionRequested():
            raise ExchangeStoppedError
        now = time.monotonic()
        if done == total or now - self._told_at >= _SECONDS_BETWEEN_REPORTS:
            self._told_at = now
            self.progressed.emit(done, total)

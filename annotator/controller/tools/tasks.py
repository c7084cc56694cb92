"""Work of a tool that would hold the window: done in one thread beside it, and dropped at will."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

_log = logging.getLogger(__name__)


class Task:
    """One piece of work. `cancel` drops it: its result is then never handed over."""

    def __init__(self, work: Callable[[Task], Any], done: Callable[[Any], None]) -> None:
        self.work = work
        self.done = done
        self._cancelled = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the result any more; work asks this now and then."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Drop the work."""
        self._cancelled.set()


class TaskRunner(QObject):
    """Does tasks one after the other in a thread and hands results over in the main one."""

    failed = Signal(str)
    """What went wrong in a task, in words."""
    _finished = Signal(object, object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pool: ThreadPoolExecutor | None = None
        self._tasks: set[Task] = set()
        self._finished.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)

    def start(self, work: Callable[[Task], Any], done: Callable[[Any], None]) -> Task:
        """Begin a task.

        Args:
            work: called in the thread with its task; must touch nothing that others change.
            done: called in the main thread with what ``work`` returned.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="tools")
        task = Task(work, done)
        self._tasks.add(task)
        self._pool.submit(self._run, task)
        return task

    def _run(self, task: Task) -> None:
        result, error = None, None
        try:
            if not task.is_cancelled:
                result = task.work(task)
        except Exception as caught:  # a fault is told in the main thread
            error = caught
        self._finished.emit(task, result, error)

    @Slot(object, object, object)
    def _hand_over(self, task: Task, result: object, error: Exception | None) -> None:
        self._tasks.discard(task)
        if task.is_cancelled:
            return
        if error is not None:
            _log.error("a tool failed", exc_info=error)
            self.failed.emit(f"The tool could not do this ({type(error).__name__}: {error}).")
            return
        task.done(result)

    def cancel_all(self) -> bool:
        """Drop what is begun; say whether anything was."""
        dropped = [task for task in self._tasks if not task.is_cancelled]
        for task in dropped:
            task.cancel()
        return bool(dropped)

    def close(self) -> None:
        """Drop everything and end the thread."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

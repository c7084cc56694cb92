"""One thread that saves: the latest value of each item, after a moment of silence."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

from annotator.storage.thread_priority import lower_own_priority

_log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Saver(Generic[K, V]):
    """Gathers values by key and writes them in a thread of its own.

    A value replaces one of the same key that was not written yet. Writing begins when nothing new
    came for ``silence_s``, at the latest ``longest_wait_s`` after the first value. A batch that
    fails is kept, under what came since, and tried again after ``retry_s`` or at the next value.

    Args:
        write: writes a batch, or raises. Runs in the saver's thread; batches never overlap.
        silence_s: seconds without a new value before writing begins.
        longest_wait_s: seconds after which writing begins whatever comes.
        retry_s: seconds between attempts after a failure.
        on_take: called under `lock` at the moment a batch is taken; everything submitted before is
            in it.
        on_saved: called in the saver's thread after each batch that was written.
        on_error: called in the saver's thread with what `write` raised, before `flush` returns.

    Attributes:
        lock: hold it to make `submit` and something else one step for ``on_take``.
    """

    def __init__(
        self,
        write: Callable[[dict[K, V]], None],
        *,
        silence_s: float = 1.0,
        longest_wait_s: float = 5.0,
        retry_s: float = 10.0,
        on_take: Callable[[], object] | None = None,
        on_saved: Callable[[], object] | None = None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        self._write = write
        self._silence_s = silence_s
        self._longest_wait_s = longest_wait_s
        self._retry_s = retry_s
        self._on_take = on_take
        self._on_saved = on_saved
        self._on_error = on_error
        self._pending: dict[K, V] = {}
        self._first_at = 0.0
        self._last_at = 0.0
        self._not_before = 0.0
        self._is_writing = False
        self._hurry = False
        self._closing = False
        self._failures = 0
        self.lock = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="saver", daemon=True)
        self._thread.start()

    @property
    def is_clean(self) -> bool:
        """Whether everything submitted is written."""
        with self.lock:
            return not self._pending and not self._is_writing

    def submit(self, items: Mapping[K, V]) -> None:
        """Hand over values; returns at once.

        Raises:
            RuntimeError: the saver is closed.
        """
        if not items:
            return
        with self.lock:
            if self._closing:
                raise RuntimeError("the saver is closed")
            now = time.monotonic()
            if not self._pending:
                self._first_at = now
            self._pending.update(items)
            self._last_at = now
            self._not_before = 0.0
            self.lock.notify_all()

    def hurry(self) -> None:
        """Have what is there written now; returns at once."""
        with self.lock:
            self._hurry = True
            self._not_before = 0.0
            self.lock.notify_all()

    def flush(self, timeout_s: float = 60.0) -> bool:
        """Write everything now and wait for it.

        Returns:
            Whether all of it was written; False after a failure or the timeout.
        """
        end = time.monotonic() + timeout_s
        with self.lock:
            failures = self._failures
            while (self._pending or self._is_writing) and self._failures == failures:
                left = end - time.monotonic()
                if left <= 0 or not self._thread.is_alive():
                    break
                self._hurry = True
                self.lock.notify_all()
                self.lock.wait(left)
            return not self._pending and not self._is_writing

    def close(self, timeout_s: float = 60.0) -> bool:
        """Write what is left, end the thread; False when something could not be written."""
        written = self.flush(timeout_s)
        with self.lock:
            self._closing = True
            self.lock.notify_all()
        self._thread.join(timeout_s)
        return written

    def _run(self) -> None:
        lower_own_priority()  # where processors are few, painting goes before compressing
        while (batch := self._take()) is not None:
            error: Exception | None = None
            try:
                self._write(batch)
            except Exception as caught:  # told below; the batch is kept
                error = caught
                _log.warning("saving failed: %s", error)
                if self._on_error is not None:
                    self._on_error(error)
            with self.lock:
                self._is_writing = False
                if error is not None:
                    self._failures += 1
                    self._pending = {**batch, **self._pending}
                    self._not_before = time.monotonic() + self._retry_s
                    self._hurry = False  # whoever flushes hears of the failure first
                self.lock.notify_all()
            if error is None and self._on_saved is not None:
                self._on_saved()

    def _take(self) -> dict[K, V] | None:
        with self.lock:
            while not self._closing:
                wait = self._seconds_to_wait()
                if wait is not None and wait <= 0:
                    batch, self._pending = self._pending, {}
                    self._hurry = False
                    self._is_writing = True
                    if self._on_take is not None:
                        self._on_take()
                    return batch
                self.lock.wait(wait)
            return None

    def _seconds_to_wait(self) -> float | None:
        if not self._pending:
            return None
        if self._hurry:
            return 0.0
        due = min(self._last_at + self._silence_s, self._first_at + self._longest_wait_s)
        return max(due, self._not_before) - time.monotonic()

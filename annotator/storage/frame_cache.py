"""Decoded frames, kept while they fit and decoded ahead in a thread, so that asking never waits."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt

from vos_core.media import MediaError
from vos_core.media.frames import FrameSource, ReadAbandonedError

_log = logging.getLogger(__name__)

Frame = npt.NDArray[np.uint8]

_LONGEST_WITHOUT_A_FRAME_S = 0.15
"""Reads that nobody waits for are given up, but not so often that scrubbing shows nothing."""


_NEAR = 4
"""So many frames on either side of the one in view are decoded before those farther ahead."""


_FAR = 2
"""Steps from frame to frame that are a jump; the next frame is one step away."""

_LONGEST_HOLD_S = 0.05
"""Decoding ahead waits for `FrameCache.look_ahead`, but not for ever."""


class FrameCache:
    """Least recently used cache of RGB frames over a frame source of its own.

    `get` never waits: it returns the frame or None, and when None the frame is decoded next and
    announced. After the frame that was asked for last, the thread decodes the few that follow it
    (where the decoder stands), the few before it, then more in the direction of travel. After a
    jump it begins with that at `look_ahead`, so that decoding takes no processor from painting.

    Args:
        opener: opens the frame source; called once, in the cache's thread, which is the only one to
            read from it.
        byte_limit: memory for decoded frames, in bytes; at least two frames are kept whatever it
            is.
        ahead: at most so many frames are decoded ahead, and never more than half of what fits.
        on_ready: called with the index of each frame that was asked for and is now there, though
            another may be wanted by then. In the cache's thread: hand it a queued signal.
        on_error: called with the index and a message for the person when a frame cannot be read. In
            the cache's thread.
    """

    def __init__(
        self,
        opener: Callable[[], FrameSource],
        *,
        byte_limit: int = 512 << 20,
        ahead: int = 24,
        on_ready: Callable[[int], object] | None = None,
        on_error: Callable[[int, str], object] | None = None,
    ) -> None:
        self._opener = opener
        self._byte_limit = byte_limit
        self._ahead = ahead
        self._on_ready = on_ready
        self._on_error = on_error
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self._bytes = 0
        self._errors: dict[int, str] = {}
        self._wanted: int | None = None
        self._holds_until = 0.0
        self._delivered_at = 0.0
        self._direction = 1
        self._frame_count: int | None = None
        self._closing = False
        self._condition = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="frame cache", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    @property
    def nbytes(self) -> int:
        """Bytes of the frames held now."""
        with self._condition:
            return self._bytes

    def get(self, index: int) -> Frame | None:
        """Frame at hand, read-only uint8 [H, W, 3] RGB, or None.

        When None it is decoded next and announced by ``on_ready`` (or ``on_error``). A frame that
        failed before returns None and is not tried again until `forget_errors`.
        """
        with self._condition:
            step = _FAR if self._wanted is None else index - self._wanted
            if step:
                self._direction = 1 if step > 0 else -1
            self._wanted = index
            if abs(step) > 1:
                self._holds_until = time.monotonic() + _LONGEST_HOLD_S
            frame = self._frames.get(index)
            if frame is not None:
                self._frames.move_to_end(index)
            self._condition.notify()
            return frame

    def look_ahead(self) -> None:
        """Say that the frame asked for is painted: what may be wanted next can be decoded."""
        with self._condition:
            self._holds_until = 0.0
            self._condition.notify()

    def peek(self, index: int) -> Frame | None:
        """Frame at hand or None, without asking for it."""
        with self._condition:
            return self._frames.get(index)

    def error(self, index: int) -> str | None:
        """Why a frame could not be read, None when it was not tried or is fine."""
        with self._condition:
            return self._errors.get(index)

    def forget_errors(self) -> None:
        """Try frames again that could not be read (for instance, a disk is back)."""
        with self._condition:
            self._errors.clear()
            self._condition.notify()

    def end(self) -> None:
        """Have the thread end with the step it is at; returns at once. No callback comes after."""
        with self._condition:
            self._closing = True
            self._frames.clear()
            self._bytes = 0
            self._condition.notify()

    def close(self) -> None:
        """`end`, and wait until the thread has let go of the frame source."""
        self.end()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        source: FrameSource | None = None
        try:
            while (index := self._next_index()) is not None:
                try:
                    if source is None:
                        source = self._opener()
                        with self._condition:
                            self._frame_count = source.frame_count
                    is_asked_for = index == self._wanted
                    frame = source.read(
                        index,
                        is_wanted=partial(self._waits_for, index, is_asked_for),
                        is_urgent=is_asked_for,
                    )
                except ReadAbandonedError:
                    continue
                except (MediaError, IndexError, OSError) as error:
                    self._note_error(index, str(error))
                    continue
                except Exception as error:  # a decoder's own fault must not end the thread
                    _log.exception("frame %d cannot be read", index)
                    self._note_error(index, f"frame {index} cannot be read: {error}")
                    continue
                self._keep(index, frame, is_asked_for=is_asked_for)
        finally:
            if source is not None:
                source.close()

    def _next_index(self) -> int | None:
        """Wait for something to decode; None when closing."""
        with self._condition:
            while not self._closing:
                index = self._choose()
                hold_s = 0.0 if index == self._wanted else self._holds_until - time.monotonic()
                if index is not None and hold_s <= 0:
                    if index != self._wanted:
                        self._holds_until = 0.0
                    return index
                self._condition.wait(None if index is None else hold_s)
            return None

    def _choose(self) -> int | None:
        for index in self._window():
            if index not in self._frames and index not in self._errors:
                return index
        return None

    def _window(self) -> Iterator[int]:
        """Yield the frame asked for and those that should be at hand with it, in that order."""
        if self._wanted is None:
            return
        yield self._wanted
        if not self._frames or self._frame_count is None:
            return
        fitting = self._byte_limit // next(iter(self._frames.values())).nbytes
        reach = max(1, min(self._ahead, fitting // 2)) if self._ahead else 0
        near = min(_NEAR, fitting // 4, reach)
        steps = [*range(1, near + 1), *range(-1, -near - 1, -1)]
        steps += [step * self._direction for step in range(near + 1, reach + 1)]
        for step in steps:
            if 0 <= self._wanted + step < self._frame_count:
                yield self._wanted + step

    def _waits_for(self, index: int, is_asked_for: bool) -> bool:
        """Whether a read under way should go on; one that only looks ahead makes way at once."""
        with self._condition:
            if self._closing:
                return False
            wanted = self._wanted
            if wanted in (index, None) or wanted in self._frames or wanted in self._errors:
                return True
            waited_s = time.monotonic() - self._delivered_at
            return is_asked_for and waited_s > _LONGEST_WITHOUT_A_FRAME_S

    def _keep(self, index: int, frame: Frame, *, is_asked_for: bool) -> None:
        frame.flags.writeable = False
        with self._condition:
            if self._closing:
                return
            while self._frames and (
                self._bytes + frame.nbytes > self._byte_limit and len(self._frames) >= 2
            ):
                self._bytes -= self._evict().nbytes
            self._frames[index] = frame
            self._bytes += frame.nbytes
            is_asked_for = is_asked_for or index == self._wanted
            if is_asked_for:
                self._delivered_at = time.monotonic()
                if self._holds_until:
                    self._holds_until = self._delivered_at + _LONGEST_HOLD_S
        if is_asked_for and self._on_ready is not None:
            self._on_ready(index)

    def _evict(self) -> Frame:
        """Drop the least recently used frame that is not to be at hand; never the one in view."""
        near = set(self._window())
        for index in self._frames:
            if index not in near:
                return self._frames.pop(index)
        return self._frames.pop(next(index for index in self._frames if index != self._wanted))

    def _note_error(self, index: int, message: str) -> None:
        with self._condition:
            if self._closing:
                return
            self._errors[index] = message
        if self._on_error is not None:
            self._on_error(index, message)

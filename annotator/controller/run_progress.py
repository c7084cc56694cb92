"""How far a run is, how fast, and which frames it has reached."""

from __future__ import annotations

import time
from collections import deque

from annotator.views.panels.propagation_bar import RunStatus
from annotator.worker.jobs import EndReason, JobEnd, JobResult

_SPEED_WINDOW = 12


class RunProgress:
    """Counts the results of one run."""

    def __init__(self) -> None:
        self._frames: set[int] = set()
        self._last: int | None = None
        self._done = self._total = 0
        self._expected_seconds: float | None = None
        self._stamps: deque[float] = deque(maxlen=_SPEED_WINDOW)
        self._started = time.monotonic()

    @property
    def last(self) -> int | None:
        """Frame of the newest result."""
        return self._last

    @property
    def frame_count(self) -> int:
        """Frames that the run has reached."""
        return len(self._frames)

    @property
    def seconds(self) -> float:
        """Time since the run began."""
        return time.monotonic() - self._started

    def has_visited(self, frame: int) -> bool:
        """Say whether the run has reached a frame."""
        return frame in self._frames

    def note(self, message: JobResult) -> None:
        """Count a result."""
        self._last = message.result.index
        self._frames.add(message.result.index)
        self._done, self._total = message.done, message.total
        self._stamps.append(time.monotonic())

    def expect(self, visits: int, seconds_each: float | None = None) -> None:
        """Say how many visits there will be and how long each takes, before any is made."""
        self._total, self._expected_seconds = visits, seconds_each

    def forget_speed(self) -> None:
        """Measure the speed anew, after a pause."""
        self._stamps.clear()

    def status(self, *, paused: bool, waiting: int = 0) -> RunStatus:
        """Return what the propagation bar shows."""
        speed = 1 / self._expected_seconds if self._expected_seconds else None
        if len(self._stamps) >= 2:
            elapsed = self._stamps[-1] - self._stamps[0]
            speed = (len(self._stamps) - 1) / elapsed if elapsed > 0 else speed
        return RunStatus(
            running=True,
            paused=paused,
            done=self._done,
            total=self._total,
            frames_per_second=speed,
            waiting=waiting,
        )


def end_text(end: JobEnd, progress: RunProgress) -> str:
    """Tell how a run ended; empty when there is nothing to tell."""
    count = progress.frame_count
    frames = f"{count} frame{'' if count == 1 else 's'}"
    if end.reason is EndReason.FAILED:
        kept = f" {frames} done before it are kept." if count else ""
        return end.message + kept if end.message else ""
    if end.reason is EndReason.STOPPED:
        return f"Stopped after {frames}. [edit.undo] takes them back."
    return (
        f"Carried the masks through {frames} in {progress.seconds:.0f} s. "
        "[review.next_doubtful] goes to the most doubtful frame, [edit.undo] takes the run back."
    )

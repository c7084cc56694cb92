"""How far a run is, how fast, and which frames it has visited."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from annotator.views.panels.propagation_bar import RunStatus
from annotator.worker.jobs import EndReason, JobEnd, PropagationJob, PropagationPass

_SPEED_WINDOW = 12


class RunProgress:
    """Counts the frames of one run, which may take several jobs when corrections come in."""

    def __init__(self) -> None:
        self._visited: dict[int, None] = {}  # an ordered set
        self._before = 0
        self._stamps: deque[float] = deque(maxlen=_SPEED_WINDOW)
        self._started = time.monotonic()

    @property
    def visited(self) -> tuple[int, ...]:
        """Frames that the present job has done, in the order of their results."""
        return tuple(self._visited)

    @property
    def last(self) -> int | None:
        """Frame of the newest result."""
        return next(reversed(self._visited), None)

    @property
    def frame_count(self) -> int:
        """Results of all jobs of the run."""
        return self._before + len(self._visited)

    @property
    def seconds(self) -> float:
        """Time since the run began."""
        return time.monotonic() - self._started

    def has_visited(self, frame: int) -> bool:
        """Say whether the present job has done a frame."""
        return frame in self._visited

    def note(self, frame: int) -> None:
        """Count a result."""
        self._visited[frame] = None
        self._stamps.append(time.monotonic())

    def take_back(self, frames: Iterable[int]) -> None:
        """Frames that will be done again."""
        for frame in frames:
            self._visited.pop(frame, None)

    def begin_job(self) -> None:
        """Another job goes on with the run."""
        self._before += len(self._visited)
        self._visited.clear()
        self._stamps.clear()

    def forget_speed(self) -> None:
        """Measure the speed anew, after a pause."""
        self._stamps.clear()

    def pass_in_hand(self, job: PropagationJob) -> PropagationPass | None:
        """The pass that visited a frame last."""
        return next((one for one in job.passes if self.last in one.targets), None)

    def status(self, job: PropagationJob, *, paused: bool) -> RunStatus:
        """Return what the propagation bar shows."""
        speed = None
        if len(self._stamps) >= 2:
            elapsed = self._stamps[-1] - self._stamps[0]
            speed = (len(self._stamps) - 1) / elapsed if elapsed > 0 else None
        return RunStatus(
            running=True,
            paused=paused,
            done=len(self._visited),
            total=job.target_count,
            frames_per_second=speed,
        )


def end_text(end: JobEnd, progress: RunProgress) -> str:
    """Tell how a run ended; empty when there is nothing to tell."""
    count = progress.frame_count
    frames = f"{count} frame{'' if count == 1 else 's'}"
    if end.reason is EndReason.FAILED:
        kept = f" {frames} done before it are kept." if count else ""
        return end.message + kept if end.message else ""
    if end.reason is EndReason.STOPPED:
        return f"Stopped after {frames}. Ctrl+Z takes them back."
    return (
        f"Carried the masks through {frames} in {progress.seconds:.0f} s. "
        "N goes to the most doubtful frame, Ctrl+Z takes the run back."
    )

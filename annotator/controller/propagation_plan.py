"""Which frames a propagation visits: plain functions on frame numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from annotator.worker.jobs import Direction, PropagationPass


@dataclass(frozen=True)
class PropagationPlan:
    """Passes of a run and the reference frame that it starts from."""

    start: int
    passes: tuple[PropagationPass, ...]

    @property
    def frame_count(self) -> int:
        """Frames over all passes."""
        return sum(len(one.targets) for one in self.passes)


def plan_propagation(
    direction: Direction, frame: int, references: Collection[int], frame_count: int
) -> PropagationPlan | None:
    """Choose where a run starts and what it visits.

    A run forward starts from the nearest reference at or before the frame, one backward from the
    nearest at or after it, one both ways from the nearest; where there is none on that side, from
    the nearest on the other. References are never visited: a person made them.

    Args:
        direction: Which way masks travel.
        frame: Frame in view.
        references: Reference frames.
        frame_count: Frames of the sequence.

    Returns:
        The plan, or ``None`` when there is no reference.
    """
    if not references:
        return None
    start = _start(direction, frame, references)
    passes = []
    if direction in (Direction.FORWARD, Direction.BOTH):
        passes.append(PropagationPass(_targets(range(start + 1, frame_count), references), 1))
    if direction in (Direction.BACKWARD, Direction.BOTH):
        passes.append(PropagationPass(_targets(range(start - 1, -1, -1), references), -1))
    return PropagationPlan(start, tuple(one for one in passes if one.targets))


def _start(direction: Direction, frame: int, references: Collection[int]) -> int:
    def rank(reference: int) -> tuple[bool, int]:
        behind = {
            Direction.FORWARD: reference > frame,
            Direction.BACKWARD: reference < frame,
            Direction.BOTH: False,
        }[direction]
        return behind, abs(reference - frame)

    return min(references, key=rank)


def _targets(frames: Iterable[int], references: Collection[int]) -> tuple[int, ...]:
    known = frozenset(references)
    return tuple(frame for frame in frames if frame not in known)


def passes_resting_on(
    corrected: int, passes: Iterable[PropagationPass], visited: Collection[int]
) -> tuple[PropagationPass, ...]:
    """Find the passes that have already carried masks past a frame that a person changes now.

    Args:
        corrected: Frame that a person changed.
        passes: Passes of the run.
        visited: Frames done so far, over all passes.
    """
    done = frozenset(visited)
    return tuple(one for one in passes if not done.isdisjoint(one.beyond(corrected)))


def passes_after(
    corrected: int, passes: Iterable[PropagationPass], visited: Collection[int]
) -> tuple[PropagationPass, ...]:
    """Plan what is left after a correction behind the front of a run.

    Every pass that rests on the frame is done again from it on. Of the others, those done stay as
    they are, those not begun follow, and one in hand starts again from its reference.

    Args:
        corrected: Frame that a person changed.
        passes: Passes of the run, in order.
        visited: Frames done so far, over all passes.
    """
    done = frozenset(visited)
    left = []
    for one in passes:
        if not done.isdisjoint(one.beyond(corrected)):
            left.append(PropagationPass(one.beyond(corrected), one.step))
        elif not done.issuperset(one.targets):
            left.append(one)
    return tuple(one for one in left if one.targets)

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
        passes.append(_targets(range(start + 1, frame_count), references))
    if direction in (Direction.BACKWARD, Direction.BOTH):
        passes.append(_targets(range(start - 1, -1, -1), references))
    return PropagationPlan(start, tuple(PropagationPass(targets) for targets in passes if targets))


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


def is_behind(corrected: int, visited: Collection[int]) -> bool:
    """Say whether a run has passed a corrected frame, so that frames after it rest on old masks."""
    return corrected in visited


def passes_after(
    corrected: int, passes: Iterable[PropagationPass], visited: Collection[int]
) -> tuple[PropagationPass, ...]:
    """Plan what is left after a correction of a frame that was already visited.

    The pass that visited the frame is done again from it on; passes not begun follow. A pass that
    ran out before it stays as it is.

    Args:
        corrected: Frame that a person changed.
        passes: Passes of the run, in order.
        visited: Frames done so far, over all passes.
    """
    done = frozenset(visited)
    left = []
    for one in passes:
        if corrected in one.targets:
            place = one.targets.index(corrected)
            left.append(one.targets[place + 1 :])
        elif not done.intersection(one.targets):
            left.append(one.targets)
        elif not done.issuperset(one.targets):
            left.append(one.targets)  # in hand: it starts again from its reference
    return tuple(PropagationPass(targets) for targets in left if targets)

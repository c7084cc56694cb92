"""Which frames a propagation visits: plain functions on frame numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from annotator.worker.jobs import Direction, PropagationPass


@dataclass(frozen=True)
class PropagationPlan:
    """What a run visits.

    Attributes:
        start: Reference frame that it starts from.
        passes: Visited one after the other.
        incomplete: References on the way that say nothing of an object which travels by then. They
            are visited for that object's sake, and are references from then on.
    """

    start: int
    passes: tuple[PropagationPass, ...]
    incomplete: frozenset[int] = frozenset()

    @property
    def frame_count(self) -> int:
        """Frames over all passes."""
        return sum(len(one.targets) for one in self.passes)


def plan_propagation(
    direction: Direction,
    frame: int,
    references: Mapping[int, Collection[int]],
    frame_count: int,
) -> PropagationPlan | None:
    """Choose where a run starts and what it visits.

    A run forward starts from the nearest reference at or before the frame, one backward from the
    nearest at or after it, one both ways from the nearest; where there is none on that side, from
    the nearest on the other. References are not visited, incomplete ones apart: a person made them.

    Args:
        direction: Which way masks travel.
        frame: Frame in view.
        references: Reference frame to the ids of the objects that it says something of.
        frame_count: Frames of the sequence.

    Returns:
        The plan, or ``None`` when there is no reference.
    """
    if not references:
        return None
    start = _start(direction, frame, references)
    passes, incomplete = [], frozenset[int]()
    for way, frames in (
        (Direction.FORWARD, range(start + 1, frame_count)),
        (Direction.BACKWARD, range(start - 1, -1, -1)),
    ):
        if direction not in (way, Direction.BOTH):
            continue
        lacking = _incomplete(start, frames, references)
        targets = tuple(f for f in frames if f not in references or f in lacking)
        incomplete |= lacking
        if targets:
            passes.append(PropagationPass(targets, frames.step))
    return PropagationPlan(start, tuple(passes), incomplete)


def _start(direction: Direction, frame: int, references: Iterable[int]) -> int:
    def rank(reference: int) -> tuple[bool, int]:
        behind = {
            Direction.FORWARD: reference > frame,
            Direction.BACKWARD: reference < frame,
            Direction.BOTH: False,
        }[direction]
        return behind, abs(reference - frame)

    return min(references, key=rank)


def _incomplete(
    start: int, frames: Iterable[int], references: Mapping[int, Collection[int]]
) -> frozenset[int]:
    """Find references on the way that say nothing of an object which travels by then."""
    travelling = set(references[start])
    lacking = []
    for frame in frames:
        if frame in references:
            if travelling - set(references[frame]):
                lacking.append(frame)
            travelling |= set(references[frame])
    return frozenset(lacking)


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

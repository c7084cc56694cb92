"""What a key press, a selected range or a barrier asks of the network: plain functions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from annotator.worker.jobs import Direction

References = Mapping[int, Collection[int]]
"""Reference frame to the ids of the objects that it says something of."""

MadeCells = Mapping[int, frozenset[int]]
"""Frame to objects whose masks a person drew or corrected there."""


@dataclass(frozen=True)
class RunRequest:
    """What a person asked for; it becomes a job when its turn comes.

    Attributes:
        direction: Which way masks travel.
        frame: Frame in view when it was asked for.
        first: First frame of a selected range, ``None`` for the whole video.
        last: Last frame of it.
        object_ids: Objects to carry, ``None`` for all that are not locked.
        to_verified: Stop before the next verified frame.
        mode: ``"base"`` or ``"mf"``.
        both_sides: Predict frames between references from both, and fuse.
        replaced: Masks that a person made and gave up for this run.
    """

    direction: Direction
    frame: int
    first: int | None = None
    last: int | None = None
    object_ids: tuple[int, ...] | None = None
    to_verified: bool = False
    mode: str = "base"
    both_sides: bool = True
    replaced: MadeCells = field(default_factory=dict)

    def within(self, first: int, last: int) -> RunRequest:
        """The same for a range of frames."""
        return replace(self, first=first, last=last)

    def keeping(self, frames: Collection[int]) -> RunRequest:
        """The same, but what a person made in these frames stays after all."""
        left = {frame: ids for frame, ids in self.replaced.items() if frame not in frames}
        return self if len(left) == len(self.replaced) else replace(self, replaced=left)

    @property
    def text(self) -> str:
        """For the undo menu."""
        if self.first is not None and self.last is not None:
            return f"propagate frames {self.first} to {self.last}"
        way = "to the next verified frame" if self.to_verified else self.direction.value
        return f"propagate {'both ways' if self.direction is Direction.BOTH else way}"


@dataclass(frozen=True)
class PropagationPlan:
    """Which frames a run covers.

    Attributes:
        direction: Which way masks travel from `start`.
        start: Reference frame that it starts from.
        first: First frame of the range.
        last: Last frame of the range.
        borders: Frames beside a range whose masks, whoever made them, the run starts from.
    """

    direction: Direction
    start: int
    first: int
    last: int
    borders: tuple[int, ...] = ()

    def targets(self, references: References) -> tuple[int, ...]:
        """Frames that the run may change, ascending.

        References are not among them, unless they say nothing of an object that another shows.
        """
        own = 0 if self.direction is Direction.BOTH else 1
        low = self.start + own if self.direction is Direction.FORWARD else self.first
        high = self.start - own if self.direction is Direction.BACKWARD else self.last
        every = frozenset().union(*references.values()) if references else frozenset()
        return tuple(
            frame
            for frame in range(max(low, self.first), min(high, self.last) + 1)
            if frame not in references or every - set(references[frame])
        )

    def visit_count(self, references: References, *, both_sides: bool) -> int:
        """Count the frames to compute, about: one between two references counts twice."""
        targets = self.targets(references)
        ends = sorted({*references, *self.borders})
        if not both_sides or not ends:
            return len(targets)
        return len(targets) + sum(ends[0] < frame < ends[-1] for frame in targets)


def plan_propagation(
    direction: Direction, frame: int, references: References, frame_count: int
) -> PropagationPlan | None:
    """Choose where a run starts.

    A run forward starts from the nearest reference at or before the frame, one backward from the
    nearest at or after it, one both ways from the nearest; where there is none on that side, from
    the nearest on the other.

    Args:
        direction: Which way masks travel.
        frame: Frame in view.
        references: What references say.
        frame_count: Frames of the sequence.

    Returns:
        The plan, or ``None`` when there is no reference.
    """
    if not references:
        return None
    return PropagationPlan(direction, _start(direction, frame, references), 0, frame_count - 1)


def plan_to_barrier(
    direction: Direction,
    frame: int,
    references: References,
    barriers: Iterable[int],
    frame_count: int,
) -> PropagationPlan | None:
    """Plan a run one way that ends before the next verified frame.

    Args:
        direction: Forward or backward.
        frame: Frame in view.
        references: What references say.
        barriers: Verified frames.
        frame_count: Frames of the sequence.

    Returns:
        The plan, to the end of the video when no barrier is on the way; ``None`` without a
        reference.
    """
    plan = plan_propagation(direction, frame, references, frame_count)
    if plan is None:
        return None
    if direction is Direction.BACKWARD:
        before = [barrier for barrier in barriers if barrier < plan.start]
        return PropagationPlan(direction, plan.start, max(before, default=-1) + 1, plan.last)
    after = [barrier for barrier in barriers if barrier > plan.start]
    return PropagationPlan(direction, plan.start, 0, min(after, default=frame_count) - 1)


def plan_range(
    first: int, last: int, references: References, has_masks: Callable[[int], bool]
) -> PropagationPlan | None:
    """Plan a run over a selected range.

    Where the frame beside the range shows the objects, the run starts from its masks, so that the
    range joins what is around it. Where neither does and no reference lies inside, the run begins
    at the nearest reference and also fills the frames on the way.

    Args:
        first: First frame of the range.
        last: Last frame of it.
        references: What references say.
        has_masks: Whether a frame that is no reference shows the objects.

    Returns:
        The plan, or ``None`` when nothing leads into the range.
    """
    borders = tuple(frame for frame in (first - 1, last + 1) if has_masks(frame))
    ends = [frame for frame in (*references, *borders) if first - 1 <= frame <= last + 1]
    if ends:
        return PropagationPlan(Direction.BOTH, min(ends), first, last, borders)
    before = max((frame for frame in references if frame < first), default=None)
    if before is not None:
        return PropagationPlan(Direction.BOTH, before, before + 1, last)
    after = min((frame for frame in references if frame > last), default=None)
    return None if after is None else PropagationPlan(Direction.BOTH, after, first, after - 1)


def _start(direction: Direction, frame: int, references: Iterable[int]) -> int:
    def rank(reference: int) -> tuple[bool, int]:
        behind = {
            Direction.FORWARD: reference > frame,
            Direction.BACKWARD: reference < frame,
            Direction.BOTH: False,
        }[direction]
        return behind, abs(reference - frame)

    return min(references, key=rank)

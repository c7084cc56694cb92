"""Which frames a run visits from which side: plain functions on frame numbers and object ids."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

FORWARD, BACKWARD = 1, -1
NO_IDS: frozenset[int] = frozenset()
ABSENT_FRAMES = 24
"""So far apart may two references be that both say an object is not there, for it not to be there
between them; over a longer time it may have come and gone."""


@dataclass(frozen=True)
class Spoken:
    """What a reference says.

    Attributes:
        shown: Objects that its map shows.
        known: Objects of which it says where they are, or that they are not there; `shown`
            included. None: it speaks of every object.
    """

    shown: frozenset[int]
    known: frozenset[int] | None = None

    def leaves_open(self, object_ids: Collection[int]) -> frozenset[int]:
        """Objects of these that it says nothing of."""
        return NO_IDS if self.known is None else frozenset(object_ids) - self.known - self.shown


class Stretch(NamedTuple):
    """Frames between two references that speak of every object which reaches them.

    Attributes:
        low: The reference before, None at the start of the video.
        high: The reference after, None at the end.
    """

    low: int | None
    high: int | None

    def holds(self, frame: int) -> bool:
        """Whether a frame lies strictly inside."""
        return (self.low is None or frame > self.low) and (self.high is None or frame < self.high)

    def touches(self, frame: int) -> bool:
        """Whether a frame lies inside or is one of the ends."""
        return self.holds(frame) or frame in (self.low, self.high)


class Visit(NamedTuple):
    """One frame predicted from one side (`FORWARD` comes from earlier frames)."""

    frame: int
    side: int


@dataclass(frozen=True)
class Wish:
    """What a person asked for.

    Attributes:
        ahead: Frames whose masks come from earlier ones, ascending.
        behind: Frames whose masks come from later ones, ascending.
        both_sides: Predict a frame between two references from the other side too.
        brings_all: Objects may come from either side, so that one which only a later reference
            shows reaches earlier frames; else the other side speaks only of what this one carries.
        object_ids: Objects to carry; None for all.
    """

    ahead: tuple[int, ...]
    behind: tuple[int, ...]
    both_sides: bool = True
    brings_all: bool = False
    object_ids: frozenset[int] | None = None

    @staticmethod
    def of(
        direction: str,
        start: int,
        first: int,
        last: int,
        *,
        both_sides: bool = True,
        object_ids: Collection[int] | None = None,
    ) -> Wish:
        """The wish behind a key press.

        Args:
            direction: "forward" (after `start`), "backward" (before it) or "both".
            start: Reference where the person stands.
            first: First frame of the range.
            last: Last frame of it.
            both_sides: See `Wish`.
            object_ids: See `Wish`.

        Raises:
            ValueError: If the direction is none of these.
        """
        if direction not in ("forward", "backward", "both"):
            raise ValueError(f"no direction {direction!r}; one of forward, backward, both")
        own = 0 if direction == "both" else 1
        ahead = range(max(start + own, first), last + 1) if direction != "backward" else range(0)
        behind = range(first, min(start, last + 1)) if direction != "forward" else range(0)
        return Wish(
            tuple(ahead),
            tuple(behind),
            both_sides,
            direction == "both",
            None if object_ids is None else frozenset(object_ids),
        )


class VisitPlan:
    """Every visit that a wish needs, given what the references say.

    Args:
        wish: What was asked for.
        references: Frame to what its map says.
    """

    def __init__(self, wish: Wish, references: Mapping[int, Spoken]) -> None:
        self.wish = wish
        self.references = dict(references)
        self._order = order = sorted(self.references)
        self._earlier = self._nearest(order)
        self._later = self._nearest(order[::-1])
        self.full = tuple(i for i in order if not self.references[i].leaves_open(self._comes_to(i)))

    def _shown(self, frame: int) -> frozenset[int]:
        shown = self.references[frame].shown
        return shown if self.wish.object_ids is None else shown & self.wish.object_ids

    def _nearest(self, order: Iterable[int]) -> list[tuple[int, dict[int, int]]]:
        """For each reference in this order: which shows each object last, itself included."""
        seen: dict[int, int] = {}
        steps = []
        for index in order:
            seen = seen | dict.fromkeys(self._shown(index), index)
            steps.append((index, seen))
        return steps

    def sources(self, frame: int, side: int) -> dict[int, int]:
        """Objects that reach a frame from a side, with the nearest reference that shows each."""
        found: dict[int, int] = {}
        for index, seen in self._earlier if side == FORWARD else self._later:
            if (frame - index) * side <= 0:
                break
            found = seen
        return found

    def nearest_words(self, frame: int, side: int) -> dict[int, int]:
        """Objects that reach a frame from a side, with the nearest reference that speaks of each.

        It may show the object or say that it is not there.
        """
        words = self._last_words(frame, side, self.sources(frame, side))
        return {object_id: index for object_id, (index, _) in words.items()}

    def absent(self, frame: int) -> frozenset[int]:
        """Objects that are not there by the word of the references before and after a frame.

        Both say so, and they are at most `ABSENT_FRAMES` apart.
        """
        ids = self.carried(frame)
        before, after = (self._last_words(frame, side, ids) for side in (FORWARD, BACKWARD))
        found = set()
        for object_id in before.keys() & after.keys():
            (first, is_before), (last, is_after) = before[object_id], after[object_id]
            if not is_before and not is_after and last - first <= ABSENT_FRAMES:
                found.add(object_id)
        return frozenset(found)

    def _last_words(
        self, frame: int, side: int, object_ids: Collection[int]
    ) -> dict[int, tuple[int, bool]]:
        """For each object the nearest reference on a side that speaks of it, and if it shows it."""
        order = self._order
        near_first = (
            reversed(order[: bisect_left(order, frame)])
            if side == FORWARD
            else iter(order[bisect_right(order, frame) :])
        )
        left = frozenset(object_ids)
        words: dict[int, tuple[int, bool]] = {}
        for index in near_first:
            if not left:
                break
            spoken = self.references[index]
            told = left - spoken.leaves_open(left)
            words |= {object_id: (index, object_id in spoken.shown) for object_id in told}
            left -= told
        return words

    def main_side(self, frame: int) -> int:
        """The side that a frame's masks come from first."""
        side = BACKWARD if self.wish.behind and frame <= self.wish.behind[-1] else FORWARD
        if self.wish.brings_all and not self.sources(frame, side):
            return -side
        return side

    def _comes_to(self, frame: int) -> frozenset[int]:
        ids = frozenset(self.sources(frame, self.main_side(frame)))
        if self.wish.brings_all and self.wish.both_sides:
            ids |= frozenset(self.sources(frame, -self.main_side(frame)))
        return ids

    def carried(self, frame: int) -> frozenset[int]:
        """Objects that may appear in a frame."""
        return self._comes_to(frame)

    def sides(self, frame: int) -> tuple[int, ...]:
        """Sides that a frame is predicted from, the main one first; none when nothing comes."""
        main = self.main_side(frame)
        wanted = self.carried(frame)
        spoken = self.references.get(frame)
        needed = []
        for side in (main, -main) if self.wish.both_sides else (main,):
            ids = wanted & frozenset(self.sources(frame, side))
            if spoken is not None:
                ids = spoken.leaves_open(ids)
            if ids:
                needed.append(side)
        return tuple(needed)

    def stretches(self) -> list[Stretch]:
        """The stretches from the start of the video to its end."""
        ends: list[int | None] = [None, *self.full, None]
        return [Stretch(low, high) for low, high in pairwise(ends)]

    def stretch_of(self, frame: int) -> Stretch:
        """The stretch around a frame that is no full reference."""
        return next(stretch for stretch in self.stretches() if stretch.holds(frame))

    def stretch_from(self, frame: int, side: int) -> Stretch:
        """The stretch that a pass is in from a frame on: around it, or begun by it."""
        if frame not in self.full:
            return self.stretch_of(frame)
        return next(s for s in self.stretches() if (s.low if side == FORWARD else s.high) == frame)

    def passes(self, done: Collection[Visit] = ()) -> list[tuple[Visit, ...]]:
        """What is left, as passes of one side through one stretch, in the order of a run.

        A run goes ahead first, then back, away from where the person stands; in each stretch the
        side comes first that the run comes from. A pass goes in the direction of its side.

        Args:
            done: Visits that need not be made again.
        """
        finished, full = frozenset(done), frozenset(self.full)
        gathered: dict[Stretch, dict[int, list[Visit]]] = {}
        first_side: dict[Stretch, int] = {}
        for frames, side_first in ((self.wish.ahead, FORWARD), (self.wish.behind[::-1], BACKWARD)):
            stretches = self.stretches()[::side_first]
            for frame in (frame for frame in frames if frame not in full):
                while not stretches[0].holds(frame):
                    stretches.pop(0)
                first_side.setdefault(stretches[0], side_first)
                visits = gathered.setdefault(stretches[0], {FORWARD: [], BACKWARD: []})
                for side in self.sides(frame):
                    if Visit(frame, side) not in finished:
                        visits[side].append(Visit(frame, side))
        order = []
        for stretch, first in first_side.items():
            for side in (first, -first):
                visits_of_side = sorted(gathered[stretch][side], key=lambda v: v.frame * v.side)
                if visits_of_side:
                    order.append(tuple(visits_of_side))
        return order

    def resting_on(self, index: int, side: int) -> Stretch:
        """Frames whose prediction from a side comes by way of a reference, up to the next full one.

        Args:
            index: The reference.
            side: `FORWARD` for what lies after it.
        """
        if side == FORWARD:
            return Stretch(index, next((i for i in self.full if i > index), None))
        return Stretch(next((i for i in reversed(self.full) if i < index), None), index)

"""A run over a whole video that a person steers: both sides of every frame, fused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from vos_core.inference.device import give_back_freed_memory
from vos_core.inference.fusion import Nearness, PackedSide, fuse, without_objects
from vos_core.inference.known_masks import KnownMask
from vos_core.inference.passes import OneWay, Passes
from vos_core.inference.propagation import ReadFrame
from vos_core.inference.propagator import Propagator
from vos_core.inference.records import FrameResult, PropagatorOptions
from vos_core.inference.route import Route
from vos_core.inference.stretches import BACKWARD, FORWARD, Spoken, Visit, VisitPlan, Wish
from vos_core.media.byte_shelf import ByteShelf

PACKED_BYTES = 256 << 20
TRIM_VISITS = 200
"""Visits after which freed memory goes back to the system: enough to cost nothing."""


@dataclass
class _Pass:
    """The pass in hand: its propagation and the visits that are left of it."""

    propagation: OneWay
    left: list[Visit]


class TwoSidedPropagation:
    """Carries masks through a range of frames, between references from both sides.

    `step` gives one frame at a time. A frame between two references comes twice: first as the side
    sees it that the run comes from, then fused with the other side (see `fusion`); the later answer
    replaces the earlier. A frame outside the references comes once, as a plain `Propagation` gives
    it.

    Args:
        begin: Makes the propagation of one pass from its route.
        references: Frame index to uint8 [H, W] label map.
        wish: Which frames, from which sides, for which objects.
        known: Ids that the maps speak of (see `Propagator.start`).

    Raises:
        UserError: If a map is no uint8 [H, W] or of another size than the others.
    """

    def __init__(
        self,
        begin: Callable[[Route], OneWay],
        references: Mapping[int, np.ndarray],
        wish: Wish,
        known: Mapping[int, Collection[int]] | None = None,
    ) -> None:
        self._begin_pass, self._wish = begin, wish
        known = known or {}
        self._masks: dict[int, KnownMask] = {}
        self._done: set[Visit] = set()
        self._packed: dict[Visit, PackedSide] = {}
        self._shelf = ByteShelf()
        self._visit_count = 0
        self._pass: _Pass | None = None
        self._notices: list[str] = []
        self._is_closed = False
        for index, label_map in references.items():
            self._take(index, label_map, known.get(index))
        self._replan()

    @staticmethod
    def start(
        propagator: Propagator,
        read_frame: ReadFrame,
        references: Mapping[int, np.ndarray],
        wish: Wish,
        *,
        known: Mapping[int, Collection[int]] | None = None,
        options: PropagatorOptions | None = None,
    ) -> TwoSidedPropagation:
        """Prepare a run of a loaded network; the first frame is computed by the first `step`.

        Args:
            propagator: The network on its device.
            read_frame: Gives frame i as uint8 [H, W, 3] RGB.
            references: See the class.
            wish: See the class.
            known: See the class.
            options: How to run.
        """
        passes = Passes(propagator, read_frame, options or PropagatorOptions())
        return TwoSidedPropagation(passes.begin, references, wish, known)

    def _take(self, index: int, label_map: np.ndarray, known: Collection[int] | None) -> None:
        size = next(iter(self._masks.values())).label_map.shape if self._masks else label_map.shape
        self._masks[index] = KnownMask.of_person(index, label_map, size, known)

    def _replan(self) -> None:
        spoken = {index: Spoken(mask.shown, mask.known) for index, mask in self._masks.items()}
        self._plan = VisitPlan(self._wish, spoken)
        held = set(self._pass.left) if self._pass else set()
        self._passes = self._plan.passes(self._done | held)

    @property
    def steps_left(self) -> int:
        """Visits that are left; a frame that is predicted from both sides counts twice."""
        return sum(map(len, self._passes)) + (len(self._pass.left) if self._pass else 0)

    @property
    def packed_bytes(self) -> int:
        """Memory of the answers that are kept to be fused."""
        return sum(side.nbytes for side in self._packed.values())

    def take_notices(self) -> list[str]:
        """What a person should know of the run so far; each is given once."""
        self._gather_notices()
        notices, self._notices = self._notices, []
        return notices

    def _gather_notices(self) -> None:
        if self._pass is not None:
            self._notices += self._pass.propagation.take_notices()

    def step(self) -> FrameResult | None:
        """Make the next visit; None when nothing is left.

        Raises:
            UserError: As `Propagation.step`; the run stays where it is.
        """
        while not self._is_closed:
            if self._pass is None:
                if not self._passes:
                    return None
                self._begin(self._passes.pop(0))
            running = self._pass
            assert running is not None
            result = running.propagation.step() if running.left else None
            if result is None:
                self._gather_notices()
                running.propagation.close()
                self._pass = None
                continue
            visit = Visit(result.index, running.left[0].side)
            if visit in running.left:
                del running.left[: running.left.index(visit) + 1]
            return self._finished(visit, result)
        return None

    def _begin(self, visits: tuple[Visit, ...]) -> None:
        side = visits[0].side
        ids = self._wish.object_ids
        if not self._wish.brings_all and side != self._plan.main_side(visits[0].frame):
            # the other side speaks of what this one carries and of nothing else
            ids = frozenset().union(*(self._plan.carried(visit.frame) for visit in visits))
        route = Route(
            {index: mask.label_map for index, mask in self._masks.items()},
            [visit.frame for visit in visits],
            ids,
            {index: mask.known for index, mask in self._masks.items() if mask.known is not None},
            direction=side,
        )
        self._pass = _Pass(self._begin_pass(route), list(visits))

    def _finished(self, visit: Visit, result: FrameResult) -> FrameResult:
        self._visit_count += 1
        if self._visit_count % TRIM_VISITS == 0:
            give_back_freed_memory()
        self._done.add(visit)
        self._packed[visit] = PackedSide.of(result, self._shelf)
        other = Visit(visit.frame, -visit.side)
        sides = self._plan.sides(visit.frame)
        if len(sides) < 2 or other not in self._done:
            self._limit_memory()
            return without_objects(result, self._plan.absent(visit.frame))
        kept = self._packed[other].unpack()
        forward, backward = (result, kept) if visit.side == FORWARD else (kept, result)
        nearness = Nearness.of(
            visit.frame,
            self._plan.nearest_words(visit.frame, FORWARD),
            self._plan.nearest_words(visit.frame, BACKWARD),
        )
        carried = self._plan.carried(visit.frame)
        fused = fuse(forward, backward, nearness, object_ids=carried)
        fused = without_objects(fused, self._plan.absent(visit.frame))
        self._limit_memory()
        return replace(fused, seconds=result.seconds, stage_seconds=result.stage_seconds)

    def _limit_memory(self) -> None:
        """Forget the sides of frames that are fused, oldest first.

        After a correction these frames are visited anew from both sides.
        """
        size = self.packed_bytes
        for visit in list(self._packed):
            if size <= PACKED_BYTES:
                return
            if (
                len(self._plan.sides(visit.frame)) < 2
                or Visit(visit.frame, -visit.side) in self._done
            ):
                size -= self._packed.pop(visit).nbytes

    def correct(
        self, index: int, label_map: np.ndarray, known: Collection[int] | None = None
    ) -> None:
        """Take a person's map as a reference before the next step.

        What came by way of the frame is visited anew: at once, where the pass in hand has gone
        beyond it; a frame ahead is taken up when it is reached. The other side of the frames before
        it follows in its turn.

        Args:
            index: Frame; a reference that is there already is replaced.
            label_map: uint8 [H, W].
            known: Ids that the map speaks of (see `Propagator.start`).

        Raises:
            UserError: If the map is no uint8 [H, W] of the frames' size.
        """
        if self._is_closed:
            return
        self._take(index, label_map, known)
        running, plan = self._pass, self._plan
        self._replan()
        for side in (FORWARD, BACKWARD):
            stale = self._plan.resting_on(index, side)
            for visit in [v for v in self._done if v.side == side and stale.touches(v.frame)]:
                if visit.frame in (stale.low, stale.high) and visit.frame != index:
                    continue
                self._forget(visit)
        if running is not None:
            self._steer(running, plan, index, label_map, known)
        self._replan()

    def _forget(self, visit: Visit) -> None:
        self._done.discard(visit)
        self._packed.pop(visit, None)
        other = Visit(visit.frame, -visit.side)
        if other in self._done and other not in self._packed:
            self._done.discard(other)  # its answer is needed again and is there no more

    def _steer(
        self,
        running: _Pass,
        plan: VisitPlan,
        index: int,
        label_map: np.ndarray,
        known: Collection[int] | None,
    ) -> None:
        """Let the pass in hand go on with a correction: from it, or up to it."""
        if not running.left:
            return
        front, side = running.left[0]
        if not plan.stretch_of(front).touches(index):
            return  # it goes on between the same references
        running.propagation.correct(index, label_map, known)
        begin = index if (front - index) * side > 0 else front
        stretch = self._plan.stretch_from(begin, side)
        running.left = [
            visit
            for visits in self._plan.passes(self._done)
            for visit in visits
            if visit.side == side
            and (visit.frame - begin) * side >= 0
            and stretch.holds(visit.frame)
            and plan.stretch_of(front).holds(visit.frame)
        ]

    def close(self) -> None:
        """Drop everything; further steps give None."""
        self._is_closed = True
        if self._pass is not None:
            self._pass.propagation.close()
        self._pass = None
        self._passes, self._packed = [], {}
        give_back_freed_memory()


def _refuse(_route: Route) -> OneWay:
    raise RuntimeError("a run that is closed begins no pass")

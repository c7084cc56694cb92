"""The order in which a propagation visits frames, and what it knows at each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from vos_core.errors import UserError
from vos_core.inference.known_masks import KnownMask

NO_IDS: frozenset[int] = frozenset()


class Leg(NamedTuple):
    """What to do next.

    Attributes:
        target: Frame to segment.
        anchor: The reference whose mask is the previous frame of this step; None to go on from the
            frame that was segmented last.
        object_ids: Objects to segment, ascending.
        open_ids: At a reference frame whose map does not speak of every travelling object: those
            objects, which alone are taken from the prediction; empty at any other frame.
    """

    target: int
    anchor: int | None
    object_ids: tuple[int, ...]
    open_ids: frozenset[int]


class Route:
    """References, visiting order and place of one propagation.

    An object takes part in a target frame once a reference on the side the propagation comes from
    has shown it; before that it gets no pixel.

    A reference frame is no target, unless its map does not speak of an object that travels (see
    `known`): then it is visited for the missing objects, and from there on its map is the person's
    pixels completed by the prediction.

    Args:
        references: Frame index to uint8 [H, W] label map; 255 belongs to nobody.
        targets: Frames in visiting order, ascending or descending.
        object_ids: Objects to carry; None takes all that the references show.
        known: For some references the ids that the map speaks of: such an object, where the map
            does not show it, is not in the frame. Ids that the map shows are always among them. By
            default a map speaks of every object that it or a reference behind it shows.
        direction: 1 when targets ascend, -1 when they descend; None to see it from them.

    Raises:
        UserError: If there is no reference, a map is no uint8 [H, W] or of another size, or no
            reference shows a wanted object.
        ValueError: If the targets are neither ascending nor descending.
    """

    def __init__(
        self,
        references: Mapping[int, np.ndarray],
        targets: Sequence[int],
        object_ids: Collection[int] | None,
        known: Mapping[int, Collection[int]] | None = None,
        *,
        direction: int | None = None,
    ) -> None:
        if not references:
            raise UserError("there is no reference frame; paint an object on a frame first")
        self.size = tuple(next(iter(references.values())).shape[:2])
        self._masks: dict[int, KnownMask] = {}
        self._wanted = None if object_ids is None else frozenset(object_ids)
        self._order = list(targets)
        self._position = 0
        self._last: int | None = None
        self._is_closed = False
        known = known or {}
        for index, label_map in references.items():
            self._take(index, label_map, known.get(index))
        if not any(map(self._shown, self._masks)):
            raise UserError(
                "no reference frame shows an object to carry; paint at least one object"
            )
        self._direction = self._find_direction() if direction is None else direction

    def _find_direction(self) -> int:
        if len(self._order) == 1:
            return -1 if min(self._masks) > self._order[0] else 1
        steps = {int(np.sign(after - before)) for before, after in pairwise(self._order)}
        if len(steps) > 1 or 0 in steps:
            raise ValueError(f"targets must ascend or descend: {self._order[:10]} ...")
        return steps.pop() if steps else 1

    def _take(self, index: int, label_map: np.ndarray, known: Collection[int] | None) -> None:
        self._masks[index] = KnownMask.of_person(index, label_map, self.size, known)

    def _shown(self, index: int) -> frozenset[int]:
        shown = self._masks[index].shown
        return shown if self._wanted is None else shown & self._wanted

    def shown_by(self, indices: Collection[int]) -> frozenset[int]:
        """Wanted objects that the maps of these references show; other frames show none."""
        return NO_IDS.union(*(self._shown(index) for index in indices if index in self._masks))

    @property
    def direction(self) -> int:
        """1 forward in time, -1 backward."""
        return self._direction

    @property
    def reference_indices(self) -> list[int]:
        """Frames with a person's map, ascending."""
        return sorted(self._masks)

    @property
    def targets(self) -> tuple[int, ...]:
        """All targets in visiting order, visited ones and references among them."""
        return tuple(self._order)

    @property
    def targets_left(self) -> int:
        """Targets that are still to be visited."""
        return sum(self._is_target(index) for index in self._order[self._position :])

    def label_map(self, index: int) -> np.ndarray:
        """The map of a reference, completed by the prediction where the frame was visited."""
        return self._masks[index].label_map

    def speaks_of(self, index: int, object_ids: Collection[int]) -> bool:
        """Whether a reference's map says of every one of these objects where it is."""
        return self._unknown(index, object_ids) == NO_IDS

    def _unknown(self, index: int, object_ids: Collection[int]) -> frozenset[int]:
        known = self._masks[index].known
        if known is None:
            known = self.shown_by([index, *self.behind(index)])
        return frozenset(object_ids) - known

    def _open_ids(self, index: int) -> frozenset[int]:
        """Objects that travel to a reference frame whose map does not speak of them."""
        if index not in self._masks or self._masks[index].known is None:
            return NO_IDS
        return self._unknown(index, self.shown_by(self.behind(index)))

    def _is_target(self, index: int) -> bool:
        return index not in self._masks or bool(self._open_ids(index))

    def close(self) -> None:
        """End the route where it is, for good."""
        self._position, self._is_closed = len(self._order), True

    def correct(
        self, index: int, label_map: np.ndarray, known: Collection[int] | None = None
    ) -> frozenset[int]:
        """Add or replace a reference; go back if targets beyond it have been visited.

        Returns:
            The references whose map is another one than before.

        Raises:
            UserError: If the map is no uint8 [H, W] of the frames' size.
        """
        if self._is_closed:
            return NO_IDS
        self._take(index, label_map, known)
        changed = {index}
        for other, mask in self._masks.items():
            if mask.drawn is not None and (other - index) * self._direction > 0:
                self._masks[other] = mask.drawn  # its prediction may follow from what was wrong
                changed.add(other)
        beyond = (p for p, i in enumerate(self._order) if (i - index) * self._direction >= 0)
        position = next(beyond, len(self._order))
        if position < self._position:
            self._position, self._last = position, None
        return frozenset(changed)

    def behind(self, target: int) -> list[int]:
        """References on the side the propagation comes from, nearest last."""
        behind = [i for i in self._masks if (target - i) * self._direction > 0]
        return sorted(behind, key=lambda i: i * self._direction)

    def anchor(self) -> int:
        """The reference to start from: the nearest behind the next target, else the nearest."""
        target = self._order[self._position]
        behind = self.behind(target)
        return behind[-1] if behind else min(self._masks, key=lambda i: abs(i - target))

    def next_leg(self) -> Leg | None:
        """The next step; None at the end.

        An anchor is given at the start, after a jump, and whenever a reference was passed since
        the last target.
        """
        while self._position < len(self._order) and not self._is_target(
            self._order[self._position]
        ):
            self._position += 1
        if self._position >= len(self._order):
            return None
        target = self._order[self._position]
        behind = self.behind(target)
        ids = self.shown_by(behind or self._masks)
        if self._last is None:
            anchor: int | None = self.anchor()
        else:
            newest = behind[-1] if behind else None
            passed = newest is not None and (newest - self._last) * self._direction >= 0
            anchor = newest if passed else None
        return Leg(target, anchor, tuple(sorted(ids)), self._open_ids(target))

    def complete(self, target: int, predicted: np.ndarray, open_ids: frozenset[int]) -> np.ndarray:
        """Complete a partial reference by the prediction of the objects it does not speak of.

        From now on the map counts as speaking of every object that travels.

        Args:
            target: The reference frame.
            predicted: uint8 [H, W] prediction.
            open_ids: Objects to take from it, where the person's map is 0 or 255.

        Returns:
            uint8 [H, W]: the map that results, without 255.
        """
        mask = self._masks[target].completed(predicted, open_ids)
        self._masks[target] = mask
        return mask.result

    def done(self, target: int) -> None:
        """The target is segmented; go on."""
        self._last = target
        self._position += 1

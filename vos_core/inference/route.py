"""The order in which a propagation visits frames, and what it knows at each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vos_core.errors import UserError

VOID = 255


def _shown_ids(label_map: np.ndarray) -> frozenset[int]:
    return frozenset(int(value) for value in np.flatnonzero(np.bincount(label_map.ravel()))) - {
        0,
        VOID,
    }


class Route:
    """References, visiting order and place of one propagation.

    An object takes part in a target frame once a reference on the side the propagation comes from
    has shown it; before that it gets no pixel.

    Args:
        references: Frame index to uint8 [H, W] label map.
        targets: Frames in visiting order; reference frames among them are passed over.
        object_ids: Objects to carry; None takes all that the references show.

    Raises:
        UserError: If there is no reference, sizes differ, or no reference shows a wanted object.
    """

    def __init__(
        self,
        references: Mapping[int, np.ndarray],
        targets: Sequence[int],
        object_ids: Sequence[int] | None,
    ) -> None:
        if not references:
            raise UserError("there is no reference frame; paint an object on a frame first")
        self.references: dict[int, np.ndarray] = {}
        self._shown: dict[int, frozenset[int]] = {}
        self.size = next(iter(references.values())).shape[:2]
        self._wanted = None if object_ids is None else frozenset(object_ids)
        self._order = list(targets)
        self._position = 0
        self._last: int | None = None
        for index, label_map in references.items():
            self._take(index, label_map)
        if not any(self._shown.values()):
            raise UserError(
                "no reference frame shows an object to carry; paint at least one object"
            )
        descending = len(self._order) > 1 and self._order[1] < self._order[0]
        if len(self._order) == 1:
            descending = min(self.references) > self._order[0]
        self._direction = -1 if descending else 1

    def _take(self, index: int, label_map: np.ndarray) -> None:
        if label_map.shape != tuple(self.size):
            raise UserError(
                f"the mask of frame {index} is {label_map.shape[1]}x{label_map.shape[0]} pixels, "
                f"the others are {self.size[1]}x{self.size[0]}"
            )
        shown = _shown_ids(label_map)
        self.references[index] = label_map.copy()
        self._shown[index] = shown if self._wanted is None else shown & self._wanted

    @property
    def targets_left(self) -> int:
        """Targets that are still to be visited."""
        return sum(index not in self.references for index in self._order[self._position :])

    def clear(self) -> None:
        """End the route where it is."""
        self._position = len(self._order)

    def correct(self, index: int, label_map: np.ndarray) -> None:
        """Add or replace a reference; go back to it if it lies among the frames already passed."""
        self._take(index, label_map)
        passed = self._order[: self._position]
        if index in passed:
            self._position = passed.index(index) + 1
            self._last = None

    def _behind(self, target: int) -> list[int]:
        """References on the side the propagation comes from, nearest last."""
        behind = [i for i in self.references if (target - i) * self._direction > 0]
        return sorted(behind, key=lambda i: i * self._direction)

    def anchor(self) -> int:
        """The reference to start from: the nearest behind the next target, else the nearest."""
        target = self._order[self._position]
        behind = self._behind(target)
        return behind[-1] if behind else min(self.references, key=lambda i: abs(i - target))

    def next_leg(self) -> tuple[int, int | None, tuple[int, ...]] | None:
        """(target, anchor or None, object ids) of the next step; None at the end.

        The anchor is the reference whose mask is the previous frame of this step: given at the
        start, after a jump, and whenever a reference was passed since the last target.
        """
        while self._position < len(self._order) and self._order[self._position] in self.references:
            self._position += 1
        if self._position >= len(self._order):
            return None
        target = self._order[self._position]
        behind = self._behind(target)
        seen = behind or list(self.references)
        ids = frozenset[int]().union(*(self._shown[index] for index in seen))
        if self._last is None:
            anchor: int | None = self.anchor()
        else:
            newest = behind[-1] if behind else None
            passed = newest is not None and (newest - self._last) * self._direction >= 0
            anchor = newest if passed else None
        return target, anchor, tuple(sorted(ids))

    def done(self, target: int) -> None:
        """The target is segmented; go on."""
        self._last = target
        self._position += 1

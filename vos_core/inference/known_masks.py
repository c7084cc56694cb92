"""The map of one reference frame: what a person drew, what it speaks of, what was added to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from vos_core.errors import UserError

VOID = 255


def shown_ids(label_map: np.ndarray) -> frozenset[int]:
    """Ids of the objects that a uint8 map shows; 0 and 255 are none."""
    values = np.flatnonzero(np.bincount(label_map.ravel(), minlength=256))
    return frozenset(values.tolist()) - {0, VOID}


def without_background(label_map: np.ndarray) -> np.ndarray:
    """The map with background given to nobody: it shows objects and says nothing else."""
    return np.where(label_map == 0, np.uint8(VOID), label_map)


@dataclass(frozen=True)
class KnownMask:
    """Label map of a reference frame.

    Attributes:
        label_map: uint8 [H, W]; 255 belongs to nobody.
        shown: Ids in the map.
        known: Ids that the map speaks of, `shown` included; None when nobody said.
        drawn: The person's own mask, where the prediction has completed it; else None.
    """

    label_map: np.ndarray
    shown: frozenset[int]
    known: frozenset[int] | None
    drawn: KnownMask | None = None

    @staticmethod
    def of_person(
        index: int, label_map: np.ndarray, size: tuple[int, ...], known: Collection[int] | None
    ) -> KnownMask:
        """Check and copy a person's map.

        Raises:
            UserError: If it is no uint8 [H, W] of that size.
        """
        if label_map.ndim != 2 or label_map.dtype != np.uint8:
            raise UserError(
                f"the mask of frame {index} is an array of {label_map.dtype} with "
                f"{label_map.ndim} axes; it must be a map of 8-bit object ids"
            )
        if label_map.shape != tuple(size):
            raise UserError(
                f"the mask of frame {index} is {label_map.shape[1]}x{label_map.shape[0]} pixels, "
                f"the others are {size[1]}x{size[0]}"
            )
        shown = shown_ids(label_map)
        return KnownMask(label_map.copy(), shown, None if known is None else shown | set(known))

    @property
    def result(self) -> np.ndarray:
        """The map without nobody's pixels: they become background."""
        return np.where(self.label_map == VOID, np.uint8(0), self.label_map)

    def completed(self, predicted: np.ndarray, open_ids: Collection[int]) -> KnownMask:
        """The mask with some objects of a prediction laid under what the person drew.

        Args:
            predicted: uint8 [H, W].
            open_ids: Ids to take over.
        """
        free = (self.label_map == 0) | (self.label_map == VOID)
        taken = free & np.isin(predicted, sorted(open_ids))
        label_map = np.where(taken, predicted, self.label_map)
        known = (self.known or self.shown) | set(open_ids)
        drawn = self.drawn or self
        return KnownMask(label_map, shown_ids(label_map) | self.shown, frozenset(known), drawn)

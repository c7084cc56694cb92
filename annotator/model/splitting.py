"""An object's mask divided into its connected components, and the components followed in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from annotator.model.errors import ObjectError
from annotator.model.merging import ids_in
from annotator.model.packed_map import ByteMap, PackedMap

SMALLEST_SHARE = 0.02
"""A component with a smaller share of the object's pixels is a speck, not a piece."""
SMALLEST_PIXELS = 4
"""Nor is one of fewer pixels."""


class SplitFrame(NamedTuple):
    """One frame of a split.

    Attributes:
        frame_index: which.
        packed: label map afterwards, the very map from before where nothing changed.
        present: ids that occur in it.
    """

    frame_index: int
    packed: PackedMap
    present: frozenset[int]


@dataclass(frozen=True)
class Pieces:
    """Components of one mask.

    Attributes:
        components: int32 [H, W], 0 outside the mask, else number of the component.
        areas: pixels of each component; entry 0 counts what is outside.
        centres: (x, y) of each component, float [n, 2].
    """

    components: np.ndarray
    areas: np.ndarray
    centres: np.ndarray

    @classmethod
    def of(cls, mask: np.ndarray) -> Pieces:
        """Find the components (8-connected) of a mask, bool or uint8 [H, W]."""
        content = np.ascontiguousarray(mask, np.uint8)
        _, components, stats, centres = cv2.connectedComponentsWithStats(content, connectivity=8)
        return cls(np.asarray(components), np.asarray(stats)[:, cv2.CC_STAT_AREA], centres)

    @property
    def count(self) -> int:
        """Number of components."""
        return len(self.areas) - 1

    def large(self) -> list[int]:
        """Numbers of the components that are more than specks, the largest first."""
        if self.count == 0:
            return []
        least = max(SMALLEST_PIXELS, SMALLEST_SHARE * float(self.areas[1:].sum()))
        numbers = [n for n in range(1, self.count + 1) if self.areas[n] >= least]
        return sorted(numbers, key=lambda n: (-int(self.areas[n]), n))

    def nearest(self, number: int, others: Iterable[int]) -> int:
        """Which of the others has its centre nearest to that of a component."""
        x, y = self.centres[number]
        return min(
            others, key=lambda n: (self.centres[n][0] - x) ** 2 + (self.centres[n][1] - y) ** 2
        )


def piece_count(label_map: ByteMap, object_id: int) -> int:
    """Number of pieces (specks left out) that an object has in a frame."""
    return len(Pieces.of(label_map == object_id).large())


def split_frame(label_map: ByteMap, object_id: int, new_ids: list[int]) -> ByteMap:
    """Give every piece but the largest an id of its own; specks go with the nearest piece.

    Args:
        label_map: uint8 [H, W].
        object_id: which object; its largest piece keeps the id.
        new_ids: ids for the other pieces, one each, from the largest on.

    Raises:
        ObjectError: the mask has no second piece, or there are fewer ids than pieces.
    """
    pieces = Pieces.of(label_map == object_id)
    large = pieces.large()
    if len(large) < 2:
        raise ObjectError("the mask is in one piece: there is nothing to split")
    if len(new_ids) < len(large) - 1:
        raise ObjectError(
            f"the mask has {len(large)} pieces, but only {len(new_ids)} object ids are free"
        )
    given = dict(zip(large, [object_id, *new_ids], strict=False))
    values = np.zeros(pieces.count + 1, np.uint8)
    for number in range(1, pieces.count + 1):
        values[number] = given[number if number in given else pieces.nearest(number, large)]
    return np.where(pieces.components > 0, values[pieces.components], label_map).astype(np.uint8)


class PieceTracker:
    """Follows the pieces of a split object from frame to frame.

    Each component of the object in the next frame goes to the piece with which it shares most
    pixels in the frames before, a component that touches none to the piece whose last centre is
    nearest. A piece that is hidden for a while is found again where it was seen last.

    Args:
        label_map: frame in which the object is split already.
        ids: the ids of its pieces.
    """

    def __init__(self, label_map: ByteMap, ids: Iterable[int]) -> None:
        self._ids = tuple(ids)
        self._seen = np.zeros_like(label_map)
        self._centres: dict[int, tuple[float, float]] = {}
        self._note(label_map)

    def split(self, label_map: ByteMap, object_id: int) -> ByteMap:
        """Divide the object in the next frame; a new map, the same one when it has no pixel."""
        pieces = Pieces.of(label_map == object_id)
        if pieces.count == 0:
            return label_map
        values = np.zeros(pieces.count + 1, np.uint8)
        joint = pieces.components * 256 + self._seen
        shared = np.bincount(joint.ravel(), minlength=256 * (pieces.count + 1))
        table = shared.reshape(-1, 256)
        for number in range(1, pieces.count + 1):
            overlaps = {piece: int(table[number, piece]) for piece in self._ids}
            best = max(overlaps, key=lambda piece: overlaps[piece])
            values[number] = best if overlaps[best] else self._nearest(pieces.centres[number])
        result = np.where(pieces.components > 0, values[pieces.components], label_map)
        result = result.astype(np.uint8)
        self._note(result)
        return result

    def _nearest(self, centre: np.ndarray) -> int:
        return min(
            self._centres,
            key=lambda piece: (
                (self._centres[piece][0] - centre[0]) ** 2
                + (self._centres[piece][1] - centre[1]) ** 2
            ),
        )

    def _note(self, label_map: ByteMap) -> None:
        for piece in sorted(ids_in(label_map) & set(self._ids)):
            mask = label_map == piece
            self._seen[self._seen == piece] = 0
            self._seen[mask] = piece
            rows, columns = np.nonzero(mask)
            self._centres[piece] = (float(columns.mean()), float(rows.mean()))


def split_frames(
    first: ByteMap,
    object_id: int,
    ids: Iterable[int],
    later: Mapping[int, PackedMap],
) -> Iterator[SplitFrame]:
    """Divide an object in many frames, in the order given; usable in any thread.

    Args:
        first: frame in which it is divided already.
        object_id: the object, whose largest piece has kept the id.
        ids: ids of all pieces.
        later: label maps of the other frames, nearest to the first one first.

    Yields:
        Each frame; a map without the object as it is.
    """
    tracker = PieceTracker(first, ids)
    for frame_index, packed in later.items():
        label_map = packed.unpack()
        divided = tracker.split(label_map, object_id)
        after = packed if divided is label_map else PackedMap.of(divided)
        yield SplitFrame(frame_index, after, frozenset(ids_in(divided)))

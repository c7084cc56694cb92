"""Makes label maps of raw masks, with the mends that a person accepted."""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np

from annotator.exchange.examination import fill_from_nearest, ids_of_values, speck_marks
from annotator.exchange.findings import (
    KEEP,
    KEEP_THIN,
    LEAVE_OUT,
    RENUMBER,
    REPLACE,
    SHIFT,
    SIZE,
    SPECKS,
)
from annotator.exchange.found import RawMask
from annotator.exchange.inspection import ImportReport
from annotator.model.label_maps import ByteMap

_UNKNOWN = 255
"""Marks pixels whose value has no meaning until they are filled; no object has this id."""


class Mender:
    """Turns raw masks into label maps of the target.

    Args:
        report: what was found.
        accepted: keys of mends; those that were not offered do nothing.

    Attributes:
        new_ids: object id in the files -> object id after renumbering, for all objects.

    Raises:
        MendNeededError: a fault is left for which no mend was accepted.
    """

    def __init__(self, report: ImportReport, accepted: Collection[str]) -> None:
        report.check(accepted)
        offered = {mend.key for mend in report.mends}
        self._accepted = offered & set(accepted)
        self._report = report
        target = report.target
        self._size = (target.width, target.height)
        values = report.values
        meaning = dict(values.ids)
        if KEEP_THIN in self._accepted:
            meaning |= {value: value for value in values.edges}
        ids = sorted(set(meaning.values()) - {0})
        wants_numbers = RENUMBER in self._accepted
        self.new_ids = {old: n if wants_numbers else old for n, old in enumerate(ids, start=1)}
        known = {value: self.new_ids.get(old, 0) for value, old in meaning.items()}
        if not values.is_black_and_white and values.kind == "ids":
            known[_UNKNOWN] = 0
        self._known = known
        self._table = np.full(256, _UNKNOWN, np.uint8)
        for value, object_id in known.items():
            if 0 <= value < 256:
                self._table[value] = object_id

    @property
    def frames(self) -> dict[int, int]:
        """Frame of the target -> number in the files, of every mask that is to be imported."""
        numbers = sorted(self._report.found.masks)
        shift = numbers[0] if SHIFT in self._accepted else 0
        frames = {number - shift: number for number in numbers}
        if LEAVE_OUT in self._accepted or shift:
            count = self._report.target.frame_count
            frames = {index: number for index, number in frames.items() if index < count}
        if KEEP in self._accepted and REPLACE not in self._accepted:
            made = self._report.target.person_frames
            frames = {index: number for index, number in frames.items() if index not in made}
        return frames

    def mend(self, raw: RawMask) -> ByteMap:
        """Make a label map of the target's size; any thread may call it."""
        label_map = self._ids_of(raw)
        unknown = label_map == _UNKNOWN
        if unknown.any():
            label_map = fill_from_nearest(label_map, unknown)
        if SPECKS in self._accepted:
            label_map = fill_from_nearest(label_map, speck_marks(label_map))
        if SIZE in self._accepted and label_map.shape != self._size[::-1]:
            resized = cv2.resize(label_map, self._size, interpolation=cv2.INTER_NEAREST_EXACT)
            label_map = np.asarray(resized, np.uint8)
        return label_map

    def _ids_of(self, raw: RawMask) -> ByteMap:
        if raw.ndim == 2 and raw.dtype == np.uint8:
            return np.asarray(cv2.LUT(np.ascontiguousarray(raw), self._table), np.uint8)
        return ids_of_values(raw, self._known, unknown=_UNKNOWN)

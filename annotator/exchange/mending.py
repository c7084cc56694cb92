"""Makes label maps of raw masks, with the mends that a person accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import cv2
import numpy as np

from annotator.exchange.examination import fill_from_nearest, ids_of_values, speck_marks
from annotator.exchange.findings import KEEP_THIN, SIZE, SPECKS
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
        accepted: keys of mends that were offered and accepted.
        found_ids: object ids in the files, ascending.
        new_ids: object id in the files -> object id in the label maps, 0 to leave it out; the same
            ids unless `take_ids` says otherwise.

    Raises:
        MendNeededError: a fault is left for which no mend was accepted.
    """

    def __init__(self, report: ImportReport, accepted: Collection[str]) -> None:
        report.check(accepted)
        self.accepted = frozenset({mend.key for mend in report.mends} & set(accepted))
        self._values = report.values
        self._size = (report.target.width, report.target.height)
        self._meaning = dict(report.values.ids)
        if KEEP_THIN in self.accepted:
            self._meaning |= {value: value for value in report.values.edges}
        self.found_ids = tuple(sorted(set(self._meaning.values()) - {0}))
        self.take_ids({found_id: found_id for found_id in self.found_ids})

    def take_ids(self, new_ids: Mapping[int, int]) -> None:
        """Say what id each object of the files gets."""
        self.new_ids = dict(new_ids)
        known = {value: self.new_ids.get(old, 0) for value, old in self._meaning.items()}
        if not self._values.is_black_and_white and self._values.kind == "ids":
            known[_UNKNOWN] = 0
        self._known = known
        self._table = np.full(256, _UNKNOWN, np.uint8)
        for value, object_id in known.items():
            if 0 <= value < 256:
                self._table[value] = object_id

    def mend(self, raw: RawMask) -> ByteMap:
        """Make a label map of the target's size; any thread may call it."""
        label_map = self._ids_of(raw)
        unknown = label_map == _UNKNOWN
        if unknown.any():
            label_map = fill_from_nearest(label_map, unknown)
        if SPECKS in self.accepted:
            label_map = fill_from_nearest(label_map, speck_marks(label_map))
        if SIZE in self.accepted and label_map.shape != self._size[::-1]:
            resized = cv2.resize(label_map, self._size, interpolation=cv2.INTER_NEAREST_EXACT)
            label_map = np.asarray(resized, np.uint8)
        return label_map

    def _ids_of(self, raw: RawMask) -> ByteMap:
        if raw.ndim == 2 and raw.dtype == np.uint8:
            return np.asarray(cv2.LUT(np.ascontiguousarray(raw), self._table), np.uint8)
        return ids_of_values(raw, self._known, unknown=_UNKNOWN)

"""One mapping of object ids for a whole video, and what benchmarks stumble over in it."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from vos_core.media.errors import LabelMapError
from vos_core.media.label_maps import MAX_OBJECT_ID, object_ids_in


class IdNumbering:
    """Ids of the project -> ids in the files, the same in every frame.

    Args:
        object_ids: Known ids, numbered in ascending order. When None, ids are numbered in the order
            in which they are met.
        renumber: Number from 1 without gaps; else every id stays.

    Attributes:
        id_map: Id in the project -> id in the files.
        shown_in: Id in the project -> frames that show it, ascending.

    Raises:
        LabelMapError: An id is not from 1 to 254.
    """

    def __init__(self, object_ids: Iterable[int] | None = None, *, renumber: bool = True) -> None:
        self.id_map: dict[int, int] = {}
        self.shown_in: dict[int, list[int]] = {}
        self._renumber = renumber
        self._table = np.zeros(256, np.uint8)
        for object_id in sorted(set(object_ids or ())):
            if not 1 <= object_id <= MAX_OBJECT_ID:
                raise LabelMapError(f"object id {object_id} is not from 1 to {MAX_OBJECT_ID}")
            self._enter(object_id)

    @property
    def is_identity(self) -> bool:
        """Whether every id stays as it is."""
        return all(old == new for old, new in self.id_map.items())

    def meet(self, label_map: NDArray[np.uint8]) -> list[int]:
        """Enter the ids of a label map that are not known yet; returns all of them, ascending."""
        ids = object_ids_in(label_map)
        for object_id in ids:
            self._enter(object_id)
        return ids

    def note(self, frame_index: int, ids: Iterable[int]) -> None:
        """Note which objects a frame shows; frames come in ascending order."""
        for object_id in ids:
            self.shown_in.setdefault(object_id, []).append(frame_index)

    def apply(self, label_map: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the map with the ids of the files; the same array where nothing changes.

        Args:
            label_map: uint8 [H, W] whose ids are all known.
        """
        if self.is_identity:
            return label_map
        return np.asarray(cv2.LUT(np.ascontiguousarray(label_map), self._table), np.uint8)

    def warnings(self, *, needs_first_frame: bool = True) -> tuple[str, ...]:
        """Say what an evaluation may stumble over.

        Args:
            needs_first_frame: The benchmark counts only objects that frame 0 shows (DAVIS).
        """
        texts = []
        for object_id, frames in sorted(self.shown_in.items()):
            first = frames[0]
            if first > 0 and needs_first_frame:
                texts.append(
                    f"object {self.id_map[object_id]} first appears in frame {first:05d}: the "
                    "DAVIS evaluation counts only objects of the first frame"
                )
        texts.extend(
            f"object {self.id_map[object_id]} is in no frame"
            for object_id in self.id_map
            if object_id not in self.shown_in
        )
        ids = sorted(self.id_map.values())
        if ids != list(range(1, len(ids) + 1)):
            texts.append(
                f"ids {ids} are not contiguous from 1: evaluations invent the missing ones"
            )
        return tuple(texts)

    def _enter(self, object_id: int) -> None:
        if object_id not in self.id_map:
            self.id_map[object_id] = len(self.id_map) + 1 if self._renumber else object_id
            self._table[object_id] = self.id_map[object_id]

"""The only way to write into a document; handed to commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from annotator.model.cells import CellRow
from annotator.model.changes import ChangeSet
from annotator.model.geometry import Box
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.model.objects import ObjectRecord, ObjectTable
from annotator.model.references import ReferenceChoice

if TYPE_CHECKING:
    from annotator.model.document import Document


class DocumentEditor:
    """Writes into a document and notes what it wrote, so that one command tells its listeners once.

    Attributes:
        document: the document being changed.
        change: what was written so far.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.change = ChangeSet()

    def patch_label_map(self, frame_index: int, box: Box, values: ByteMap) -> None:
        """Write object ids (uint8, the box's shape) into a frame's label map."""
        if box.is_empty:
            return
        self.document.label_maps.patch(frame_index, box, values)
        self._note_pixels(frame_index, box)

    def replace_label_map(self, frame_index: int, packed: PackedMap) -> None:
        """Exchange a frame's label map as a whole."""
        before = self.document.label_maps.pack(frame_index)
        self.document.label_maps.replace(frame_index, packed)
        self._note_pixels(frame_index, before.box.union(packed.box))

    def replace_label_maps(self, maps: Mapping[int, PackedMap]) -> None:
        """Exchange the label maps of many frames as a whole."""
        packs = self.document.label_maps.stored_packs(maps)
        self.document.label_maps.replace_many(maps)
        for frame_index, packed in maps.items():
            before = packs.get(frame_index)
            box = packed.box
            if before is not None and before.box != box:
                box = box.union(before.box)
            self._note_pixels(frame_index, box)

    def replace_reliability_map(self, frame_index: int, packed: PackedMap) -> None:
        """Exchange a frame's reliability map as a whole (an all-zero one takes it away)."""
        self.document.reliability_maps.replace(frame_index, packed)
        self.change.reliability_maps.add(frame_index)

    def set_cells(self, frame_index: int, row: CellRow) -> None:
        """Write the states and reliabilities of a frame."""
        if row != self.document.cells.row(frame_index):
            self.document.cells.set_row(frame_index, row)
            self.change.cells.add(frame_index)

    def set_cell_block(
        self,
        frames: npt.NDArray[np.intp],
        object_ids: npt.NDArray[np.intp],
        states: npt.NDArray[np.uint8],
        codes: npt.NDArray[np.uint8],
    ) -> None:
        """Write some objects' cells in many frames (see `CellTable.set_block`)."""
        self.document.cells.set_block(frames, object_ids, states, codes)
        self.change.cells.update(frames.tolist())

    def insert_object(self, position: int, record: ObjectRecord) -> None:
        """Add an object at a place in the list."""
        self.document.objects.insert(position, record)
        self.change.objects = True

    def remove_object(self, object_id: int, *, highest_id: int | None = None) -> None:
        """Take an object out of the list."""
        self.document.objects.remove(object_id, highest_id=highest_id)
        self.change.objects = True

    def replace_object(self, record: ObjectRecord) -> None:
        """Exchange the record of an object."""
        self.document.objects.replace(record)
        self.change.objects = True

    def replace_objects(self, objects: ObjectTable) -> None:
        """Exchange the whole object table (a project being loaded)."""
        self.document.objects = objects
        self.change.objects = True

    def restore_objects(self, records: Iterable[ObjectRecord], highest_id: int) -> None:
        """Exchange every record and the counter of ids."""
        self.document.objects.restore(records, highest_id)
        self.change.objects = True

    def choose_reference(self, frame_index: int, choice: ReferenceChoice) -> None:
        """Promote or exclude a frame, or leave it to the cells."""
        self.document.references.set(frame_index, choice)
        self.change.references.add(frame_index)

    def set_bookmarks(self, frames: Iterable[int]) -> None:
        """Exchange the bookmarks; frames outside the sequence are left out."""
        count = self.document.frame_count
        self.document.bookmarks = tuple(sorted({f for f in frames if 0 <= f < count}))
        self.change.bookmarks = True

    def note_identities(self, frames: Iterable[int]) -> None:
        """Note that ids stand for other things than before in some frames."""
        self.change.identities.update(frames)

    def _note_pixels(self, frame_index: int, box: Box) -> None:
        known = self.change.label_maps.get(frame_index)
        self.change.label_maps[frame_index] = box if known is None else known.union(box)

"""Masks from files as one undo step: new objects, label maps, cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from annotator.model.cells import (
    PERSON_STATES,
    UNKNOWN_RELIABILITY,
    CellRow,
    CellState,
    state_after_edit,
)
from annotator.model.commands.frames import FrameChange, FrameChanges
from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.errors import ObjectError
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.model.merging import ids_in, lay_over, merge_label_maps
from annotator.model.objects import ObjectRecord


@dataclass(frozen=True)
class ImportedFrame:
    """What comes into a frame.

    Attributes:
        label_map: object ids; every id is in the object table or among the new objects.
        ids: those that occur in it.
        cells: object id -> (state, reliability code) as the files tell them; objects that are
            missing here count as drawn.
        taken_ids: objects for which the map speaks, while all others stay where it shows nothing;
            None when it stands for the whole frame, and objects that it does not show go.
        keeps_person: whether masks that a person made keep their pixels.
    """

    label_map: PackedMap
    ids: frozenset[int]
    cells: Mapping[int, tuple[CellState, int]] = field(default_factory=dict)
    taken_ids: frozenset[int] | None = None
    keeps_person: bool = False

    def merged(self, old: PackedMap, kept_ids: Collection[int]) -> ByteMap:
        """Label map of the frame afterwards, uint8 [H, W]."""
        before, new = old.unpack(), self.label_map.unpack()
        if self.taken_ids is None:
            return merge_label_maps(before, new, kept_ids=kept_ids)
        return lay_over(before, new, kept_ids=kept_ids, taken_ids=self.taken_ids)


def plan_import(
    frame_index: int,
    old: PackedMap,
    row: CellRow,
    imported: ImportedFrame,
    locked_ids: Collection[int],
) -> FrameChange:
    """What an import changes in its frame; of values only, so any thread may ask.

    Objects that are locked, or verified in this frame, keep exactly their pixels, and so do
    those that a person made where the import says so.

    Args:
        frame_index: frame.
        old: its label map now.
        row: its cells now.
        imported: what comes.
        locked_ids: locked objects.
    """
    states = PERSON_STATES if imported.keeps_person else (CellState.VERIFIED,)
    own = np.flatnonzero(np.isin(np.frombuffer(row.states, np.uint8), list(states)))
    kept = set(locked_ids) | set(own.tolist())
    new, changed = imported.label_map, set(imported.ids)
    present = imported.ids
    if not old.is_zero:
        before, merged = old.unpack(), imported.merged(old, kept)
        present = frozenset(ids_in(merged))
        either = ids_in(before) | present
        changed = {i for i in either if not np.array_equal(before == i, merged == i)}
        new = PackedMap.of(merged)
    elif kept & present:
        merged = imported.merged(old, kept)
        present = frozenset(ids_in(merged))
        changed = set(present)
        new = PackedMap.of(merged)
    cells: dict[int, tuple[CellState, int]] = {
        object_id: (
            state_after_edit(row.state(object_id), has_pixels=object_id in present),
            UNKNOWN_RELIABILITY,
        )
        for object_id in changed
    }
    for object_id, (state, code) in imported.cells.items():
        needs_pixels = state in (CellState.DRAWN, CellState.PROPAGATED)
        if object_id not in kept and (object_id in present or not needs_pixels):
            cells[object_id] = (state, code)
    return FrameChange(frame_index, row, row.with_cells(cells), old, new)


class ImportMasks(FrameChanges):
    """Masks from files: undone and done again as one step."""

    def __init__(
        self,
        text: str,
        changes: Iterable[FrameChange],
        records: tuple[ObjectRecord, ...],
        position: int,
        highest_id: int,
    ) -> None:
        super().__init__(text, changes)
        self._records = records
        self._position = position
        self._highest_id = highest_id

    @classmethod
    def prepare(
        cls,
        document: Document,
        frames: Mapping[int, ImportedFrame],
        records: Iterable[ObjectRecord] = (),
        *,
        planned: Mapping[int, FrameChange] | None = None,
        text: str = "import masks",
    ) -> ImportMasks:
        """Plan the import.

        Args:
            document: as it is now.
            frames: frame index -> what comes into it.
            records: new objects; those whose ids are in the table already are dropped.
            planned: changes that `plan_import` made before; those for which the frame has changed
                since are made again.
            text: for the menu.

        Raises:
            FrameError: no such frame, or a map of another size.
            ObjectError: an id that no object has.
        """
        added = tuple(r for r in records if r.object_id not in document.objects)
        known = {*document.objects.ids, *(record.object_id for record in added)}
        locked = document.locked_ids()
        changes = []
        for index, imported in sorted(frames.items()):
            document.label_maps.check_shape((imported.label_map.height, imported.label_map.width))
            unknown = sorted(imported.ids - known)
            if unknown:
                raise ObjectError(
                    f"the mask for frame {index} holds ids {unknown} that no object has; "
                    "add these objects first"
                )
            old, row = document.label_maps.pack(index), document.cells.row(index)
            change = (planned or {}).get(index)
            if change is None or change.old_cells != row or change.old_label_map != old:
                change = plan_import(index, old, row, imported, locked)
            changes.append(change)
        return cls(text, changes, added, len(document.objects), document.objects.highest_id)

    @property
    def added(self) -> tuple[ObjectRecord, ...]:
        """Objects that come in with it."""
        return self._records

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self._records and super().is_empty

    def apply(self, editor: DocumentEditor) -> None:
        """Add the objects, then their masks."""
        for place, record in enumerate(self._records):
            editor.insert_object(self._position + place, record)
        self._write(editor, new=True)

    def revert(self, editor: DocumentEditor) -> None:
        """Take the masks out, then the objects."""
        self._write(editor, new=False)
        for record in reversed(self._records):
            editor.remove_object(record.object_id, highest_id=self._highest_id)

    def _write(self, editor: DocumentEditor, *, new: bool) -> None:
        """Write all maps at once: one by one, a thousand frames hold the window."""
        maps = {
            change.frame_index: change.new_label_map if new else change.old_label_map
            for change in self._changes
        }
        editor.replace_label_maps({i: packed for i, packed in maps.items() if packed is not None})
        for change in self._changes:
            editor.set_cells(change.frame_index, change.new_cells if new else change.old_cells)

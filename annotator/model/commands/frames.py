"""Commands that exchange whole frames one by one: import, fill, propagation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from annotator.model.cells import (
    ID_COUNT,
    UNKNOWN_RELIABILITY,
    CellRow,
    CellState,
    state_after_edit,
)
from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.errors import ObjectError
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.model.merging import ids_in, merge_label_maps


@dataclass(frozen=True, slots=True)
class FrameChange:
    """Old and new content of one frame; a map that does not change is None on both sides."""

    frame_index: int
    old_cells: CellRow
    new_cells: CellRow
    old_label_map: PackedMap | None = None
    new_label_map: PackedMap | None = None
    old_reliability_map: PackedMap | None = None
    new_reliability_map: PackedMap | None = None

    @property
    def is_empty(self) -> bool:
        """Whether old and new are the same."""
        return (
            self.old_cells == self.new_cells
            and self.old_label_map == self.new_label_map
            and self.old_reliability_map == self.new_reliability_map
        )

    @property
    def nbytes(self) -> int:
        """Bytes held, about."""
        maps = (
            self.old_label_map,
            self.new_label_map,
            self.old_reliability_map,
            self.new_reliability_map,
        )
        return 4 * ID_COUNT + 200 + sum(m.nbytes for m in maps if m is not None)

    def write(self, editor: DocumentEditor, *, new: bool) -> None:
        """Write the new (or the old) content."""
        label_map = self.new_label_map if new else self.old_label_map
        reliability_map = self.new_reliability_map if new else self.old_reliability_map
        if label_map is not None:
            editor.replace_label_map(self.frame_index, label_map)
        if reliability_map is not None:
            editor.replace_reliability_map(self.frame_index, reliability_map)
        editor.set_cells(self.frame_index, self.new_cells if new else self.old_cells)


class FrameChanges:
    """A command made of frame changes.

    Args:
        text: for the menu.
        changes: at most one a frame.
        frame_index: frame to jump to; the first changed one when None.
    """

    def __init__(
        self, text: str, changes: Iterable[FrameChange], frame_index: int | None = None
    ) -> None:
        self.text = text
        self._changes = [change for change in changes if not change.is_empty]
        first = self._changes[0].frame_index if self._changes else None
        self.frame_index = first if frame_index is None else frame_index
        self.nbytes = sum(change.nbytes for change in self._changes)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self._changes

    @property
    def changed_frames(self) -> tuple[int, ...]:
        """Frames it changes, in the order of the change."""
        return tuple(change.frame_index for change in self._changes)

    def apply(self, editor: DocumentEditor) -> None:
        """Write the new content."""
        for change in self._changes:
            change.write(editor, new=True)

    def revert(self, editor: DocumentEditor) -> None:
        """Write the old content."""
        for change in reversed(self._changes):
            change.write(editor, new=False)


class ReplaceLabelMap(FrameChanges):
    """A whole label map put in place by a person: an import, or a tool that works on the frame."""

    @classmethod
    def prepare(
        cls,
        document: Document,
        frame_index: int,
        label_map: ByteMap,
        *,
        text: str = "import mask",
        protect: bool = True,
    ) -> ReplaceLabelMap:
        """Plan the exchange.

        Args:
            document: as it is now.
            frame_index: frame.
            label_map: uint8 [H, W]; every id in it must be in the object table.
            text: for the menu.
            protect: objects that are locked, or verified in this frame, keep exactly their pixels.

        Raises:
            FrameError: no such frame or another size.
            ObjectError: an id that is not in the table.
        """
        old_packed = document.label_maps.pack(frame_index)
        document.label_maps.check_shape(label_map.shape)
        counts = np.bincount(label_map.ravel(), minlength=ID_COUNT)
        unknown = [int(i) for i in np.flatnonzero(counts[1:]) + 1 if i not in document.objects]
        if unknown:
            raise ObjectError(
                f"the mask for frame {frame_index} holds ids {unknown} that no object has; "
                "add these objects first"
            )
        old = document.label_map(frame_index)
        row = document.cells.row(frame_index)
        new = label_map
        if protect:
            verified = document.cells.objects_in(frame_index, CellState.VERIFIED)
            kept = document.locked_ids().union(verified)
            new = merge_label_maps(old, label_map, kept_ids=kept)
        changes: dict[int, tuple[CellState, int]] = {}
        for object_id in ids_in(old) | ids_in(new):
            before, after = old == object_id, new == object_id
            if not np.array_equal(before, after):
                state = state_after_edit(row.state(object_id), has_pixels=bool(after.any()))
                changes[object_id] = (state, UNKNOWN_RELIABILITY)
        change = FrameChange(
            frame_index, row, row.with_cells(changes), old_packed, PackedMap.of(new)
        )
        return cls(text, [change], frame_index)

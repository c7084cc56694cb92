"""Many frames exchanged at once: whole label maps, blocks of cells, the object table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.errors import FrameError
from annotator.model.objects import ObjectRecord
from annotator.model.packed_map import PackedMap

Indices = npt.NDArray[np.intp]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class CellBlock:
    """Cells of some objects in some frames, before and after.

    Attributes:
        frames: frame indices [n], ascending.
        object_ids: object ids [k].
        old_states, new_states: `CellState` values [n, k].
        old_codes, new_codes: reliability codes [n, k].
    """

    frames: Indices
    object_ids: Indices
    old_states: Bytes
    new_states: Bytes
    old_codes: Bytes
    new_codes: Bytes

    @classmethod
    def between(
        cls, document: Document, frames: Indices, object_ids: Indices, states: Bytes, codes: Bytes
    ) -> CellBlock:
        """Block from the cells as they are to new ones [n, k]; frames without a change go."""
        block = np.ix_(frames, object_ids)
        old_states = document.cells.states[block]
        old_codes = document.cells.reliability_codes[block]
        changed = ((old_states != states) | (old_codes != codes)).any(axis=1)
        return cls(
            frames[changed],
            object_ids,
            old_states[changed],
            states[changed],
            old_codes[changed],
            codes[changed],
        )

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return 4 * self.old_states.nbytes + self.frames.nbytes

    def write(self, editor: DocumentEditor, *, new: bool) -> None:
        """Write the new (or the old) cells."""
        if len(self.frames):
            states = self.new_states if new else self.old_states
            codes = self.new_codes if new else self.old_codes
            editor.set_cell_block(self.frames, self.object_ids, states, codes)


@dataclass(frozen=True)
class Table:
    """The object table as a value."""

    records: tuple[ObjectRecord, ...]
    highest_id: int

    @classmethod
    def of(cls, document: Document) -> Table:
        """Take it from a document."""
        return cls(document.objects.records, document.objects.highest_id)


class Exchange:
    """A command that exchanges label maps, cells and, where asked, the object table.

    Args:
        text: for the menu.
        cells: cells before and after.
        old_maps: compressed label maps as they are, by frame.
        new_maps: the same frames afterwards.
        tables: object table before and after; None when it stays.
        frame_index: frame to jump to; the first changed one when None.

    Attributes:
        moves_identities: whether ids stand for other things afterwards: in the frames it changes,
            or in all where an object loses its id.
    """

    moves_identities: ClassVar[bool] = False

    def __init__(
        self,
        text: str,
        cells: CellBlock,
        old_maps: Mapping[int, PackedMap],
        new_maps: Mapping[int, PackedMap],
        tables: tuple[Table, Table] | None = None,
        frame_index: int | None = None,
    ) -> None:
        self.text = text
        self._cells = cells
        self._old_maps = old_maps
        self._new_maps = new_maps
        self._tables = tables
        frames = self.changed_frames
        first = frames[0] if frames else None
        self.frame_index = first if frame_index is None else frame_index
        maps = sum(p.nbytes for p in old_maps.values()) + 160 * len(new_maps)
        self.nbytes = 1000 + maps + cells.nbytes + self._own_bytes()

    def _own_bytes(self) -> int:
        """Bytes of new maps that do not share theirs with the old ones."""
        return sum(
            len(packed.data)
            for frame, packed in self._new_maps.items()
            if packed.data is not self._old_maps[frame].data
        )

    @property
    def changed_frames(self) -> tuple[int, ...]:
        """Frames it changes, ascending."""
        return tuple(sorted({*self._old_maps, *self._cells.frames.tolist()}))

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self._old_maps and not len(self._cells.frames) and self._tables is None

    def apply(self, editor: DocumentEditor) -> None:
        """Write what is new."""
        self._write(editor, new=True)

    def revert(self, editor: DocumentEditor) -> None:
        """Write what was before."""
        self._write(editor, new=False)

    def _write(self, editor: DocumentEditor, *, new: bool) -> None:
        maps = self._new_maps if new else self._old_maps
        if maps:
            editor.replace_label_maps(maps)
        self._cells.write(editor, new=new)
        if self._tables is not None:
            table = self._tables[1 if new else 0]
            editor.restore_objects(table.records, table.highest_id)
        if self.moves_identities:
            every = range(editor.document.frame_count)
            editor.note_identities(every if self._takes_ids() else self.changed_frames)

    def _takes_ids(self) -> bool:
        """Whether an object has lost its id afterwards."""
        if self._tables is None:
            return False
        old, new = ({record.object_id for record in table.records} for table in self._tables)
        return not old <= new


def frame_indices(document: Document, frames: Iterable[int] | None) -> Indices:
    """Frames as ascending indices without repeats; all of them for None.

    Raises:
        FrameError: a frame outside the sequence.
    """
    if frames is None:
        return np.arange(document.frame_count)
    indices = np.array(sorted(set(frames)), np.intp)
    if len(indices) and not 0 <= indices[0] <= indices[-1] < document.frame_count:
        wrong = indices[0] if indices[0] < 0 else indices[-1]
        raise FrameError(
            f"frame {wrong} does not exist: frames are 0 to {document.frame_count - 1}"
        )
    return indices


def value_table(changes: Mapping[int, int]) -> bytes:
    """256 bytes in which some values become others and the rest stay."""
    table = bytearray(range(256))
    for old, new in changes.items():
        table[old] = new
    return bytes(table)

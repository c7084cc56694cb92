"""Which object pixels belong to, over many frames: clear, remove, merge, swap, renumber.

None of these decodes a frame: label maps are exchanged by a table of values
(`PackedMap.remapped`), cells as blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from annotator.model.cells import UNKNOWN_RELIABILITY, CellState
from annotator.model.commands.exchange import (
    Bytes,
    CellBlock,
    Exchange,
    Indices,
    Table,
    frame_indices,
    value_table,
)
from annotator.model.document import Document
from annotator.model.errors import LockedObjectError, ObjectError
from annotator.model.objects import ObjectRecord, display_colour
from annotator.model.packed_map import PackedMap

Maps = dict[int, PackedMap]


def refuse_locked(record: ObjectRecord) -> None:
    """Refuse to change a locked object.

    Raises:
        LockedObjectError: it is locked.
    """
    if record.locked:
        raise LockedObjectError(f"{record.name} is locked; unlock it to change its mask")


def verified_frames(
    document: Document, object_ids: Iterable[int], frames: Iterable[int] | None = None
) -> tuple[int, ...]:
    """Frames in which a cell of these objects was verified by a person, ascending."""
    indices = frame_indices(document, frames)
    ids = np.array(sorted(set(object_ids)), np.intp)
    states = document.cells.states[np.ix_(indices, ids)]
    return tuple(indices[(states == CellState.VERIFIED).any(axis=1)].tolist())


class ClearRange(Exchange):
    """Pixels of some objects taken away over a range of frames."""

    @classmethod
    def prepare(
        cls,
        document: Document,
        frames: Iterable[int],
        object_ids: Iterable[int],
        *,
        text: str = "",
        keep_verified: bool = False,
        at: int | None = None,
    ) -> ClearRange:
        """Plan the removal of the objects' pixels; their cells become empty.

        Args:
            document: as it is now.
            frames: frames.
            object_ids: objects.
            text: for the menu.
            keep_verified: cells that a person verified stay as they are.
            at: frame to show when it is undone; the first changed one when None.

        Raises:
            ObjectError: an id that is not in the table.
            LockedObjectError: one of the objects is locked.
            FrameError: no such frame.
        """
        records = [document.objects[object_id] for object_id in object_ids]
        for record in records:
            refuse_locked(record)
        names = ", ".join(record.name for record in records)
        indices = frame_indices(document, frames)
        cells, old, new = _cleared(
            document, indices, [record.object_id for record in records], keep_verified
        )
        return cls(text or f"clear {names}", cells, old, new, frame_index=at)


class RemoveObject(Exchange):
    """An object taken out of the list and out of every frame."""

    @classmethod
    def prepare(cls, document: Document, object_id: int, *, at: int | None = None) -> RemoveObject:
        """Plan the removal.

        Args:
            document: as it is now.
            object_id: which.
            at: frame to show when it is undone; the first of the object when None.

        Raises:
            ObjectError: there is no such object.
            LockedObjectError: it is locked.
        """
        record = document.objects[object_id]
        refuse_locked(record)
        indices = np.array(document.cells.frames_of(object_id), np.intp)
        cells, old, new = _cleared(document, indices, [object_id], keep_verified=False)
        tables = _without(document, object_id)
        return cls(f"remove {record.name}", cells, old, new, tables, at)


class MergeObjects(Exchange):
    """All pixels of one object given to another; the first is gone afterwards."""

    @classmethod
    def prepare(
        cls, document: Document, object_id: int, into: int, *, at: int | None = None
    ) -> MergeObjects:
        """Plan the merge over every frame.

        Where only one of the two has a cell, it is taken over as it is. Where both have one, two
        verified cells are verified, two propagated ones propagated with the lower reliability, and
        every other pair is corrected: a person made a part of it.

        Args:
            document: as it is now.
            object_id: goes.
            into: stays, with its name, colour and id.
            at: frame to show when it is undone.

        Raises:
            ObjectError: there is no such object, or the two are the same.
            LockedObjectError: one of them is locked.
        """
        source, target = document.objects[object_id], document.objects[into]
        if object_id == into:
            raise ObjectError(f"{source.name} cannot be merged into itself; choose another object")
        for record in (source, target):
            refuse_locked(record)
        indices = np.array(document.cells.frames_of(object_id), np.intp)
        ids = np.array([object_id, into], np.intp)
        states, codes = _block(document, indices, ids)
        states[:, 1], codes[:, 1] = _merged_cells(states, codes)
        states[:, 0], codes[:, 0] = CellState.EMPTY, UNKNOWN_RELIABILITY
        cells = CellBlock.between(document, indices, ids, states, codes)
        old, new = _remapped(document, indices, {object_id: into})
        tables = _without(document, object_id)
        return cls(f"merge {source.name} into {target.name}", cells, old, new, tables, at)


class SwapObjects(Exchange):
    """The pixels and cells of two objects exchanged over a range of frames."""

    moves_identities = True

    @classmethod
    def prepare(
        cls,
        document: Document,
        frames: Iterable[int] | None,
        first_id: int,
        second_id: int,
        *,
        keep_verified: bool = False,
        at: int | None = None,
    ) -> SwapObjects:
        """Plan the swap; names, colours and ids stay where they are.

        Args:
            document: as it is now.
            frames: frames; all of them for None.
            first_id: one object.
            second_id: the other one.
            keep_verified: frames in which a cell of the two is verified stay as they are.
            at: frame to show when it is undone.

        Raises:
            ObjectError: there is no such object, or the two are the same.
            LockedObjectError: one of them is locked.
            FrameError: no such frame.
        """
        first, second = document.objects[first_id], document.objects[second_id]
        if first_id == second_id:
            raise ObjectError(f"{first.name} cannot be swapped with itself; choose another object")
        for record in (first, second):
            refuse_locked(record)
        indices = frame_indices(document, frames)
        ids = np.array([first_id, second_id], np.intp)
        states, codes = _block(document, indices, ids)
        taken = (states != CellState.EMPTY).any(axis=1)
        if keep_verified:
            taken &= ~(states == CellState.VERIFIED).any(axis=1)
        indices, states, codes = indices[taken], states[taken], codes[taken]
        cells = CellBlock.between(document, indices, ids, states[:, ::-1], codes[:, ::-1])
        old, new = _remapped(document, indices, {first_id: second_id, second_id: first_id})
        return cls(f"swap {first.name} and {second.name}", cells, old, new, frame_index=at)


class RenumberObjects(Exchange):
    """Ids 1..N in list order; masks, names and states go along."""

    moves_identities = True

    @classmethod
    def prepare(cls, document: Document, *, at: int | None = None) -> RenumberObjects:
        """Plan the renumbering.

        A colour that a person chose stays with its object; one that was given by the old id
        becomes that of the new id. A name that was given by the old id does the same.

        Args:
            document: as it is now.
            at: frame to show when it is undone.
        """
        old_table = Table.of(document)
        new_ids = {record.object_id: place for place, record in enumerate(document.objects, 1)}
        moved = {old: new for old, new in new_ids.items() if old != new}
        records = tuple(_renumbered(record, new_ids) for record in document.objects)
        tables = (old_table, Table(records, len(records)))
        if not moved and old_table.highest_id == len(records):
            none = np.array([], np.intp)
            empty = np.zeros((0, 0), np.uint8)
            return cls(
                "renumber objects", CellBlock(none, none, empty, empty, empty, empty), {}, {}
            )
        ids = np.array(sorted({*moved, *moved.values()}), np.intp)
        every = np.arange(document.frame_count)
        used = (document.cells.states[:, ids] != CellState.EMPTY).any(axis=1)
        indices = every[used]
        states, codes = np.zeros((2, len(indices), len(ids)), np.uint8)
        place = {int(object_id): column for column, object_id in enumerate(ids)}
        for old, new in moved.items():
            states[:, place[new]] = document.cells.states[indices, old]
            codes[:, place[new]] = document.cells.reliability_codes[indices, old]
        cells = CellBlock.between(document, indices, ids, states, codes)
        old_maps, new_maps = _remapped(document, indices, moved)
        return cls("renumber objects", cells, old_maps, new_maps, tables, at)


def _renumbered(record: ObjectRecord, new_ids: Mapping[int, int]) -> ObjectRecord:
    old, new = record.object_id, new_ids[record.object_id]
    is_given = record.colour == display_colour(old)
    colour = display_colour(new) if is_given else record.colour
    name = f"object {new}" if record.name == f"object {old}" else record.name
    return replace(record, object_id=new, colour=colour, name=name)


def _block(document: Document, frames: Indices, ids: Indices) -> tuple[Bytes, Bytes]:
    """Copies of states and reliability codes [n, k]."""
    block = np.ix_(frames, ids)
    return document.cells.states[block], document.cells.reliability_codes[block]


def _merged_cells(states: Bytes, codes: Bytes) -> tuple[Bytes, Bytes]:
    """States and codes [n] of two objects' cells [n, 2] laid together."""
    source, target = states[:, 0], states[:, 1]
    same = (source == target) & np.isin(source, (CellState.VERIFIED, CellState.PROPAGATED))
    both = np.where(same, source, np.uint8(CellState.CORRECTED))
    empty_source, empty_target = source == CellState.EMPTY, target == CellState.EMPTY
    state = np.where(empty_target, source, np.where(empty_source, target, both))
    known = np.where(codes == UNKNOWN_RELIABILITY, np.uint8(255), codes).min(axis=1)
    is_known = (codes != UNKNOWN_RELIABILITY).any(axis=1) & (state == CellState.PROPAGATED)
    lower = np.where(is_known, known, np.uint8(UNKNOWN_RELIABILITY))
    code = np.where(empty_target, codes[:, 0], np.where(empty_source, codes[:, 1], lower))
    return state.astype(np.uint8), code.astype(np.uint8)


def _remapped(document: Document, frames: Indices, changes: Mapping[int, int]) -> tuple[Maps, Maps]:
    """Label maps of the frames before and after their values are exchanged."""
    table = value_table(changes)
    old = document.label_maps.stored_packs(frames.tolist())
    return old, {frame: packed.remapped(table) for frame, packed in old.items()}


def _cleared(
    document: Document, frames: Indices, object_ids: list[int], keep_verified: bool
) -> tuple[CellBlock, Maps, Maps]:
    """Cells and label maps with objects taken out; in each frame those that have a cell there."""
    ids = np.array(sorted(set(object_ids)), np.intp)
    states, codes = _block(document, frames, ids)
    gone: npt.NDArray[np.bool_] = states != CellState.EMPTY
    if keep_verified:
        gone &= states != CellState.VERIFIED
    states[gone] = CellState.EMPTY
    codes[gone] = UNKNOWN_RELIABILITY
    cells = CellBlock.between(document, frames, ids, states, codes)
    old: Maps = {}
    new: Maps = {}
    alike: dict[bytes, list[int]] = {}  # rows by the objects that go there: one table for each
    for row, key in enumerate(np.packbits(gone, axis=1)):
        alike.setdefault(key.tobytes(), []).append(row)
    for rows in alike.values():
        pattern = gone[rows[0]]
        if pattern.any():
            chosen = frames[rows]
            before, after = _remapped(document, chosen, dict.fromkeys(ids[pattern].tolist(), 0))
            old |= before
            new |= after
    return cells, old, new


def _without(document: Document, object_id: int) -> tuple[Table, Table]:
    old = Table.of(document)
    left = tuple(record for record in old.records if record.object_id != object_id)
    return old, Table(left, old.highest_id)

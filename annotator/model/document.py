"""Everything a person annotates in one sequence, and the events that tell of changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from annotator.model.cells import CellState, CellTable
from annotator.model.changes import ChangeSet
from annotator.model.editor import DocumentEditor
from annotator.model.errors import FrameError
from annotator.model.events import Event
from annotator.model.geometry import Box
from annotator.model.label_maps import ByteMap, ByteMapStore
from annotator.model.objects import ObjectTable
from annotator.model.references import ReferenceChoice, ReferenceChoices


class Document:
    """Objects, cells, label maps, reliability maps and references of one sequence.

    Reading is free; changes go through commands (`annotator.model.history.History.do`), which
    receive a `DocumentEditor`. Not thread safe: it belongs to the main thread, others get copies.

    Args:
        frame_count: number of frames T, at least 1.
        height: rows H of a frame.
        width: columns W of a frame.
        plain_bytes: budget for label maps held as plain arrays (see `ByteMapStore`).

    Attributes:
        objects: the object table.
        cells: state and reliability of every (frame, object).
        label_maps: uint8 [H, W] object ids a frame.
        reliability_maps: uint8 [H, W] a frame, 255 certain; a frame with nothing stored has none.
        references: choices of a person on which frames serve as references.
        bookmarks: frames that a person wants to find again, ascending.

    Events:
        label_map_changed: (frame index, box of the changed pixels); also during a stroke.
        reliability_changed: (frame index).
        cells_changed: (frozenset of frame indices).
        objects_changed: ().
        references_changed: (), when `reference_frames` may have changed.
        bookmarks_changed: ().
        changed: (ChangeSet), once per command done, undone or redone; what storage needs. Not
            during a stroke.
    """

    def __init__(
        self, frame_count: int, height: int, width: int, *, plain_bytes: int = 256 << 20
    ) -> None:
        if min(frame_count, height, width) < 1:
            raise FrameError(f"no document of {frame_count} frames of {width} x {height} pixels")
        self.frame_count = frame_count
        self.height = height
        self.width = width
        self.objects = ObjectTable()
        self.cells = CellTable(frame_count)
        self.label_maps = ByteMapStore(frame_count, height, width, plain_bytes=plain_bytes)
        self.reliability_maps = ByteMapStore(
            frame_count, height, width, plain_bytes=min(plain_bytes, 64 << 20)
        )
        self.references = ReferenceChoices()
        self.bookmarks: tuple[int, ...] = ()

        self.label_map_changed: Event[int, Box] = Event()
        self.reliability_changed: Event[int] = Event()
        self.cells_changed: Event[frozenset[int]] = Event()
        self.objects_changed: Event[[]] = Event()
        self.references_changed: Event[[]] = Event()
        self.bookmarks_changed: Event[[]] = Event()
        self.changed: Event[ChangeSet] = Event()

    def label_map(self, frame_index: int) -> ByteMap:
        """Object ids of a frame, read-only uint8 [H, W] view (see `ByteMapStore.get`)."""
        return self.label_maps.get(frame_index)

    def reliability_map(self, frame_index: int) -> ByteMap | None:
        """Reliability of a frame, read-only uint8 [H, W], 255 certain; None where there is none."""
        values = self.reliability_maps.get(frame_index)
        return None if self.reliability_maps.is_zero(frame_index) else values

    def known_objects(self, frame_index: int) -> tuple[int, ...]:
        """Objects of which something is known in the frame: every cell that is not empty."""
        return self.cells.objects_in(frame_index)

    def reference_frames(self) -> tuple[int, ...]:
        """Frames the network may learn from, ascending.

        Those with a cell made or verified by a person and those promoted, without the excluded
        ones.
        """
        frames = set(self.cells.person_frames()) | self.references.promoted
        return tuple(sorted(frames - self.references.excluded))

    def is_reference(self, frame_index: int) -> bool:
        """Whether the frame is in `reference_frames`, without going through all of them."""
        choice = self.references.choice(frame_index)
        if choice is not ReferenceChoice.AUTOMATIC:
            return choice is ReferenceChoice.PROMOTED
        states = (CellState.DRAWN, CellState.CORRECTED, CellState.VERIFIED)
        return bool(self.cells.objects_in(frame_index, *states))

    def locked_ids(self) -> frozenset[int]:
        """Ids of the locked objects."""
        return frozenset(record.object_id for record in self.objects if record.locked)

    def object_mask(self, frame_index: int, object_id: int) -> np.ndarray:
        """Mask of one object in one frame, a new bool array [H, W]."""
        mask: np.ndarray = self.label_map(frame_index) == object_id
        return mask

    @contextmanager
    def editing(self, *, provisional: bool = False) -> Iterator[DocumentEditor]:
        """Change the document and tell listeners at the end. For commands and the history only.

        Args:
            provisional: a stroke in hand: pixels are shown (`label_map_changed`), but nothing is
                reported to storage.
        """
        editor = DocumentEditor(self)
        try:
            yield editor
        finally:  # what was written is told, even when the command failed half way
            self._emit(editor.change, provisional=provisional)

    def _emit(self, change: ChangeSet, *, provisional: bool) -> None:
        if change.objects:
            self.objects_changed.emit()
        if change.cells:
            self.cells_changed.emit(frozenset(change.cells))
        for frame_index, box in change.label_maps.items():
            self.label_map_changed.emit(frame_index, box)
        for frame_index in sorted(change.reliability_maps):
            self.reliability_changed.emit(frame_index)
        if change.cells or change.references:
            self.references_changed.emit()
        if change.bookmarks:
            self.bookmarks_changed.emit()
        if not provisional and not change.is_empty:
            self.changed.emit(change)

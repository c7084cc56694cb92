"""Writes batches of changes into a project folder; lives in the saver's thread."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from annotator.model.cells import ID_COUNT, CellRow
from annotator.model.changes import ChangeSet
from annotator.model.document import Document
from annotator.model.geometry import content_box
from annotator.model.label_maps import PackedMap
from annotator.model.objects import ObjectRecord
from annotator.storage.cell_runs import RunTexts
from annotator.storage.cluster_files import write_clusters
from annotator.storage.effects import MapSnapshot
from annotator.storage.errors import ProjectError
from annotator.storage.project import ProjectPaths
from annotator.storage.schema import FramesRecord, ProjectRecord, encode_project
from vos_core.media.atomic import write_text_atomic
from vos_core.media.label_maps import write_gray_map, write_label_map

LEFTOVER = re.compile(r"\.\w+\.[0-9a-f]{8}\.(png|json|npz)")
"""Names of the temporary files that a killed save leaves."""

ItemKey = tuple[str, int]
"""What a value is: (kind, frame) with the kind "mask", "reliability", "cells" or "clusters", or one
of these."""

TABLES: ItemKey = ("tables", 0)
SETTINGS: ItemKey = ("settings", 0)
FRAMES: ItemKey = ("frames", 0)
WHOLE: ItemKey = ("whole", 0)
"""Its presence says that the batch holds everything: a folder that is gone is made anew."""


@dataclass(frozen=True)
class Tables:
    """Object table and reference choices as a value."""

    objects: tuple[ObjectRecord, ...]
    highest_object_id: int
    promoted: tuple[int, ...]
    excluded: tuple[int, ...]

    @classmethod
    def of(cls, document: Document) -> Tables:
        """Take them from a document."""
        return cls(
            document.objects.records,
            document.objects.highest_id,
            tuple(sorted(document.references.promoted)),
            tuple(sorted(document.references.excluded)),
        )


class ProjectWriter:
    """Knows the last ``project.json`` and writes the files that a batch concerns.

    Masks and reliability maps first, ``project.json`` last: when the process dies in between, the
    journal still holds what the table does not tell yet.

    Args:
        folder: the project folder.
        record: content of ``project.json`` as it is, or as it will be first written.
    """

    def __init__(self, folder: Path, record: ProjectRecord) -> None:
        self.paths = ProjectPaths(folder)
        self._record = replace(
            record,
            states=record.states.copy(),
            reliability_codes=record.reliability_codes.copy(),
        )
        self._texts = RunTexts()
        self._was_written = self.paths.project.is_file()

    def write(self, batch: dict[ItemKey, Any], *, saved_journal: int) -> None:
        """Write a batch.

        Args:
            batch: latest value of each item.
            saved_journal: number of the last journal file whose content is in the batch or before
                it.

        Raises:
            OutputError: a file cannot be written; files written before it are whole.
            ProjectError: the folder was deleted or moved, and the batch is not whole.
        """
        if self._was_written and WHOLE not in batch and not self.paths.project.is_file():
            raise ProjectError(
                f"the project folder {self.paths.folder} was deleted or moved; everything is still "
                "here in memory and will be written again, whole"
            )
        for (kind, index), value in batch.items():
            if kind == "mask":
                self._write_mask(index, value)
            elif kind == "reliability":
                self._write_reliability(index, value)
            elif kind == "clusters":
                write_clusters(self.paths.cluster_map(index), value)
        self._update(batch)
        self._record.saved_journal = saved_journal
        self.write_table()

    def write_table(self, *, reach_disk: bool = True) -> None:
        """Write ``project.json`` as it is known.

        Args:
            reach_disk: wait until the disk has it (see `vos_core.media.atomic.replacing`).

        Raises:
            OutputError: it cannot be written.
        """
        text = encode_project(self._record, self._texts)
        write_text_atomic(self.paths.project, text, reach_disk=reach_disk)
        self._was_written = True

    def _write_mask(self, index: int, snapshot: MapSnapshot) -> None:
        path = self.paths.mask(index)
        values = snapshot.unpack() if isinstance(snapshot, PackedMap) else snapshot
        if values.any():
            write_label_map(path, values)
        else:
            path.unlink(missing_ok=True)

    def _write_reliability(self, index: int, packed: PackedMap) -> None:
        path = self.paths.reliability_map(index)
        if packed.is_zero:
            path.unlink(missing_ok=True)
        else:
            write_gray_map(path, packed.unpack())

    def _update(self, batch: dict[ItemKey, Any]) -> None:
        record = self._record
        for (kind, index), value in batch.items():
            if kind == "cells":
                row: CellRow = value
                record.states[index] = np.frombuffer(row.states, np.uint8)
                record.reliability_codes[index] = np.frombuffer(row.codes, np.uint8)
        if TABLES in batch:
            tables: Tables = batch[TABLES]
            record.objects = tables.objects
            record.highest_object_id = tables.highest_object_id
            record.promoted = tables.promoted
            record.excluded = tables.excluded
        if SETTINGS in batch:
            record.settings = batch[SETTINGS]
        if FRAMES in batch:
            record.frames = batch[FRAMES]


def empty_record(frames: FramesRecord) -> ProjectRecord:
    """Content of ``project.json`` before anything is annotated."""
    shape = (frames.frame_count, ID_COUNT)
    return ProjectRecord(frames, (), 0, np.zeros(shape, np.uint8), np.zeros(shape, np.uint8))


def everything_in(document: Document) -> ChangeSet:
    """All that a document holds, as the change that made it."""
    label_maps = {}
    for index in document.label_maps.stored_frames():
        box = content_box(document.label_map(index))
        if not box.is_empty:
            label_maps[index] = box
    references = document.references
    return ChangeSet(
        label_maps,
        set(document.reliability_maps.stored_frames()),
        set(np.flatnonzero(document.cells.states.any(axis=1)).tolist()),
        objects=document.objects.highest_id > 0,
        references=references.promoted | references.excluded,
    )


def whole_batch(document: Document, settings: dict[str, Any]) -> dict[ItemKey, Any]:
    """Everything of a document as items, empty frames included (their files go)."""
    batch: dict[ItemKey, Any] = {WHOLE: True}
    for index in range(document.frame_count):
        batch["mask", index] = document.label_maps.snapshot(index)
        batch["reliability", index] = document.reliability_maps.pack(index)
        batch["cells", index] = document.cells.row(index)
    batch[TABLES] = Tables.of(document)
    batch[SETTINGS] = dict(settings)
    return batch


def clean_leftovers(folder: Path) -> None:
    """Delete temporary files that a killed process left in a project folder."""
    paths = ProjectPaths(folder)
    for place in (paths.folder, paths.masks, paths.reliability, paths.clusters):
        if not place.is_dir():
            continue
        for entry in os.scandir(place):
            if LEFTOVER.fullmatch(entry.name):
                Path(entry.path).unlink(missing_ok=True)

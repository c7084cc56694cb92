"""An import from beginning to end: find, inspect, mend, and one command that can be undone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from annotator.exchange.choices import ImportChoices, ImportWay, assign_ids, frames_of
from annotator.exchange.exporting import no_progress
from annotator.exchange.findings import PROVENANCE, REPLACE
from annotator.exchange.formats.base import ExchangeFormat
from annotator.exchange.found import ImportQuery
from annotator.exchange.inspection import ImportReport, ImportTarget, inspect
from annotator.exchange.mending import Mender
from annotator.exchange.parallel import in_order
from annotator.exchange.registry import recognise
from annotator.exchange.source import Progress
from annotator.model.cells import CellRow, CellState
from annotator.model.commands.frames import FrameChange
from annotator.model.commands.imports import ImportedFrame, ImportMasks, plan_import
from annotator.model.document import Document
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.model.merging import ids_in
from annotator.model.objects import ObjectRecord, display_colour

_TEXTS = {
    ImportWay.REPLACE: "import masks",
    ImportWay.MERGE: "merge masks from files",
    ImportWay.NEW: "import masks as new objects",
}


@dataclass(frozen=True)
class DocumentSnapshot:
    """What planning an import needs of a document, for another thread.

    Attributes:
        frames: frame index -> (label map, number of its last change, cells); only frames that masks
            come for. Maps that are not compressed yet are copies, compressed by the other thread.
        object_ids: ids in the table.
        locked_ids: ids of locked objects.
        highest_id: highest id that an object ever had.
    """

    frames: Mapping[int, tuple[ByteMap | PackedMap, int, CellRow]]
    object_ids: frozenset[int]
    locked_ids: frozenset[int]
    highest_id: int

    @classmethod
    def of(cls, document: Document, frames: Collection[int]) -> DocumentSnapshot:
        """Take it where the document lives."""
        maps = document.label_maps
        return cls(
            {i: (maps.snapshot(i), maps.stamp(i), document.cells.row(i)) for i in frames},
            frozenset(document.objects.ids),
            document.locked_ids(),
            document.objects.highest_id,
        )


@dataclass(frozen=True)
class PlannedImport:
    """An import that only has to be done.

    Attributes:
        frames: frame index -> what comes into it.
        records: objects for the ids that occur.
        changes: planned on the snapshot.
        stamps: number of the last change of each map in the snapshot.
        new_ids: ids of `records` that no object may have yet.
        text: for the menu.
    """

    frames: Mapping[int, ImportedFrame]
    records: tuple[ObjectRecord, ...]
    changes: Mapping[int, FrameChange]
    stamps: Mapping[int, int]
    new_ids: frozenset[int]
    text: str

    def fits(self, document: Document) -> bool:
        """Whether its new objects are new still; else it has to be planned again."""
        return not self.new_ids & set(document.objects.ids)

    def command(self, document: Document) -> ImportMasks:
        """The undo step, on the document as it is now."""
        for index, change in self.changes.items():
            if change.old_label_map is not None:
                document.label_maps.offer_packed(index, change.old_label_map, self.stamps[index])
        return ImportMasks.prepare(
            document, self.frames, self.records, planned=self.changes, text=self.text
        )


def look_at(
    path: Path,
    document: Document,
    *,
    chosen: ExchangeFormat | None = None,
    query: ImportQuery | None = None,
    progress: Progress = no_progress,
) -> ImportReport:
    """Find and inspect masks; nothing is changed.

    Args:
        path: file or folder.
        document: what they are for.
        chosen: format; recognised when None.
        query: for readers; made of the document when None.
        progress: hears how many masks are done.

    Raises:
        ExchangeError: of no known format, or damaged.
        MediaError: a picture cannot be read.
    """
    asked = query or ImportQuery(document.frame_count, document.height, document.width)
    found = (chosen or recognise(path)).find(path, asked)
    return inspect(found, ImportTarget.of(document), progress)


def plan(
    report: ImportReport,
    choices: ImportChoices,
    snapshot: DocumentSnapshot,
    progress: Progress = no_progress,
) -> PlannedImport:
    """Read and mend every mask and plan what changes; any thread may do it.

    Args:
        report: of the inspection.
        choices: of the person.
        snapshot: of the document, with the frames of `frames_of`.
        progress: hears how many masks are done; what it raises stops the work.

    Raises:
        MendNeededError: a fault is left for which no mend was accepted.
        ExchangeError: a mask cannot be read any more, or an object cannot become what was said.
        MediaError: likewise.
    """
    mender = Mender(report, choices.accepted)
    numbers = frames_of(report, choices)
    told = _told_objects(report, mender)
    assignment = assign_ids(
        {*mender.found_ids, *told},
        choices,
        mender.accepted,
        snapshot.object_ids,
        snapshot.highest_id,
    )
    mender.take_ids(assignment.ids)
    cells = _told_cells(report, mender, numbers)
    taken = frozenset(assignment.ids.values()) - {0} if choices.way.lays_over else None
    keeps_person = taken is not None and REPLACE not in mender.accepted

    def make(index: int) -> tuple[int, ImportedFrame, FrameChange]:
        label_map = mender.mend(report.found.masks[numbers[index]]())
        packed, ids = PackedMap.of(label_map), frozenset(ids_in(label_map))
        imported = ImportedFrame(packed, ids, cells.get(index, {}), taken, keeps_person)
        values, _, row = snapshot.frames[index]
        old = values if isinstance(values, PackedMap) else PackedMap.of(values)
        return index, imported, plan_import(index, old, row, imported, snapshot.locked_ids)

    frames: dict[int, ImportedFrame] = {}
    changes: dict[int, FrameChange] = {}
    with closing(in_order(make, sorted(numbers), name="import")) as results:
        for index, imported, change in results:
            frames[index], changes[index] = imported, change
            progress(len(frames), len(numbers))
    present = {object_id for imported in frames.values() for object_id in imported.ids}
    records = _records(report, mender, told, present, snapshot)
    stamps = {index: stamp for index, (_, stamp, _) in snapshot.frames.items()}
    new_ids = assignment.new_ids & {record.object_id for record in records}
    return PlannedImport(frames, records, changes, stamps, new_ids, _TEXTS[choices.way])


def import_files(document: Document, report: ImportReport, choices: ImportChoices) -> ImportMasks:
    """Plan an import in this thread.

    Raises:
        MendNeededError: a fault is left for which no mend was accepted.
        ExchangeError: a mask cannot be read, or an object cannot become what was said.
        ModelError: the document cannot take it.
    """
    report.check(choices.accepted)
    snapshot = DocumentSnapshot.of(document, frames_of(report, choices))
    return plan(report, choices, snapshot).command(document)


def _told_objects(report: ImportReport, mender: Mender) -> dict[int, ObjectRecord]:
    """Objects that the sidecar tells of, by their ids in the files."""
    if report.provenance is None or PROVENANCE not in mender.accepted:
        return {}
    return {record.object_id: record for record in report.provenance.objects}


def _records(
    report: ImportReport,
    mender: Mender,
    told: Mapping[int, ObjectRecord],
    present: set[int],
    snapshot: DocumentSnapshot,
) -> tuple[ObjectRecord, ...]:
    """Objects for ids that the document does not have, named as the files name them."""
    records = []
    old_ids: dict[int, int] = {}
    for old, new in mender.new_ids.items():
        old_ids.setdefault(new, old)
    announced = {mender.new_ids[old] for old in told} - {0}
    for object_id in sorted((present | announced) - snapshot.object_ids):
        old = old_ids[object_id]
        if old in told:
            records.append(replace(told[old], object_id=object_id))
            continue
        found = report.found.objects.get(old)
        name = (found.name if found else "").strip() or f"object {object_id}"
        category = found.category if found else ""
        records.append(ObjectRecord(object_id, name, category, display_colour(object_id)))
    return tuple(records)


def _told_cells(
    report: ImportReport, mender: Mender, numbers: Mapping[int, int]
) -> dict[int, dict[int, tuple[CellState, int]]]:
    """Cells as the sidecar tells them, by frame of the target."""
    told = report.provenance
    if told is None or PROVENANCE not in mender.accepted:
        return {}
    frames = {index: number for index, number in numbers.items() if number < len(told.states)}
    cells: dict[int, dict[int, tuple[CellState, int]]] = {}
    for record in told.objects:
        new = mender.new_ids[record.object_id]
        for index, number in frames.items():
            state = CellState(int(told.states[number, record.object_id]))
            if new and state is not CellState.EMPTY:
                code = int(told.reliability_codes[number, record.object_id])
                cells.setdefault(index, {}).setdefault(new, (state, code))
    return cells

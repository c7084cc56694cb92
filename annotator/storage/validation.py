"""Checks of a project without a window: what is wrong, what is still to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from annotator.model.cells import CellState
from annotator.model.document import Document
from annotator.storage.errors import FramesMissingError
from annotator.storage.frames_location import fingerprint, locate_frames
from annotator.storage.project import load_project
from vos_core.media import MediaError
from vos_core.media.frames import open_frames


@dataclass
class ProjectReport:
    """What a check found.

    Attributes:
        faults: what keeps the project from being used or exported as it is.
        warnings: what was mended while reading, or looks unintended.
        facts: counts by name: frames, objects, cells in each state, unsaved changes.
    """

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, int] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        """Whether there is no fault."""
        return not self.faults


def check_project(folder: Path) -> ProjectReport:
    """Read a project and check it against its frames; nothing is changed.

    Args:
        folder: the project folder.

    Raises:
        ProjectError: it cannot be read at all.
    """
    loaded = load_project(folder)
    report = ProjectReport(warnings=list(loaded.warnings))
    document = loaded.document
    report.facts = {
        "frames": document.frame_count,
        "objects": len(document.objects),
        "references": len(document.reference_frames()),
        "frames without a mask": document.frame_count - _frames_with_pixels(document),
        "changes in the journal": int(not loaded.unsaved.is_empty),
    }
    for state in CellState:
        if state is not CellState.EMPTY:
            count = int(np.count_nonzero(document.cells.states == state))
            report.facts[f"{state.name.lower()} cells"] = count
    report.warnings += [
        f'object {record.object_id} "{record.name}" has no mask in any frame'
        for record in document.objects
        if not document.cells.frames_of(record.object_id)
    ]
    try:
        place = locate_frames(loaded.record.frames, folder)
    except FramesMissingError as error:
        report.faults.append(str(error))
        return report
    _check_frames(report, document, place, known_fingerprint=loaded.record.frames.fingerprint)
    return report


def _frames_with_pixels(document: Document) -> int:
    return sum(not document.label_maps.pack(index).is_zero for index in range(document.frame_count))


def _check_frames(
    report: ProjectReport, document: Document, place: Path, *, known_fingerprint: str
) -> None:
    try:
        with open_frames(place) as source:
            found = (source.frame_count, source.height, source.width)
        if fingerprint(place) != known_fingerprint:
            report.warnings.append(f"{place} is not byte for byte what was annotated")
    except (MediaError, OSError) as error:
        report.faults.append(str(error))
        return
    wanted = (document.frame_count, document.height, document.width)
    if found != wanted:
        report.faults.append(
            f"{place} has {found[0]} frames of {found[2]} x {found[1]} pixels, the project "
            f"annotates {wanted[0]} of {wanted[2]} x {wanted[1]}"
        )

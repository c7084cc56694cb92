"""Mask files that somebody else changed: the project follows them, and says so."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from annotator.model.cells import UNKNOWN_RELIABILITY, CellRow, CellState
from annotator.model.changes import ChangeSet
from annotator.model.document import Document
from annotator.model.objects import ObjectRecord, display_colour


def mend_document(
    document: Document, ids_by_frame: Mapping[int, set[int]], warnings: list[str]
) -> ChangeSet:
    """Bring objects and cells in line with the pixels: somebody may have changed the mask files.

    Args:
        document: after the journal, because mask files may be newer than ``project.json``.
        ids_by_frame: object ids that occur in a frame's pixels; frames without any may be missing.
        warnings: what is mended is added here, for the person.

    Returns:
        What was changed.
    """
    known = set(document.objects.ids)
    with document.editing() as editor:
        for index, ids in sorted(ids_by_frame.items()):
            for object_id in sorted(ids - known):
                known.add(object_id)
                name = f"object {object_id}"
                colour = display_colour(object_id)
                record = ObjectRecord(object_id, name, "", colour)
                editor.insert_object(len(document.objects), record)
                warnings.append(
                    f"the mask of frame {index} has pixels of object {object_id}, which the "
                    f'project did not know; it was added as "{name}"'
                )
        filled = np.flatnonzero(document.cells.states.any(axis=1)).tolist()
        for index in sorted(ids_by_frame.keys() | set(filled)):
            row = document.cells.row(index)
            changes = _mended_cells(index, row, ids_by_frame.get(index, set()), known, warnings)
            if changes:
                editor.set_cells(index, row.with_cells(changes))
    return editor.change


def _mended_cells(
    index: int, row: CellRow, ids: set[int], known: set[int], warnings: list[str]
) -> dict[int, tuple[CellState, int]]:
    changes: dict[int, tuple[CellState, int]] = {}
    for object_id in sorted(ids):
        if row.state(object_id) is CellState.EMPTY:
            changes[object_id] = (CellState.DRAWN, UNKNOWN_RELIABILITY)
            warnings.append(
                f"frame {index} has a mask of object {object_id} that the project did not know of; "
                "taken as drawn"
            )
    for object_id in np.flatnonzero(np.frombuffer(row.states, np.uint8)).tolist():
        needs_pixels = row.state(object_id) in (CellState.DRAWN, CellState.PROPAGATED)
        if object_id not in known:
            changes[object_id] = (CellState.EMPTY, UNKNOWN_RELIABILITY)
        elif needs_pixels and object_id not in ids:
            changes[object_id] = (CellState.EMPTY, UNKNOWN_RELIABILITY)
            warnings.append(
                f"the mask of object {object_id} in frame {index} is gone from the masks folder; "
                "taken as empty"
            )
    return changes

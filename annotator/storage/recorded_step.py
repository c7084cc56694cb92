"""A step of the log as a command that can be undone."""

from __future__ import annotations

from annotator.model.changes import ChangeSet
from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.geometry import Box
from annotator.storage.effects import effect_of, replay
from annotator.storage.journal import Record


class RecordedStep:
    """Writes the effect that a log holds, and back what was there before.

    Args:
        document: As it is before the step.
        record: Effect of the step.
        text: For the menu.
    """

    is_empty = False
    frame_index: int | None = None

    def __init__(self, document: Document, record: Record, text: str) -> None:
        self.text = text
        self._after = record
        self._before = before_record(document, record)
        self.nbytes = sum(len(part.data) for part in (*self._after, *self._before))

    def apply(self, editor: DocumentEditor) -> None:
        """Write the effect."""
        replay(self._after, editor, {})

    def revert(self, editor: DocumentEditor) -> None:
        """Write what was there before."""
        replay(self._before, editor, {})


def before_record(document: Document, record: Record) -> Record:
    """Record of the present state of everything that another record would write."""
    change = ChangeSet()
    whole = Box(0, 0, document.height, document.width)
    for part in record:
        kind, frame = part.head["kind"], int(part.head.get("frame", -1))
        if kind == "objects":
            change.objects = True
        elif kind == "cells":
            change.cells.add(frame)
        elif kind == "reference":
            change.references.add(frame)
        elif kind == "reliability":
            change.reliability_maps.add(frame)
        elif kind in ("map", "remapped", "patch"):
            change.label_maps[frame] = whole
    maps = {frame: document.label_maps.pack(frame) for frame in change.label_maps}
    return effect_of(document, change, dict(maps))[0]()

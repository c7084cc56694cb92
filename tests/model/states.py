"""Whole states of a document as values, and checks that hold for every document."""

from __future__ import annotations

import numpy as np

from annotator.model.cells import CellState
from annotator.model.document import Document


def state_of(document: Document) -> dict[str, object]:
    """Everything a person could lose, to the byte."""
    frames = range(document.frame_count)
    return {
        "label maps": [document.label_map(i).tobytes() for i in frames],
        "reliability": [document.reliability_maps.get(i).tobytes() for i in frames],
        "cells": document.cells.states.tobytes(),
        "codes": document.cells.reliability_codes.tobytes(),
        "objects": document.objects.records,
        "highest id": document.objects.highest_id,
        "promoted": document.references.promoted,
        "excluded": document.references.excluded,
        "bookmarks": document.bookmarks,
    }


def check_consistent(document: Document) -> None:
    """Pixels belong to known objects and non-empty cells, and what was made has pixels."""
    known = set(document.objects.ids)
    for index in range(document.frame_count):
        present = set(np.unique(document.label_map(index)).tolist()) - {0}
        assert present <= known
        row = document.cells.row(index)
        filled = {i for i in range(256) if row.state(i) is not CellState.EMPTY}
        assert filled <= known
        assert present <= filled
        made = {i for i in filled if row.state(i) in (CellState.DRAWN, CellState.PROPAGATED)}
        assert made <= present

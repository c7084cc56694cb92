"""A deterministic stream of random edits of every kind, for a process that will be killed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from annotator.model.cells import CellState
from annotator.model.commands import (
    AddObject,
    ChangeObject,
    ChooseReference,
    ClearRange,
    MergeObjects,
    PaintStroke,
    RemoveObject,
    RenumberObjects,
    ReplaceLabelMap,
    SetCellState,
    SwapObjects,
)
from annotator.model.document import Document
from annotator.model.errors import ModelError
from annotator.model.history import History
from annotator.model.painting import brush_segment
from annotator.model.references import ReferenceChoice


def random_edits(document: Document, seed: int) -> Iterator[int]:
    """Edit the document for ever; yields the number of each edit that is done.

    Each changes the document in one step that storage hears of: a process killed between two
    numbers leaves the state of the one or of the other.
    """
    rng = random.Random(seed)
    history = History(document)
    changes: list[object] = []
    document.changed.connect(changes.append)
    number = 0
    while True:
        changes.clear()
        try:
            _edit(rng, document, history)
        except ModelError:
            continue
        if changes:
            assert len(changes) == 1
            yield number
            number += 1


def _edit(rng: random.Random, document: Document, history: History) -> None:
    height, width = document.height, document.width
    ids = document.objects.ids
    frame = rng.randrange(document.frame_count)
    kind = rng.random()
    if not ids or (kind < 0.05 and len(ids) < 6):
        history.do(AddObject.prepare(document))
        return
    own = rng.choice(ids)
    if kind < 0.45:
        start = (rng.uniform(0, width), rng.uniform(0, height))
        end = (rng.uniform(0, width), rng.uniform(0, height))
        patch = brush_segment(start, end, rng.uniform(0.5, 9))
        history.do(PaintStroke.prepare(document, frame, *patch, rng.choice([0, own])))
    elif kind < 0.6:
        run = history.begin_propagation()
        pixels = np.random.default_rng(rng.randrange(1000))
        label_map = pixels.choice([0, *ids], (height, width)).astype(np.uint8)
        run.add(frame, label_map, label_map * 3, {own: rng.random()})
        run.close()
    elif kind < 0.65:
        label_map = np.full((height, width), own, np.uint8)
        label_map[: height // 2] = 0
        history.do(ReplaceLabelMap.prepare(document, frame, label_map))
    elif kind < 0.7:
        state = rng.choice([CellState.VERIFIED, CellState.CORRECTED])
        history.do(SetCellState.prepare(document, [frame], [own], state))
    elif kind < 0.73:
        frames = range(frame, document.frame_count)
        history.do(ClearRange.prepare(document, frames, [own]))
    elif kind < 0.75:
        history.do(RemoveObject.prepare(document, own))
    elif kind < 0.78:
        record = replace(document.objects[own], locked=rng.random() < 0.2, name=f"n{rng.random()}")
        history.do(ChangeObject.prepare(document, record))
    elif kind < 0.82:
        choice = rng.choice(list(ReferenceChoice))
        history.do(ChooseReference.prepare(document, frame, choice))
    elif kind < 0.85:
        history.do(SwapObjects.prepare(document, range(frame + 1), own, rng.choice(ids)))
    elif kind < 0.87:
        history.do(MergeObjects.prepare(document, own, rng.choice(ids)))
    elif kind < 0.88:
        history.do(RenumberObjects.prepare(document))
    elif kind < 0.94:
        history.undo()
    else:
        history.redo()

"""Texts of cells and reliabilities: read back as they were, and the same whether kept or new."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from annotator.model.cells import ID_COUNT
from annotator.storage import cell_runs
from annotator.storage.cell_runs import RunTexts, decode_reliabilities, decode_states
from annotator.storage.json_reader import JsonReader

FRAMES = 40


def test_kept_texts_are_those_that_would_be_made_anew() -> None:
    rng = np.random.default_rng(0)
    states = np.zeros((FRAMES, ID_COUNT), np.uint8)
    codes = np.zeros((FRAMES, ID_COUNT), np.uint8)
    kept = RunTexts()
    reader = JsonReader(Path("project.json"))
    for _ in range(60):
        first, last = sorted(rng.integers(0, FRAMES, 2).tolist())
        object_id = int(rng.integers(1, 6))
        states[first : last + 1, object_id] = rng.integers(0, 5)
        codes[first : last + 1, object_id] = rng.integers(0, 256, last + 1 - first)
        new = RunTexts()
        assert kept.states(states) == new.states(states)
        assert kept.reliabilities(codes) == new.reliabilities(codes)
        read = decode_states(reader, json.loads(kept.states(states)), FRAMES)
        np.testing.assert_array_equal(read, states)
        read = decode_reliabilities(reader, json.loads(kept.reliabilities(codes)), FRAMES)
        np.testing.assert_array_equal(read, codes)


def test_only_objects_that_changed_are_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    plain = cell_runs._state_runs

    def counted(column: cell_runs.ByteArray) -> list[str]:
        made.append(int(column.max()))
        return plain(column)

    monkeypatch.setattr(cell_runs, "_state_runs", counted)
    states = np.zeros((FRAMES, ID_COUNT), np.uint8)
    states[:, 1:21] = 1
    kept = RunTexts()
    kept.states(states)
    assert len(made) == 20
    states[7, 3] = 2
    kept.states(states)
    assert made[20:] == [2]

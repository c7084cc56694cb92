"""Splitting an object into its pieces, and following the pieces, on maps that one can read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annotator.model.cells import CellState
from annotator.model.commands import (
    AddObject,
    ChangeObject,
    SetCellState,
    SplitObject,
    SplitPlan,
)
from annotator.model.document import Document
from annotator.model.errors import FrameError, LockedObjectError, ObjectError
from annotator.model.history import History
from annotator.model.splitting import PieceTracker, split_frame
from tests.model.states import check_consistent, state_of


def picture(*rows: str) -> np.ndarray:
    """Digits are object ids, a dot is background."""
    return np.array([[0 if c == "." else int(c) for c in row] for row in rows], np.uint8)


TWO = picture(
    "1111....2.",
    "1111....2.",
    "11...1111.",
    ".....111..",
)


def test_the_largest_piece_keeps_the_id_and_others_stay_untouched():
    assert split_frame(TWO, 1, [3]).tolist() == picture(
        "1111....2.",
        "1111....2.",
        "11...3333.",
        ".....333..",
    ).tolist()  # fmt: skip


def test_pieces_that_touch_at_a_corner_are_one():
    with pytest.raises(ObjectError, match="in one piece"):
        split_frame(picture("11..", "11..", "..11", "..11"), 1, [2])


def test_a_speck_goes_with_the_nearest_piece():
    label_map = picture(
        "11111.....",
        "11111.....",
        "........1.",
        "..........",
        ".....1111.",
    )
    assert split_frame(label_map, 1, [5])[2, 8] == 5


def test_pieces_are_followed_by_their_overlap_and_found_again_after_hiding():
    first = picture("11...33", "11...33")
    tracker = PieceTracker(first, [1, 3])
    moved = tracker.split(picture(".11.11.", ".11.11."), 1)
    assert moved.tolist() == picture(".11.33.", ".11.33.").tolist()
    hidden = tracker.split(picture("..11...", "..11..."), 1)
    assert set(np.unique(hidden)) == {0, 1}
    again = tracker.split(picture("..11.11", "..11.11"), 1)
    assert again.tolist() == picture("..11.33", "..11.33").tolist()


def test_a_component_that_touches_no_piece_goes_to_the_nearest():
    tracker = PieceTracker(picture("11.........33"), [1, 3])
    assert tracker.split(picture("....1...1...."), 1).tolist() == picture("....1...3....").tolist()


@pytest.fixture
def history() -> History:
    """Five frames; the object drifts to the right and falls in two from frame 1 on."""
    document = Document(5, 2, 12)
    history = History(document)
    history.do(AddObject.prepare(document, name="team"))
    run = history.begin_propagation()
    run.add(0, picture("111111......", "111111......"), None, {1: 0.9})
    for frame in range(1, 5):
        shift = "." * (frame - 1)
        row = f"{shift}111...11{'.' * (5 - frame)}"[:12]
        run.add(frame, picture(row, row), None, {1: 0.8})
    run.close()
    return history


def split(history: History, at: int, frames: range, **options: bool) -> bool:
    document = history._document
    plan = SplitPlan.of(document, 1, at, frames, **options)
    return history.do(SplitObject.prepare(document, plan, list(plan.work_out())))


def test_a_split_over_a_range_makes_one_object_of_each_piece_everywhere(history):
    document = history._document
    before = state_of(document)
    assert split(history, 2, range(1, 5))
    assert document.objects.ids == (1, 2)
    assert document.objects[2].name == "team (2)"
    assert [int((document.label_map(f) == 2).sum()) for f in range(5)] == [0, 4, 4, 4, 4]
    assert document.cells.state(2, 2) is CellState.CORRECTED, "here a person saw it"
    assert document.cells.state(3, 2) is CellState.PROPAGATED
    assert document.cells.reliability(3, 2) == pytest.approx(0.8, abs=0.01)
    check_consistent(document)
    assert history.undo() == 2
    assert state_of(document) == before


def test_a_split_in_one_frame_leaves_the_others(history):
    document = history._document
    assert split(history, 2, range(0))
    assert [int((document.label_map(f) == 2).sum()) for f in range(5)] == [0, 0, 4, 0, 0]


def test_verified_frames_are_split_only_when_asked(history):
    document = history._document
    history.do(SetCellState.prepare(document, [3], [1], CellState.VERIFIED))
    assert split(history, 2, range(1, 5))
    assert not (document.label_map(3) == 2).any()
    history.undo()
    assert split(history, 2, range(1, 5), keep_verified=False)
    assert (document.label_map(3) == 2).any()


def test_what_changed_meanwhile_is_not_overwritten(history):
    document = history._document
    plan = SplitPlan.of(document, 1, 2, range(1, 5))
    results = list(plan.work_out())
    history.undo()
    history.redo()
    with pytest.raises(FrameError, match="split again"):
        SplitObject.prepare(document, plan, results)


def test_an_object_in_one_piece_a_locked_one_and_an_absent_one_are_refused(history):
    document = history._document
    with pytest.raises(ObjectError, match="team is in one piece in frame 0"):
        SplitPlan.of(document, 1, 0)
    history.do(AddObject.prepare(document))
    with pytest.raises(ObjectError, match="is not there in frame 2"):
        SplitPlan.of(document, 2, 2)
    history.do(ChangeObject.prepare(document, replace(document.objects[1], locked=True)))
    with pytest.raises(LockedObjectError):
        SplitPlan.of(document, 1, 2)


def test_too_few_free_ids_are_said():
    row = picture("1111.1111.1111")
    document = Document(1, 1, 14)
    history = History(document)
    for _ in range(253):
        history.do(AddObject.prepare(document))
    run = history.begin_propagation()
    run.add(0, row, None, {})
    run.close()
    with pytest.raises(ObjectError, match="3 pieces, but only 1 object ids are free"):
        SplitPlan.of(document, 1, 0)

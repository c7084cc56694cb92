"""A run compared with what was before it, and put back in part."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.model.cells import CellState
from annotator.model.commands import AddObject, ReplaceLabelMap, SetCellState
from annotator.model.comparison import FormerRun, RestoreFormer, instability, moved_labels
from annotator.model.document import Document
from annotator.model.history import History
from tests.model.states import check_consistent, state_of

BEFORE = np.array([[1, 1, 0, 0, 2, 2]], np.uint8)
NOW = np.array([[0, 1, 1, 2, 2, 1]], np.uint8)


@pytest.fixture
def compared() -> tuple[Document, History, FormerRun]:
    """Five frames; a first run made BEFORE of frames 1 to 3, a second NOW of 2 and 3."""
    document = Document(5, 1, 6)
    history, former = History(document), FormerRun()
    for _ in range(2):
        history.do(AddObject.prepare(document))
    history.run_began.connect(lambda run: former.clear())
    history.run_changed.connect(former.note)
    for result, frames in ((BEFORE, (1, 2, 3)), (NOW, (2, 3))):
        run = history.begin_propagation()
        for frame in frames:
            run.add(frame, result, None, {1: 0.5, 2: 0.25})
        run.close()
    return document, history, former


def test_codes_by_hand(compared: tuple[Document, History, FormerRun]) -> None:
    document, _, former = compared
    assert former.frames == (2, 3)
    assert former.difference(document, 2).tolist() == [[2, 0, 1, 1, 0, 3]]
    assert not former.difference(document, 1).any()
    assert former.stretch(document, 3) == range(2, 4)
    assert len(former.stretch(document, 1)) == 0


def test_one_object_is_put_back_in_one_step(
    compared: tuple[Document, History, FormerRun],
) -> None:
    document, history, former = compared
    whole = state_of(document)
    assert history.do(RestoreFormer.prepare(document, former, range(5), [1]))
    for frame in (2, 3):
        assert document.object_mask(frame, 1).tolist() == [[True, True, False, False, False, False]]
        assert document.object_mask(frame, 2)[0, 3:5].all()  # the second run's object 2 stays
    check_consistent(document)
    history.undo()
    assert state_of(document) == whole


def test_all_objects_put_back_give_the_former_bytes(
    compared: tuple[Document, History, FormerRun],
) -> None:
    document, history, former = compared
    history.do(RestoreFormer.prepare(document, former, [2], [1, 2]))
    assert np.array_equal(document.label_map(2), BEFORE)
    assert document.cells.state(2, 1) is CellState.PROPAGATED
    assert np.array_equal(document.label_map(3), NOW)
    assert not former.differs(document, 2) and former.differs(document, 3)


def test_what_was_accepted_differs_no_more(compared: tuple[Document, History, FormerRun]) -> None:
    document, _, former = compared
    former.accept([2, 3], [2])
    assert former.difference(document, 2).tolist() == [
        [2, 0, 1, 0, 0, 1]
    ]  # 2 is agreed to have left the last
    former.accept([2], [1])
    assert not former.differs(document, 2)
    assert former.differs(document, 3)


def test_what_a_person_did_since_stays(compared: tuple[Document, History, FormerRun]) -> None:
    document, history, former = compared
    history.do(SetCellState.prepare(document, [2], [1], CellState.VERIFIED))
    history.do(ReplaceLabelMap.prepare(document, 3, np.full((1, 6), 2, np.uint8)))
    command = RestoreFormer.prepare(document, former, range(5), [1, 2])
    history.do(command)
    assert np.array_equal(document.object_mask(2, 1), NOW == 1)
    assert document.cells.state(2, 1) is CellState.VERIFIED
    assert (document.label_map(3) == 2).all()


def test_flicker_by_hand() -> None:
    here, steady = np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8)
    here[2:7, 2:7] = 1  # pops up in this frame alone
    here[0, 0] = 1  # thinner than what counts
    found = instability(here, [steady, steady])
    assert found[4, 4] == 2 and found[0, 0] == 0 and found.sum() == 2 * 25
    assert instability(here, [here, steady]).max() == 1
    assert not instability(here, [here, here]).any()


def test_labels_follow_the_flow() -> None:
    label_map = np.zeros((4, 6), np.uint8)
    label_map[1:3, 3:5] = 7
    flow = np.zeros((4, 6, 2), np.float32)
    flow[..., 0] = 2  # each pixel was two columns further right
    wanted = np.zeros_like(label_map)
    wanted[1:3, 1:3] = 7
    assert np.array_equal(moved_labels(label_map, flow), wanted)


def run(history: History, document: Document, result: np.ndarray, frames: range) -> None:
    """One propagation that gives these frames the same masks."""
    step = history.begin_propagation()
    for frame in frames:
        step.add(frame, result, None, {1: 0.5, 2: 0.25})
    step.close()


def test_a_held_comparison_is_to_what_was_before_the_first_of_several_runs() -> None:
    document = Document(5, 1, 6)
    history, former = History(document), FormerRun()
    for _ in range(2):
        history.do(AddObject.prepare(document))
    history.run_began.connect(lambda run: former.begin())
    history.run_changed.connect(former.note)
    run(history, document, BEFORE, range(1, 4))
    former.hold(True)
    assert former.frames == ()
    run(history, document, NOW, range(2, 4))
    later = np.array([[1, 1, 0, 0, 0, 2]], np.uint8)
    run(history, document, later, range(2, 5))
    assert former.frames == (2, 3, 4)
    assert former.difference(document, 2).tolist() == [[0, 0, 0, 0, 2, 0]]  # to BEFORE, not to NOW
    assert np.array_equal(former.label_map(document, 2), BEFORE)  # type: ignore[arg-type]
    former.hold(False)
    run(history, document, NOW, range(2, 3))
    assert former.frames == (2,)
    assert np.array_equal(former.label_map(document, 2), later)  # type: ignore[arg-type]


def test_what_was_accepted_and_changes_again_differs_from_what_was_accepted() -> None:
    document = Document(3, 1, 6)
    history, former = History(document), FormerRun()
    for _ in range(2):
        history.do(AddObject.prepare(document))
    former.hold(True)
    history.run_changed.connect(former.note)
    run(history, document, BEFORE, range(1, 2))
    former.accept([1], [1, 2])
    assert not former.differs(document, 1)
    run(history, document, NOW, range(1, 2))
    # object by object: 1 left the first pixel, both grew in the middle, 2 gave way to 1 at the end
    assert former.difference(document, 1).tolist() == [[2, 0, 1, 1, 0, 3]]

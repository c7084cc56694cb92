"""Undo, redo, their bounds, and what may happen while a stroke or a run is open."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.model.cells import CellState
from annotator.model.commands import AddObject, PaintStroke
from annotator.model.document import Document
from annotator.model.errors import FrameError, HistoryBusyError, HistoryError
from annotator.model.events import Event
from annotator.model.geometry import Box
from annotator.model.history import History
from annotator.model.label_maps import PackedMap
from tests.model.states import state_of

ONES = np.ones((4, 5), np.uint8)


@pytest.fixture
def history() -> History:
    """History of a document of six frames of 5 x 4 pixels with objects 1 and 2."""
    document = Document(6, 4, 5)
    history = History(document)
    history.do(AddObject.prepare(document))
    history.do(AddObject.prepare(document))
    history.clear()
    return history


def document_of(history: History) -> Document:
    return history._document


def dab(history: History, frame: int, row: int, column: int, value: int = 1) -> PaintStroke:
    box = Box(row, column, row + 1, column + 1)
    return PaintStroke.prepare(document_of(history), frame, box, np.ones((1, 1), bool), value)


def test_texts_and_frames_to_jump_to(history):
    assert (history.undo_text, history.redo_text) == ("", "")
    history.do(dab(history, 4, 0, 0))
    history.do(dab(history, 2, 0, 0, 2))
    assert history.undo_text == "paint object 2"
    assert history.undo() == 2
    assert (history.undo_text, history.redo_text) == ("paint object 1", "paint object 2")
    assert history.undo() == 4
    assert history.redo() == 4
    with pytest.raises(HistoryError, match="nothing to undo"):
        history.undo(), history.undo()


def test_a_new_step_drops_what_could_be_redone(history):
    history.do(dab(history, 0, 0, 0))
    history.undo()
    history.do(dab(history, 0, 1, 1))
    assert not history.can_redo
    with pytest.raises(HistoryError, match="nothing to redo"):
        history.redo()


def test_a_command_that_changes_nothing_is_no_step(history):
    history.do(dab(history, 0, 0, 0))
    history.undo()
    assert not history.do(dab(history, 0, 0, 0, 0))  # erases nothing
    assert history.can_redo


def test_steps_are_bounded_by_bytes_and_the_last_stays(history):
    document = document_of(history)
    small = History(document, byte_limit=6000)
    for column in range(5):
        small.do(dab(history, 0, 0, column))
    assert small.nbytes <= 6000
    count = 0
    while small.can_undo:
        small.undo()
        count += 1
    assert 1 <= count < 5
    tiny = History(document, byte_limit=0)
    tiny.do(dab(history, 1, 0, 0))
    assert tiny.can_undo


def test_a_propagation_is_one_step_however_long(history):
    document = document_of(history)
    before = state_of(document)
    run = history.begin_propagation(text="propagate forward")
    for frame in range(1, 6):
        assert run.add(frame, ONES, ONES * 200, {1: 0.9})
    assert document.reliability_map(3).tolist() == (ONES * 200).tolist()
    assert run.close()
    assert not run.close()
    after = state_of(document)
    assert history.undo_text == "propagate forward"
    assert history.undo() == 1
    assert state_of(document) == before
    assert document.reliability_map(3) is None
    history.redo()
    assert state_of(document) == after
    with pytest.raises(HistoryError, match="closed"):
        run.add(1, ONES)


def test_maps_packed_by_the_worker_give_the_same_document(history):
    other = History(Document(6, 4, 5))
    for each, pack in ((history, PackedMap.of), (other, lambda values: values)):
        while len(document_of(each).objects) < 2:
            each.do(AddObject.prepare(document_of(each)))
        each.do(dab(each, 2, 0, 0, 2))  # frame 2 has a pixel that a person drew
        run = each.begin_propagation()
        for frame in (1, 2):
            packed = PackedMap.of(ONES) if each is history else None
            run.add(frame, ONES, pack(ONES * 77), {1: 0.5}, packed_label_map=packed)
        run.close()
    assert state_of(document_of(history)) == state_of(document_of(other))
    assert document_of(history).label_map(2)[0, 0] == 2
    run = history.begin_propagation()
    with pytest.raises(FrameError, match="6 x 4"):
        run.add(1, ONES, PackedMap.of(np.ones((4, 6), np.uint8)))
    run.abort()


def test_undo_is_refused_while_a_run_is_open_and_works_after_it_was_stopped(history):
    history.do(dab(history, 0, 0, 0))
    run = history.begin_propagation()
    run.add(1, ONES)
    assert history.is_busy and not history.can_undo
    with pytest.raises(HistoryBusyError, match="stop it first"):
        history.undo()
    with pytest.raises(HistoryBusyError):
        history.begin_propagation()
    run.close()  # stopped: what came is kept, as one step
    history.undo()
    assert not document_of(history).label_map(1).any()
    assert document_of(history).label_map(0).any()


def test_an_aborted_run_leaves_nothing(history):
    before = state_of(document_of(history))
    run = history.begin_propagation()
    run.add(1, ONES)
    run.add(2, ONES)
    run.abort()
    assert state_of(document_of(history)) == before
    assert not history.can_undo and not history.is_busy


def test_a_correction_during_a_run_is_a_step_between_two_parts(history):
    document = document_of(history)
    run = history.begin_propagation()
    run.add(1, ONES)
    history.do(dab(history, 1, 0, 0, 2))
    corrected = document.label_map(1).copy()
    run.add(2, ONES)
    run.add(1, ONES)  # the network comes to the corrected frame again
    run.close()
    assert np.array_equal(document.label_map(1) == 2, corrected == 2)
    assert document.cells.state(1, 2) is CellState.DRAWN
    history.undo()
    assert not document.label_map(2).any()
    history.undo()
    assert document.label_map(1).tolist() == ONES.tolist()
    history.undo()
    assert not history.can_undo
    assert not document.label_map(1).any()


def test_results_wait_while_a_stroke_is_in_hand(history):
    document = document_of(history)
    run = history.begin_propagation()
    stroke = history.begin_stroke(1, 2)
    stroke.add(Box(0, 0, 1, 1), np.ones((1, 1), bool))
    assert not run.add(1, ONES)
    assert not run.add(2, ONES)
    assert not document.label_map(2).any()
    with pytest.raises(HistoryBusyError):
        history.do(dab(history, 0, 0, 0))
    with pytest.raises(HistoryBusyError):
        history.begin_stroke(0, 1)
    with pytest.raises(HistoryBusyError):
        run.close()
    assert stroke.finish()
    expected = ONES.copy()
    expected[0, 0] = 2
    assert document.label_map(1).tolist() == expected.tolist()
    assert document.label_map(2).tolist() == ONES.tolist()
    run.close()
    with pytest.raises(HistoryError, match="over"):
        stroke.finish()


def test_an_aborted_stroke_leaves_no_byte_and_no_step(history):
    history.do(dab(history, 1, 0, 0, 2))
    before = state_of(document_of(history))
    stroke = history.begin_stroke(1, 1)
    stroke.add(Box(0, 0, 3, 3), np.ones((3, 3), bool))
    assert document_of(history).label_map(1)[0, 0] == 1
    stroke.abort()
    assert state_of(document_of(history)) == before
    assert history.undo_text == "paint object 2"


def test_a_drag_is_one_step_that_holds_no_more_than_its_pixels(history):
    stroke = history.begin_stroke(3, 1)
    for column in range(4):
        stroke.add(Box(1, column, 3, column + 2), np.ones((2, 2), bool))
    assert stroke.finish()
    assert history.nbytes < 2000
    assert history.undo() == 3
    assert not document_of(history).label_map(3).any()
    assert not history.can_undo


def test_listeners_all_hear_and_no_error_is_swallowed():
    event: Event[int] = Event()
    heard = []

    def fails(value):
        heard.append(("fails", value))
        raise KeyError("first")

    failing = event.connect(fails)
    event.connect(lambda value: heard.append(("hears", value)))
    with pytest.raises(KeyError, match="first"):
        event.emit(3)
    assert heard == [("fails", 3), ("hears", 3)]
    event.connect(fails)
    with pytest.raises(ExceptionGroup):
        event.emit(4)
    failing.disconnect()
    failing.disconnect()
    assert not failing.is_connected and len(event) == 2


def test_a_listener_dropped_by_another_is_not_called():
    event: Event[[]] = Event()
    heard = []
    event.connect(lambda: second.disconnect())
    second = event.connect(lambda: heard.append(1))
    event.emit()
    assert heard == []


def test_whoever_listens_hears_what_happened_in_the_order_of_the_document(history):
    heard = []
    history.command_done.connect(lambda command: heard.append(command.text))
    history.step_undone.connect(lambda: heard.append("undo"))
    history.step_redone.connect(lambda: heard.append("redo"))
    history.run_began.connect(lambda run: heard.append((run.object_ids, dict(run.replaced))))
    history.run_changed.connect(lambda change: heard.append(change.frame_index))
    history.run_over.connect(lambda kept: heard.append(kept))
    run = history.begin_propagation(object_ids=[1])
    stroke = history.begin_stroke(3, 1, text="a stroke")
    run.add(5, ONES, None, {1: 0.5})  # waits for the stroke
    stroke.add(Box(0, 0, 1, 1), np.ones((1, 1), bool))
    stroke.finish()
    run.add(4, ONES, None, {1: 0.5})
    run.close()
    history.undo()
    history.redo()
    wanted = [(frozenset({1}), {}), "a stroke", 5, 4, True, "undo", "redo"]
    assert heard == wanted

"""Merging, swapping, clearing and renumbering objects on maps small enough to read."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from annotator.model.cells import CellState, reliability_code
from annotator.model.commands import (
    AddObject,
    ChangeObject,
    ClearRange,
    MergeObjects,
    PaintStroke,
    RemoveObject,
    RenumberObjects,
    SetCellState,
    SwapObjects,
)
from annotator.model.commands.identity import verified_frames
from annotator.model.document import Document
from annotator.model.errors import FrameError, LockedObjectError, ObjectError
from annotator.model.geometry import Box
from annotator.model.history import History
from annotator.model.packed_map import PackedMap
from tests.model.states import check_consistent, state_of

ROW = [1, 1, 2, 2, 0, 3, 3, 0]


@pytest.fixture
def history() -> History:
    """Four frames of one row of pixels, three objects propagated in each."""
    document = Document(4, 1, len(ROW))
    history = History(document)
    for _ in range(3):
        history.do(AddObject.prepare(document))
    run = history.begin_propagation()
    for frame in range(4):
        label_map = np.array([ROW], np.uint8)
        run.add(frame, label_map, label_map * 0 + 200, {1: 0.9, 2: 0.5, 3: 0.7})
    run.close()
    return history


def rows(document: Document) -> list[list[int]]:
    return [document.label_map(frame)[0].tolist() for frame in range(document.frame_count)]


def test_merging_gives_every_pixel_to_the_other_object_and_takes_the_record_out(history):
    document = history._document
    history.do(MergeObjects.prepare(document, 3, 1))
    assert rows(document) == [[1, 1, 2, 2, 0, 1, 1, 0]] * 4
    assert document.objects.ids == (1, 2)
    assert document.cells.state(2, 1) is CellState.PROPAGATED
    assert document.cells.reliability_codes[2, 1] == reliability_code(0.7), "the lower of the two"
    assert document.cells.state(2, 3) is CellState.EMPTY
    check_consistent(document)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (CellState.VERIFIED, CellState.VERIFIED, CellState.VERIFIED),
        (CellState.VERIFIED, CellState.PROPAGATED, CellState.CORRECTED),
        (CellState.PROPAGATED, CellState.DRAWN, CellState.CORRECTED),
        (CellState.CORRECTED, CellState.CORRECTED, CellState.CORRECTED),
    ],
)
def test_what_a_person_made_stays_a_persons_when_merged(history, source, target, expected):
    document = history._document
    history.do(SetCellState.prepare(document, [1], [3], source))
    history.do(SetCellState.prepare(document, [1], [1], target))
    history.do(MergeObjects.prepare(document, 3, 1))
    assert document.cells.state(1, 1) is expected


def test_swapping_from_a_frame_on_leaves_the_frames_before(history):
    document = history._document
    before = state_of(document)
    history.do(SetCellState.prepare(document, [3], [1], CellState.CORRECTED))
    history.do(SwapObjects.prepare(document, range(2, 4), 1, 2))
    assert rows(document) == [ROW, ROW, [2, 2, 1, 1, 0, 3, 3, 0], [2, 2, 1, 1, 0, 3, 3, 0]]
    assert document.cells.state(3, 2) is CellState.CORRECTED
    assert document.cells.reliability(2, 1) == pytest.approx(0.5)
    assert history.undo() == 2, "an undo goes to where it happened"
    history.undo()
    assert state_of(document) == before


def test_verified_cells_are_kept_when_asked_for_and_counted(history):
    document = history._document
    history.do(SetCellState.prepare(document, [1], [1], CellState.VERIFIED))
    assert verified_frames(document, [1, 2]) == (1,)
    assert verified_frames(document, [1], range(2, 4)) == ()
    history.do(SwapObjects.prepare(document, None, 1, 2, keep_verified=True))
    assert rows(document)[1] == ROW and rows(document)[0] == [2, 2, 1, 1, 0, 3, 3, 0]
    history.do(ClearRange.prepare(document, range(4), [1, 3], keep_verified=True))
    assert rows(document)[0] == [2, 2, 0, 0, 0, 0, 0, 0]
    assert rows(document)[1] == [1, 1, 2, 2, 0, 0, 0, 0], "object 1 is verified here, 3 is not"


def test_renumbering_closes_the_gaps_in_list_order_with_names_and_colours(history):
    document = history._document
    history.do(ChangeObject.prepare(document, replace(document.objects[3], name="dog")))
    history.do(RemoveObject.prepare(document, 1))
    chosen = replace(document.objects[3], colour=(1, 2, 3))
    history.do(ChangeObject.prepare(document, chosen))
    history.do(RenumberObjects.prepare(document))
    assert rows(document) == [[0, 0, 1, 1, 0, 2, 2, 0]] * 4
    assert [(r.object_id, r.name) for r in document.objects] == [(1, "object 1"), (2, "dog")]
    assert document.objects[2].colour == (1, 2, 3), "a chosen colour stays"
    assert document.objects.next_id() == 3
    assert document.cells.reliability(0, 2) == pytest.approx(0.7, abs=0.01)
    assert not history.do(RenumberObjects.prepare(document)), "nothing left to do"


def test_a_locked_object_is_neither_merged_nor_swapped_nor_cleared(history):
    document = history._document
    history.do(ChangeObject.prepare(document, replace(document.objects[2], locked=True)))
    for prepare in (
        lambda: MergeObjects.prepare(document, 1, 2),
        lambda: MergeObjects.prepare(document, 2, 1),
        lambda: SwapObjects.prepare(document, None, 1, 2),
        lambda: ClearRange.prepare(document, [0], [1, 2]),
        lambda: RemoveObject.prepare(document, 2),
    ):
        with pytest.raises(LockedObjectError, match="object 2 is locked"):
            prepare()


def test_wishes_that_make_no_sense_are_refused_in_words(history):
    document = history._document
    with pytest.raises(ObjectError, match="cannot be merged into itself"):
        MergeObjects.prepare(document, 1, 1)
    with pytest.raises(ObjectError, match="cannot be swapped with itself"):
        SwapObjects.prepare(document, None, 2, 2)
    with pytest.raises(ObjectError, match="no object 9"):
        MergeObjects.prepare(document, 9, 1)
    with pytest.raises(FrameError, match="frame 4 does not exist"):
        SwapObjects.prepare(document, range(3, 5), 1, 2)
    assert not history.do(ClearRange.prepare(document, [], [1]))


def test_a_stroke_after_a_merge_and_the_undo_of_both(history):
    document = history._document
    states = [state_of(document)]
    history.do(MergeObjects.prepare(document, 2, 1))
    states.append(state_of(document))
    patch = Box(0, 4, 1, 6), np.ones((1, 2), bool)
    history.do(PaintStroke.prepare(document, 0, *patch, 1))
    assert rows(document)[0] == [1, 1, 1, 1, 1, 1, 3, 0]
    history.undo()
    assert state_of(document) == states[1]
    history.undo()
    assert state_of(document) == states[0]


def test_a_table_composes_and_background_stays_background():
    values = np.array([[0, 1, 2], [3, 2, 1]], np.uint8)
    packed = PackedMap.of(values)
    swap = bytes([0, 2, 1, *range(3, 256)])
    gone = bytes([0, 0, 2, *range(3, 256)])
    assert packed.remapped(swap).unpack().tolist() == [[0, 2, 1], [3, 1, 2]]
    assert packed.remapped(swap).remapped(gone).unpack().tolist() == [[0, 2, 0], [3, 0, 2]]
    assert packed.remapped(swap).remapped(swap) == packed
    assert packed.remapped(swap).data is packed.data, "no byte is copied"
    assert packed.remapped(swap) == PackedMap.of(packed.remapped(swap).unpack())
    assert packed.remapped(swap) != packed
    with pytest.raises(ValueError, match="leaves 0 as it is"):
        packed.remapped(bytes([5, *range(1, 256)]))


def test_two_thousand_frames_of_twenty_objects_are_swapped_without_a_stall():
    document = Document(2000, 270, 480)
    history = History(document)
    for _ in range(20):
        history.do(AddObject.prepare(document))
    label_map = np.repeat(np.arange(270) // 13, 480).reshape(270, 480).astype(np.uint8)
    packed, ids = PackedMap.of(label_map), np.arange(1, 21)
    with document.editing() as editor:
        editor.replace_label_maps(dict.fromkeys(range(2000), packed))
        states = np.full((2000, 20), CellState.PROPAGATED, np.uint8)
        editor.set_cell_block(np.arange(2000), ids, states, states)
    times = []
    for _ in range(7):
        began = time.perf_counter()
        history.do(SwapObjects.prepare(document, range(5, 2000), 3, 4))
        times.append((time.perf_counter() - began) * 1000)
    assert min(times) < 80, f"{min(times):.1f} ms"  # 6 ms measured; wide for busy machines
    assert document.object_mask(1999, 4).sum() == document.object_mask(0, 3).sum()
    assert history._done[-1].nbytes < 2000 * 1000

"""Cells, references, objects and label maps by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annotator.model.cells import CellState, reliability_code, reliability_of_code
from annotator.model.commands import (
    AddObject,
    ChangeObject,
    ChooseReference,
    ClearRange,
    PaintStroke,
    RemoveObject,
    ReplaceLabelMap,
    SetCellState,
)
from annotator.model.document import Document
from annotator.model.errors import FrameError, LockedObjectError, ObjectError
from annotator.model.geometry import Box
from annotator.model.history import History
from annotator.model.label_maps import ByteMapStore, PackedMap
from annotator.model.objects import ObjectRecord, ObjectTable, display_colour
from annotator.model.references import ReferenceChoice
from vos_core.media.palette import voc_palette

EMPTY, DRAWN, CORRECTED, PROPAGATED, VERIFIED = CellState

TWO_OBJECTS = np.array([[1, 1, 0, 0], [1, 1, 2, 2], [0, 0, 2, 2]], np.uint8)


@pytest.fixture
def document() -> Document:
    """Five frames of 4 x 3 pixels with objects 1 and 2."""
    document = Document(5, 3, 4)
    history = History(document)
    history.do(AddObject.prepare(document, name="cat"))
    history.do(AddObject.prepare(document, name="dog"))
    return document


@pytest.fixture
def history(document: Document) -> History:
    return History(document)


def paint(document, frame, pixels, value, **options):
    """Stroke over (row, column) pixels."""
    mask = np.zeros((3, 4), bool)
    for row, column in pixels:
        mask[row, column] = True
    return PaintStroke.prepare(document, frame, Box(0, 0, 3, 4), mask, value, **options)


def propagate(history, label_maps, **options):
    """Run that brings label maps by frame."""
    run = history.begin_propagation(**options)
    for frame, label_map in label_maps.items():
        run.add(frame, label_map, None, {1: 0.5, 2: 0.25})
    run.close()


def states(document, frame):
    return document.cells.state(frame, 1), document.cells.state(frame, 2)


def test_painting_makes_a_cell_drawn_and_its_frame_a_reference(document, history):
    history.do(paint(document, 2, [(0, 0), (0, 1)], 1))
    assert document.label_map(2).tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert states(document, 2) == (DRAWN, EMPTY)
    assert document.reference_frames() == (2,)
    assert document.known_objects(2) == (1,)


def test_erasing_a_drawing_empties_the_cell_and_the_undo_brings_it_back(document, history):
    history.do(paint(document, 2, [(0, 0)], 1))
    history.do(paint(document, 2, [(0, 0), (1, 1)], 0))
    assert states(document, 2) == (EMPTY, EMPTY)
    assert document.reference_frames() == ()
    assert history.undo() == 2
    assert states(document, 2) == (DRAWN, EMPTY)


def test_changing_what_was_propagated_is_a_correction_of_every_object_touched(document, history):
    propagate(history, {1: TWO_OBJECTS})
    assert states(document, 1) == (PROPAGATED, PROPAGATED)
    assert document.cells.reliability(1, 2) == pytest.approx(0.25, abs=1 / 508)
    assert not document.is_reference(1)
    history.do(paint(document, 1, [(1, 1), (1, 2)], 2))  # (1, 1) was 1, (1, 2) was 2 already
    assert states(document, 1) == (CORRECTED, CORRECTED)
    assert document.cells.reliability(1, 2) is None
    assert document.is_reference(1)


def test_erasing_a_whole_propagated_object_is_a_correction_too(document, history):
    propagate(history, {1: TWO_OBJECTS})
    everything = [(row, column) for row in range(3) for column in range(4)]
    history.do(paint(document, 1, everything, 0, erased_id=1))
    assert document.label_map(1).tolist() == [[0, 0, 0, 0], [0, 0, 2, 2], [0, 0, 2, 2]]
    assert states(document, 1) == (CORRECTED, PROPAGATED)
    # and the network does not bring it back
    propagate(history, {1: TWO_OBJECTS})
    assert not document.object_mask(1, 1).any()


def test_protect_others_paints_background_only(document, history):
    history.do(ReplaceLabelMap.prepare(document, 0, TWO_OBJECTS))
    history.do(paint(document, 0, [(0, 2), (1, 1)], 2, protect_others=True))
    assert document.label_map(0).tolist() == [[1, 1, 2, 0], [1, 1, 2, 2], [0, 0, 2, 2]]


def test_locked_objects_keep_their_pixels_from_every_tool(document, history):
    history.do(ReplaceLabelMap.prepare(document, 0, TWO_OBJECTS))
    history.do(ChangeObject.prepare(document, replace(document.objects[1], locked=True)))
    history.do(paint(document, 0, [(0, 0), (0, 3)], 2))
    history.do(paint(document, 0, [(1, 0), (1, 2)], 0))
    history.do(ReplaceLabelMap.prepare(document, 0, np.full((3, 4), 2, np.uint8)))
    propagate(history, {0: np.full((3, 4), 2, np.uint8)}, replaced={0: (1, 2)})
    assert document.object_mask(0, 1).tolist() == (TWO_OBJECTS == 1).tolist()
    with pytest.raises(LockedObjectError, match="cat is locked"):
        paint(document, 0, [(0, 0)], 1)
    with pytest.raises(LockedObjectError):
        ClearRange.prepare(document, [0], [1])
    with pytest.raises(LockedObjectError):
        RemoveObject.prepare(document, 1)


def test_verified_masks_stay_when_others_are_painted_imported_or_propagated(document, history):
    propagate(history, {0: TWO_OBJECTS})
    history.do(SetCellState.prepare(document, [0], [1], VERIFIED))
    history.do(paint(document, 0, [(0, 0)], 2))
    history.do(ReplaceLabelMap.prepare(document, 0, np.full((3, 4), 2, np.uint8)))
    propagate(history, {0: np.full((3, 4), 2, np.uint8)}, replaced={0: (1, 2)})
    assert document.object_mask(0, 1).tolist() == (TWO_OBJECTS == 1).tolist()
    assert states(document, 0)[0] is VERIFIED
    history.do(paint(document, 0, [(0, 0)], 0, erased_id=1))  # its own eraser may
    assert states(document, 0)[0] is CORRECTED


def test_propagation_leaves_what_a_person_drew_unless_asked(document, history):
    history.do(paint(document, 0, [(0, 0)], 1))
    network = np.full((3, 4), 1, np.uint8)
    network[2] = 2
    propagate(history, {0: network})
    assert document.label_map(0).tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [2, 2, 2, 2]]
    assert states(document, 0) == (DRAWN, PROPAGATED)
    propagate(history, {0: network}, replaced={0: (1, 2)})
    assert document.label_map(0).tolist() == network.tolist()
    assert states(document, 0) == (PROPAGATED, PROPAGATED)


def test_what_a_person_changes_while_a_run_replaces_masks_is_kept(document, history):
    history.do(paint(document, 0, [(0, 0)], 1))
    history.do(paint(document, 1, [(0, 0)], 1))
    network = np.full((3, 4), 2, np.uint8)
    run = history.begin_propagation(replaced={0: (1,), 1: (1,)})
    history.do(paint(document, 1, [(0, 1)], 1))  # now, and not before the run
    run.add(0, network)
    run.add(1, network)
    run.close()
    assert states(document, 0) == (EMPTY, PROPAGATED)
    assert states(document, 1) == (DRAWN, PROPAGATED)
    assert document.label_map(1)[0].tolist() == [1, 1, 2, 2]
    history.undo()
    assert states(document, 0) == (DRAWN, EMPTY)


def test_propagation_of_one_object_freezes_the_others(document, history):
    propagate(history, {0: TWO_OBJECTS})
    only_two = np.array([[2, 2, 2, 2], [0, 0, 0, 0], [0, 0, 0, 0]], np.uint8)
    propagate(history, {0: only_two}, object_ids=[2])
    assert document.label_map(0).tolist() == [[1, 1, 2, 2], [1, 1, 0, 0], [0, 0, 0, 0]]


def test_an_object_the_network_lost_is_empty_and_unknown_ids_are_dropped(document, history):
    propagate(history, {0: TWO_OBJECTS})
    propagate(history, {0: np.array([[1, 9, 9, 0]] * 3, np.uint8)})
    assert document.label_map(0).tolist() == [[1, 0, 0, 0]] * 3
    assert states(document, 0) == (PROPAGATED, EMPTY)
    assert document.cells.reliability(0, 2) is None


def test_verifying_that_an_object_is_absent_keeps_the_network_out(document, history):
    history.do(SetCellState.prepare(document, [0], [1], VERIFIED))
    assert states(document, 0) == (EMPTY, EMPTY)
    history.do(SetCellState.prepare(document, [0], [1], VERIFIED, include_empty=True))
    propagate(history, {0: TWO_OBJECTS})
    assert not document.object_mask(0, 1).any()
    assert document.object_mask(0, 2).any()
    with pytest.raises(FrameError):
        SetCellState.prepare(document, [0], [1], EMPTY)


def test_removing_an_object_takes_its_pixels_everywhere_and_undo_brings_them_back(document):
    history = History(document)
    for frame in (0, 3):
        history.do(ReplaceLabelMap.prepare(document, frame, TWO_OBJECTS))
    history.do(RemoveObject.prepare(document, 1))
    assert document.objects.ids == (2,)
    assert document.label_map(3).tolist() == [[0, 0, 0, 0], [0, 0, 2, 2], [0, 0, 2, 2]]
    assert document.cells.frames_of(1) == ()
    assert history.undo() == 0
    assert document.objects.ids == (1, 2)
    assert document.label_map(3).tolist() == TWO_OBJECTS.tolist()
    assert AddObject.prepare(document).record.object_id == 3


def test_references_can_be_promoted_and_excluded(document, history):
    history.do(paint(document, 2, [(0, 0)], 1))
    history.do(ChooseReference.prepare(document, 4, ReferenceChoice.PROMOTED))
    assert document.reference_frames() == (2, 4)
    history.do(ChooseReference.prepare(document, 2, ReferenceChoice.EXCLUDED))
    assert document.reference_frames() == (4,)
    assert not document.is_reference(2)
    history.do(ChooseReference.prepare(document, 2, ReferenceChoice.AUTOMATIC))
    assert document.reference_frames() == (2, 4)


def test_imports_are_refused_with_a_reason(document):
    with pytest.raises(FrameError, match="5 x 3 pixels, the frames have 4 x 3"):
        ReplaceLabelMap.prepare(document, 0, np.zeros((3, 5), np.uint8))
    with pytest.raises(ObjectError, match=r"\[7\]"):
        ReplaceLabelMap.prepare(document, 0, np.full((3, 4), 7, np.uint8))
    with pytest.raises(FrameError, match="frames are 0 to 4"):
        document.label_map(5)
    with pytest.raises(FrameError):
        document.label_map(-1)


def test_events_tell_what_changed_and_storage_hears_of_a_stroke_once(document, history):
    heard: list[object] = []
    document.label_map_changed.connect(lambda index, box: heard.append((index, box)))
    changes: list[object] = []
    document.changed.connect(lambda change: changes.append(change))
    stroke = history.begin_stroke(1, 2)
    stroke.add(Box(0, 0, 1, 2), np.ones((1, 2), bool))
    stroke.add(Box(2, 3, 4, 6), np.ones((2, 3), bool))  # partly outside
    assert heard == [(1, Box(0, 0, 1, 2)), (1, Box(2, 3, 3, 4))]
    assert changes == []
    assert stroke.finish()
    assert len(changes) == 1
    assert document.label_map(1).tolist() == [[2, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 2]]
    heard.clear()
    history.undo()
    assert heard == [(1, Box(0, 0, 3, 4))]
    assert not document.label_map(1).any()


def test_label_maps_are_read_only_and_the_shown_array_follows_patches():
    store = ByteMapStore(9, 4, 4, plain_bytes=0)
    for index in range(9):
        store.patch(index, Box(0, 0, 1, 1), np.array([[index + 1]], np.uint8))
    shown = store.get(0)
    with pytest.raises(ValueError, match="read-only"):
        shown[0, 0] = 9
    for index in range(1, 9):  # push it out of the plain ones
        store.get(index)
    assert store.plain_count == 2
    store.patch(0, Box(1, 1, 2, 2), np.array([[200]], np.uint8))
    assert shown[1, 1] == 200
    assert [int(store.get(index)[0, 0]) for index in range(9)] == list(range(1, 10))
    with pytest.raises(FrameError):
        store.patch(0, Box(3, 3, 5, 5), np.zeros((2, 2), np.uint8))


def test_packing_keeps_every_byte():
    rng = np.random.default_rng(3)
    for shape in ((1, 1), (7, 5), (40, 64)):
        values = (rng.random(shape) < 0.2).astype(np.uint8) * rng.integers(
            0, 255, shape, dtype=np.uint8
        )
        packed = PackedMap.of(values)
        assert np.array_equal(packed.unpack(), values)
    assert PackedMap.of(np.zeros((5, 5), np.uint8)).is_zero


def test_reliability_codes_keep_unknown_apart_and_round_trip():
    assert reliability_code(None) == 0
    assert [reliability_code(value) for value in (0.0, 0.5, 1.0)] == [1, 128, 255]
    assert [reliability_code(reliability_of_code(code)) for code in range(256)] == list(range(256))
    for bad in (-0.01, 1.01, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            reliability_code(bad)


def test_display_colours_differ_from_each_other_and_from_the_export_palette():
    colours = [display_colour(object_id) for object_id in range(1, 255)]
    assert len(set(colours)) == 254
    assert not set(colours) & {tuple(colour) for colour in voc_palette().tolist()}
    assert all(0 <= part <= 255 for colour in colours for part in colour)


def test_object_ids_are_permanent_and_end_at_254():
    table = ObjectTable()
    for _ in range(254):
        table.insert(len(table), table.next_record())
    with pytest.raises(ObjectError, match="all 254"):
        table.next_id()
    table.remove(17)
    assert table.next_id() == 17
    with pytest.raises(ObjectError):
        table.insert(0, table[3])
    for bad in (0, 255):
        with pytest.raises(ObjectError, match="1 to 254"):
            ObjectRecord(bad, "x")
    with pytest.raises(ObjectError, match="needs a name"):
        ObjectRecord(1, "  ")

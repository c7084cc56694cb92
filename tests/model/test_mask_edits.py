"""Edits of whole masks, on masks small enough to see, and their laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotator.model.cells import CellState
from annotator.model.commands import AddObject, ChangeObject, PaintStroke
from annotator.model.commands.masks import ReplaceObjectMask
from annotator.model.document import Document
from annotator.model.errors import FrameError, LockedObjectError
from annotator.model.geometry import Box
from annotator.model.history import History
from annotator.model.mask_edits import grow, shrink, smooth, without_holes, without_islands

MASKS = arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14)))
AMOUNTS = st.integers(1, 4)


def mask_of(*rows: str) -> np.ndarray:
    return np.array([[character == "#" for character in row] for row in rows])


def picture(mask: np.ndarray) -> list[str]:
    return ["".join("#" if pixel else "." for pixel in row) for row in mask]


def test_a_pixel_grown_by_two_is_a_disc_of_radius_two() -> None:
    mask = np.zeros((6, 7), bool)
    mask[2, 3] = True
    assert picture(grow(mask, 2)) == [
        "...#...",
        "..###..",
        ".#####.",
        "..###..",
        "...#...",
        ".......",
    ]


def test_shrinking_by_one_takes_the_rim_but_not_at_the_border_of_the_frame() -> None:
    mask = mask_of("#####.", "#####.", "#####.", "#####.", "......")
    assert picture(shrink(mask, 1)) == ["####..", "####..", "####..", "......", "......"]
    assert shrink(np.ones((4, 4), bool), 3).all(), "nothing is known outside the frame"


def test_smoothing_takes_a_whisker_and_keeps_a_straight_border() -> None:
    mask = np.zeros((11, 20), bool)
    mask[5:] = True
    np.testing.assert_array_equal(smooth(mask, 2), mask)
    whisker = mask.copy()
    whisker[1:5, 9] = True
    assert not smooth(whisker, 2)[1:4].any()
    notch = mask.copy()
    notch[5:8, 9] = False
    assert smooth(notch, 2)[7, 9]


def test_islands_go_by_size_and_the_largest_part_stays() -> None:
    mask = mask_of("##...#", "##....", "....#.", ".....#")
    assert picture(without_islands(mask, 2)) == ["##....", "##....", "....#.", ".....#"]
    assert picture(without_islands(mask, 3)) == ["##....", "##....", "......", "......"]
    assert picture(without_islands(mask, 99)) == ["##....", "##....", "......", "......"]


def test_holes_are_filled_and_bays_are_not() -> None:
    mask = mask_of("#####...", "#.#.####", "###.#..#", "..####.#", ".....###")
    assert picture(without_holes(mask)) == [
        "#####...",
        "########",
        "########",
        "..######",
        ".....###",
    ]
    assert picture(without_holes(mask, 1))[1] == "###.####", "larger ones stay, if so asked"
    bay = mask_of("###", "#.#", "#.#")
    np.testing.assert_array_equal(without_holes(bay), bay)


def test_nothing_comes_of_an_empty_mask() -> None:
    empty = np.zeros((5, 5), bool)
    for result in (
        grow(empty, 3),
        shrink(empty, 3),
        smooth(empty, 3),
        without_islands(empty, 3),
        without_holes(empty),
    ):
        assert not result.any() and result is not empty


@given(MASKS, AMOUNTS)
@settings(deadline=None, max_examples=60)
def test_growing_adds_shrinking_takes_and_there_and_back_closes_or_opens(mask, amount) -> None:  # type: ignore[no-untyped-def]
    larger, smaller = grow(mask, amount), shrink(mask, amount)
    assert not (mask & ~larger).any() and not (smaller & ~mask).any()
    assert not (mask & ~shrink(larger, amount)).any(), "grow then shrink keeps every pixel"
    assert not (grow(smaller, amount) & ~mask).any(), "shrink then grow adds none"
    if mask.any() and not mask.all():
        np.testing.assert_array_equal(~grow(mask, amount), shrink(~mask, amount))


@given(MASKS, st.integers(1, 12))
@settings(deadline=None, max_examples=60)
def test_cleaning_twice_is_cleaning_once(mask, least) -> None:  # type: ignore[no-untyped-def]
    filled = without_holes(mask)
    np.testing.assert_array_equal(without_holes(filled), filled)
    assert not (mask & ~filled).any()
    cleaned = without_islands(mask, least)
    np.testing.assert_array_equal(without_islands(cleaned, least), cleaned)
    assert cleaned.any() == mask.any() and not (cleaned & ~mask).any()


@pytest.fixture
def history() -> History:
    """Two objects in frame 0 of 6 x 8 pixels: 1 in the left columns, 2 in the right ones."""
    document = Document(2, 6, 8)
    history = History(document)
    for object_id, box in ((1, Box(0, 0, 6, 3)), (2, Box(0, 5, 6, 8))):
        history.do(AddObject.prepare(document))
        mask = np.ones((box.height, box.width), bool)
        history.do(PaintStroke.prepare(document, 0, box, mask, object_id))
    return history


def wanted() -> np.ndarray:
    mask = np.zeros((6, 8), bool)
    mask[:, 2:6] = True
    return mask


def replaced(history: History, *, protect: bool) -> tuple[np.ndarray, Document]:
    document = history._document
    command = ReplaceObjectMask.prepare(
        document, 0, 1, wanted(), text="replace", protect_others=protect
    )
    assert history.do(command)
    return document.label_map(0), document


def test_a_replaced_mask_takes_from_others_unless_they_are_protected(history: History) -> None:
    before = history._document.label_map(0).copy()
    label_map, document = replaced(history, protect=False)
    assert (label_map[0] == [0, 0, 1, 1, 1, 1, 2, 2]).all()
    history.undo()
    np.testing.assert_array_equal(document.label_map(0), before)
    label_map, document = replaced(history, protect=True)
    assert (label_map[0] == [0, 0, 1, 1, 1, 2, 2, 2]).all()
    history.undo()
    history.redo()
    assert (document.label_map(0)[0] == [0, 0, 1, 1, 1, 2, 2, 2]).all()


def test_a_mask_replaced_by_nothing_empties_the_cell_and_undo_fills_it(history: History) -> None:
    document = history._document
    assert document.cells.state(0, 1) is CellState.DRAWN
    nothing = np.zeros((6, 8), bool)
    history.do(ReplaceObjectMask.prepare(document, 0, 1, nothing, text="clear"))
    assert document.cells.state(0, 1) is CellState.EMPTY
    assert document.cells.state(0, 2) is CellState.DRAWN
    history.undo()
    assert document.cells.state(0, 1) is CellState.DRAWN


def test_the_same_mask_is_no_step(history: History) -> None:
    document = history._document
    same = document.object_mask(0, 1)
    assert ReplaceObjectMask.prepare(document, 0, 1, same, text="same").is_empty


def test_locked_objects_and_other_sizes_are_refused(history: History) -> None:
    from dataclasses import replace

    document = history._document
    with pytest.raises(FrameError, match="3 x 2 pixels"):
        ReplaceObjectMask.prepare(document, 0, 1, np.zeros((2, 3), bool), text="")
    history.do(ChangeObject.prepare(document, replace(document.objects[2], locked=True)))
    label_map, _ = replaced(history, protect=False)
    assert (label_map[0] == [0, 0, 1, 1, 1, 2, 2, 2]).all(), "a locked object keeps its pixels"
    history.do(ChangeObject.prepare(document, replace(document.objects[1], locked=True)))
    with pytest.raises(LockedObjectError, match="locked"):
        ReplaceObjectMask.prepare(document, 0, 1, wanted(), text="")

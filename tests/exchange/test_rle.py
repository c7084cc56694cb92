"""Run lengths: by hand, by laws, and against COCO's own code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from annotator.exchange.errors import DamagedFileError
from annotator.exchange.rle import (
    box_runs,
    mask_of_runs,
    mask_runs,
    object_runs,
    runs_of,
    runs_to_text,
    text_to_runs,
)

SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=40)
MASKS = arrays(bool, SHAPES)
LABEL_MAPS = arrays(np.uint8, SHAPES, elements=st.sampled_from([0, 0, 1, 2, 7, 254]))


def test_by_hand() -> None:
    mask = np.array([[0, 1, 1], [0, 1, 0]], bool)
    assert mask_runs(mask).tolist() == [2, 3, 1]  # columns: 00 11 10
    assert mask_runs(~mask).tolist() == [0, 2, 3, 1]
    assert mask_runs(np.zeros((2, 3), bool)).tolist() == [6]
    assert mask_runs(np.ones((2, 3), bool)).tolist() == [0, 6]
    # rows within the box that begins at column 1: 11 10
    assert box_runs(mask) == ((1, 0, 2, 2), [0, 3, 1])


def test_text_by_hand() -> None:
    # 5 -> one group 00101 -> chr(53); 40 -> 01000 with bit 6, then 00001: chr(48 + 40), chr(49)
    assert runs_to_text(np.array([5])) == "5"
    assert runs_to_text(np.array([40])) == "X1"
    # the fourth count is stored as its difference to the second: 3 - 7 = -4 -> 11100 -> chr(76)
    assert runs_to_text(np.array([1, 7, 2, 3])) == "172L"
    assert text_to_runs("172L").tolist() == [1, 7, 2, 3]


@given(MASKS)
def test_there_and_back(mask: np.ndarray) -> None:
    counts = mask_runs(mask)
    assert (text_to_runs(runs_to_text(counts)) == counts).all()
    np.testing.assert_array_equal(mask_of_runs(counts, *mask.shape), mask)
    if mask.any():
        (left, top, width, height), runs = box_runs(mask)
        again = np.zeros_like(mask)
        again[top : top + height, left : left + width] = mask_of_runs(
            runs_of(runs), height, width, by_rows=True
        )
        np.testing.assert_array_equal(again, mask)


@given(LABEL_MAPS)
def test_one_pass_over_a_label_map_finds_the_runs_of_each_object(label_map: np.ndarray) -> None:
    runs = object_runs(label_map)
    assert sorted(runs) == sorted(set(label_map.ravel().tolist()) - {0})
    for object_id, counts in runs.items():
        np.testing.assert_array_equal(
            mask_of_runs(counts, *label_map.shape), label_map == object_id
        )


@given(MASKS)
def test_the_same_as_cocos_own_code(mask: np.ndarray) -> None:
    coco = pytest.importorskip("pycocotools.mask")
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    ours = runs_to_text(mask_runs(mask))
    assert theirs["counts"].decode("ascii") == ours
    np.testing.assert_array_equal(
        coco.decode({"size": list(mask.shape), "counts": ours.encode()}), mask
    )


def test_large_counts_survive() -> None:
    mask = np.zeros((2160, 3840), bool)
    mask[:, 3000:3001] = True
    counts = mask_runs(mask)
    assert counts.tolist() == [3000 * 2160, 2160, 839 * 2160]
    assert text_to_runs(runs_to_text(counts)).tolist() == counts.tolist()


@pytest.mark.parametrize("text", ["", "X", "~5", "ä", "p" * 9])
def test_broken_texts_are_refused(text: str) -> None:
    with pytest.raises(DamagedFileError, match="run lengths"):
        text_to_runs(text)


def test_runs_of_another_size_are_refused() -> None:
    with pytest.raises(DamagedFileError, match="add up to 6 pixels, a mask of 2 x 4 has 8"):
        mask_of_runs(np.array([2, 3, 1]), 4, 2)
    with pytest.raises(DamagedFileError, match="hold -1"):
        mask_of_runs(np.array([9, -1]), 4, 2)
    with pytest.raises(DamagedFileError, match="whole numbers"):
        runs_of([1, 2.5])  # type: ignore[list-item]

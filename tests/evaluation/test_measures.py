"""J and F on masks whose values follow by hand, and the fast form against the plain one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluation.masks import drawn
from vos_core.evaluation.measures import (
    contour_accuracy,
    contour_accuracy_plain,
    mask_boundary,
    region_similarity,
    tolerance_pixels,
)


def test_region_similarity_is_intersection_over_union() -> None:
    result = drawn("##..", "##..", "....")
    annotation = drawn(".##.", ".##.", "....")
    assert region_similarity(result, annotation) == pytest.approx(2 / 6)


def test_two_empty_masks_agree_and_one_empty_mask_does_not() -> None:
    empty, full = drawn("...", "..."), drawn("...", ".#.")
    assert region_similarity(empty, empty) == 1.0
    assert region_similarity(empty, full) == 0.0
    for measure in (contour_accuracy, contour_accuracy_plain):
        assert measure(empty, empty) == 1.0
        assert measure(empty, full) == 0.0
        assert measure(full, empty) == 0.0


def test_the_boundary_looks_right_down_and_across() -> None:
    mask = drawn(".....", ".##..", ".##..", ".....")
    assert np.array_equal(mask_boundary(mask), drawn("###..", "#.#..", "###..", "....."))


def test_at_the_edge_the_boundary_looks_along_it_only() -> None:
    mask = drawn("..##", "..##", "...#")
    assert np.array_equal(mask_boundary(mask), drawn(".#..", ".##.", "..#."))
    assert not mask_boundary(np.ones((3, 4), bool)).any()


def test_the_tolerance_is_a_share_of_the_diagonal_rounded_up() -> None:
    assert tolerance_pixels(480, 854) == 8  # 0.008 * 979.66 = 7.84
    assert tolerance_pixels(60, 80) == 1  # 0.008 * 100 = 0.8
    assert tolerance_pixels(1080, 1920) == 18  # 0.008 * 2202.9 = 17.6


def test_boundaries_within_the_tolerance_match_and_others_do_not() -> None:
    # 60 x 80: tolerance 1. Full columns, so each boundary is one vertical line of 60 pixels.
    halves = [np.zeros((60, 80), bool) for _ in range(3)]
    for half, column in zip(halves, (40, 41, 43), strict=True):
        half[:, :column] = True
    assert contour_accuracy(halves[0], halves[0]) == 1.0
    assert contour_accuracy(halves[0], halves[1]) == 1.0
    assert contour_accuracy(halves[0], halves[2]) == 0.0


def test_precision_and_recall_enter_by_their_harmonic_mean() -> None:
    # The result has the annotation's line (60 pixels, all matched) and one far away (60, not):
    # precision 1/2, recall 1, F = 2 * 0.5 / 1.5.
    annotation, result = np.zeros((60, 80), bool), np.zeros((60, 80), bool)
    annotation[:, :20] = True
    result[:, :20] = True
    result[:, 60:] = True
    assert contour_accuracy(result, annotation) == pytest.approx(2 / 3)
    assert contour_accuracy(annotation, result) == pytest.approx(2 / 3)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="one size"):
        region_similarity(np.zeros((3, 4), bool), np.zeros((4, 3), bool))
    with pytest.raises(ValueError, match="one size"):
        contour_accuracy(np.zeros((3, 4), bool), np.zeros((4, 3), bool))


boxes = st.tuples(
    st.integers(0, 59), st.integers(0, 79), st.integers(1, 40), st.integers(1, 50), st.booleans()
)


def blobs(parts: list[tuple[int, int, int, int, bool]], scale: int) -> np.ndarray:
    mask = np.zeros((60, 80), bool)
    for top, left, height, width, keep in parts:
        mask[top : top + height, left : left + width] = keep
    return np.kron(mask, np.ones((scale, scale), bool))


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, max_size=4), st.lists(boxes, max_size=4), st.sampled_from([1, 2, 3]))
def test_the_fast_form_equals_the_plain_one(first: list, second: list, scale: int) -> None:
    masks = blobs(first, scale), blobs(second, scale)
    assert contour_accuracy(*masks) == pytest.approx(contour_accuracy_plain(*masks), abs=1e-12)

"""The brush that clusters hold back."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.model.cluster_paint import codes_along, snapped
from annotator.model.clusters import ClusterFrame
from annotator.model.geometry import Box
from annotator.model.painting import Patch, brush_segment


def frame_of(rows: list[list[int]], height: int, width: int) -> ClusterFrame:
    return ClusterFrame(np.array(rows, np.uint8), (1,), (height, width))


HALVES = frame_of([[1, 1, 17, 17], [1, 1, 17, 17], [1, 1, 0, 17]], 21, 31)
"""Map columns lie at 0, 10, 20, 30, rows at 0, 10, 20: the halves meet at column 15."""


def test_codes_are_those_on_the_way_and_none_is_none() -> None:
    assert codes_along(HALVES, (2, 2), (2, 2)) == {1}
    assert codes_along(HALVES, (2, 2), (29, 2)) == {1, 17}
    assert codes_along(HALVES, (20.5, 20.5), (20.5, 20.5)) == frozenset()
    assert codes_along(HALVES, (-9, -9), (-1, -1)) == frozenset(), "outside the frame"


def test_a_brush_over_both_halves_paints_the_half_of_its_middle() -> None:
    whole = Patch(Box(0, 0, 10, 31), np.ones((10, 31), bool))
    left, right = snapped(whole, HALVES, frozenset({1})), snapped(whole, HALVES, frozenset({17}))
    assert left.box == whole.box
    # Column 15 is as far from either half: both may have it.
    assert left.mask[:, :16].all() and not left.mask[:, 16:].any()
    assert right.mask[:, 15:].all() and not right.mask[:, :15].any()
    assert not snapped(whole, HALVES, frozenset()).mask.any()


@given(
    st.tuples(st.floats(-5, 35), st.floats(-5, 25)),
    st.floats(0.5, 20),
    st.frozensets(st.sampled_from([1, 17])),
)
@settings(deadline=None, max_examples=60)
def test_it_never_paints_outside_the_brush_nor_outside_the_frame(at, radius, codes) -> None:  # type: ignore[no-untyped-def]
    brush = brush_segment(at, at, radius)
    patch = snapped(brush, HALVES, codes)
    assert patch.box == brush.box.clipped(21, 31)
    assert patch.mask.shape == (patch.box.height, patch.box.width)
    inside = brush.mask[
        patch.box.top - brush.box.top : patch.box.bottom - brush.box.top,
        patch.box.left - brush.box.left : patch.box.right - brush.box.left,
    ]
    assert not (patch.mask & ~inside).any()


def test_a_part_of_the_map_gives_what_the_whole_would() -> None:
    rng = np.random.default_rng(1)
    clusters = frame_of(rng.integers(1, 4, (9, 12)).tolist(), 70, 95)
    codes = frozenset({1, 3})
    whole = snapped(Patch(Box(0, 0, 70, 95), np.ones((70, 95), bool)), clusters, codes)
    for box in (Box(0, 0, 9, 9), Box(33, 41, 60, 95), Box(60, 0, 70, 30)):
        part = snapped(Patch(box, np.ones((box.height, box.width), bool)), clusters, codes)
        np.testing.assert_array_equal(part.mask, whole.mask[box.slices])

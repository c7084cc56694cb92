"""The outline in hand: finding, moving, inserting and taking away corners."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.model.outline import EditableOutline, nearest_on_segment

POINTS = st.tuples(st.floats(-50, 50), st.floats(-50, 50))


def triangle() -> EditableOutline:
    outline = EditableOutline()
    for point in ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0)):
        outline.add(point)
    return outline


def test_the_nearest_corner_within_reach_is_meant() -> None:
    outline = triangle()
    assert outline.corner_at((9.0, 1.0), 2) == 1
    assert outline.corner_at((5.0, 1.0), 2) is None
    outline.add((10.0, 0.0))
    assert outline.corner_at((10.0, 0.0), 2) == 3, "of two on one spot the later one"


def test_the_closing_edge_counts_once_the_ends_are_joined() -> None:
    outline = triangle()
    assert outline.edge_at((5.0, 1.0), 2) == (1, (5.0, 0.0))
    assert outline.edge_at((5.0, 5.0), 2) is None
    assert outline.close()
    spot = outline.edge_at((5.0, 5.0), 2)
    assert spot is not None and spot.place == 3 and spot.point == pytest.approx((5, 5))


def test_a_corner_put_on_an_edge_stands_between_its_ends() -> None:
    outline = triangle()
    outline.insert(1, (5.0, 0.0))
    outline.move(1, (5.0, -3.0))
    assert outline.corners == ((0, 0), (5, -3), (10, 0), (10, 10))


def test_two_corners_enclose_nothing_and_open_the_outline_again() -> None:
    outline = triangle()
    assert outline.close() and outline.is_closed
    outline.remove(0)
    assert not outline.is_closed and not outline.has_inside and not outline.close()
    outline.clear()
    assert len(outline) == 0 and outline.corner_at((0, 0), 100) is None


@given(POINTS, POINTS, POINTS)
def test_no_point_of_a_segment_is_nearer(start, end, point) -> None:  # type: ignore[no-untyped-def]
    nearest = math.dist(nearest_on_segment(start, end, point), point)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = start[0] + (end[0] - start[0]) * share
        y = start[1] + (end[1] - start[1]) * share
        assert nearest <= math.dist((x, y), point) + 1e-6

"""Shapes, on masks small enough to see."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.model.geometry import Box
from annotator.model.painting import (
    Patch,
    brush_segment,
    ellipse_fill,
    flood_fill,
    polygon_fill,
    rectangle_fill,
    tapered_segment,
    union,
)


def picture(patch: Patch, height: int, width: int) -> list[str]:
    """The patch on an image, '#' for its pixels."""
    image = np.zeros((height, width), bool)
    inside = patch.box.clipped(height, width)
    rows = slice(inside.top - patch.box.top, inside.bottom - patch.box.top)
    columns = slice(inside.left - patch.box.left, inside.right - patch.box.left)
    image[inside.slices] = patch.mask[rows, columns]
    return ["".join("#" if pixel else "." for pixel in row) for row in image]


def test_smallest_brush_takes_the_pixel_it_is_over():
    assert picture(brush_segment((2.1, 0.9), (2.1, 0.9), 0.3), 2, 4) == [
        "..#.",
        "....",
    ]


def test_round_brush_of_radius_two_on_a_pixel_centre():
    assert picture(brush_segment((2.5, 2.5), (2.5, 2.5), 2), 5, 5) == [
        "..#..",
        ".###.",
        "#####",
        ".###.",
        "..#..",
    ]


def test_round_brush_of_radius_two_on_a_pixel_corner():
    # centres lie at distances sqrt(.5), sqrt(2.5), sqrt(4.5): the last is over 2
    assert picture(brush_segment((2, 2), (2, 2), 2), 4, 4) == [
        ".##.",
        "####",
        "####",
        ".##.",
    ]


def test_round_brush_moved_to_the_right():
    assert picture(brush_segment((1.5, 1.5), (4.5, 1.5), 1), 3, 6) == [
        ".####.",
        "######",
        ".####.",
    ]


def test_square_brush_moved_down_the_diagonal():
    assert picture(brush_segment((1.5, 1.5), (3.5, 3.5), 1.2, shape="square"), 5, 5) == [
        "###..",
        "####.",
        "#####",
        ".####",
        "..###",
    ]


@pytest.mark.parametrize("end", [(4.5, 2.5), (9.5, 0.5), (0.5, 7.5), (8.2, 8.9)])
def test_thin_brush_leaves_a_connected_line(end):
    _, mask = brush_segment((0.5, 0.5), end, 0.1)
    # one pixel for each step along the longer axis, all touching, from end to end
    assert mask.sum() == max(math.floor(end[0]), math.floor(end[1])) + 1
    assert cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] == 2


@pytest.mark.parametrize("radius", [0.0, -1.0, math.nan, math.inf])
def test_brush_refuses_a_radius_that_is_none(radius):
    with pytest.raises(ValueError, match="radius"):
        brush_segment((0, 0), (1, 1), radius)


points = st.tuples(st.floats(-4, 24), st.floats(-4, 20))


@settings(deadline=None, max_examples=200)
@given(start=points, end=points, radius=st.floats(1, 9))
def test_round_brush_is_the_set_within_the_radius(start, end, radius):
    box, mask = brush_segment(start, end, radius)
    y, x = np.mgrid[box.top : box.bottom, box.left : box.right] + 0.5
    along = np.array(end) - np.array(start)
    length = float(along @ along)
    t = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length if length else 0 * x
    t = np.clip(t, 0, 1)
    distance = np.hypot(x - start[0] - t * along[0], y - start[1] - t * along[1])
    assert mask[distance <= radius - 1e-6].all()
    # what is more is the thin line alone, which stays within a pixel's diagonal of the segment
    assert not mask[distance > max(radius + 1e-6, 1.5)].any()
    assert mask.shape == (box.height, box.width)


@settings(deadline=None, max_examples=100)
@given(start=points, end=points, radius=st.floats(1, 9))
def test_square_brush_covers_both_squares_and_stays_within_their_bounds(start, end, radius):
    box, mask = brush_segment(start, end, radius, shape="square")
    y, x = np.mgrid[box.top : box.bottom, box.left : box.right] + 0.5
    for t in (0.0, 0.37, 1.0):
        cx, cy = start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])
        assert mask[np.maximum(abs(x - cx), abs(y - cy)) <= radius - 1e-6].all()
    low_x, high_x = sorted((start[0], end[0]))
    assert not mask[(x < low_x - radius - 1e-6) | (x > high_x + radius + 1e-6)].any()


def test_polygon_takes_pixels_whose_centre_is_inside():
    triangle = [(0.0, 0.0), (5.0, 0.0), (0.0, 5.0)]
    # the centre (c + .5, r + .5) is inside when c + r + 1 < 5; one on the edge is outside
    assert picture(polygon_fill(triangle, 6, 6), 6, 6) == [
        "####..",
        "###...",
        "##....",
        "#.....",
        "......",
        "......",
    ]


def test_polygon_that_crosses_itself_is_even_odd():
    bow = [(0.0, 0.0), (6.0, 0.0), (0.0, 4.0), (6.0, 4.0)]
    inner = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (1, 1), (3, 1), (3, 3), (1, 3), (1, 1)]
    assert picture(polygon_fill(bow, 4, 6), 4, 6) == [".####.", "..##..", "..##..", ".####."]
    assert picture(polygon_fill(inner, 4, 4), 4, 4) == ["####", "#..#", "#..#", "####"]


def test_polygon_reaching_out_of_the_image_is_cut():
    patch = polygon_fill([(-5, -5), (9, -5), (9, 9), (-5, 9)], 3, 4)
    assert patch.box == Box(0, 0, 3, 4)
    assert patch.mask.all()
    assert polygon_fill([(10, 10), (12, 10), (12, 12)], 3, 4).box.is_empty
    assert polygon_fill([(0, 0), (2, 2)], 3, 4).box.is_empty


def test_rectangle_between_any_two_corners():
    assert rectangle_fill((4.2, 3.4), (1.0, 1.0), 9, 9).box == Box(1, 1, 3, 4)
    assert rectangle_fill((-4, -4), (30, 30), 9, 8).box == Box(0, 0, 9, 8)


def test_flood_fill_stays_inside_its_region():
    label_map = np.array(
        [
            [0, 0, 1, 0],
            [0, 1, 1, 0],
            [1, 1, 0, 0],
        ],
        np.uint8,
    )
    assert picture(flood_fill(label_map, 0.5, 0.5), 3, 4) == ["##..", "#...", "...."]
    assert picture(flood_fill(label_map, 3.9, 0.1), 3, 4) == ["...#", "...#", "..##"]
    assert picture(flood_fill(label_map, 1.0, 2.0), 3, 4) == ["..#.", ".##.", "##.."]
    assert flood_fill(label_map, 4.0, 0.0).box.is_empty
    assert label_map.sum() == 5


def test_square_brush_of_side_three():
    assert picture(brush_segment((2.5, 1.5), (2.5, 1.5), 1.5, shape="square"), 4, 6) == [
        ".###..",
        ".###..",
        ".###..",
        "......",
    ]


def test_ellipse_six_wide_and_four_high():
    # Rows 0.5 and 3.5 are 1.5 from the middle: half the width there is 3 * sqrt(1 - (1.5/2)^2)
    # = 1.98, which takes the centres 1.5 .. 4.5; the middle rows reach 2.9: 0.5 .. 5.5.
    assert picture(ellipse_fill((0, 0), (6, 4), 5, 7), 5, 7) == [
        ".####..",
        "######.",
        "######.",
        ".####..",
        ".......",
    ]
    assert ellipse_fill((3, 2), (3, 4), 5, 7).box.is_empty, "no width, no pixel"


def test_ellipse_over_the_edge_is_the_part_inside():
    whole = picture(ellipse_fill((5, 5), (15, 11), 20, 20), 20, 20)
    cut = picture(ellipse_fill((0, 0), (10, 6), 3, 5), 3, 5)
    assert cut == [row[5:10] for row in whole[5:8]]


@given(
    st.tuples(st.floats(0, 40), st.floats(0, 40)),
    st.tuples(st.floats(0, 40), st.floats(0, 40)),
    st.floats(0.5, 12),
    st.floats(0.5, 12),
    st.sampled_from(["round", "square"]),
)
@settings(deadline=None, max_examples=60)
def test_a_taper_lies_between_its_thinnest_and_its_thickest(start, end, first, last, shape):
    def image(patch: Patch) -> np.ndarray:
        return np.array([[c == "#" for c in row] for row in picture(patch, 48, 48)])

    taper = image(tapered_segment(start, end, first, last, shape=shape))
    thin = image(brush_segment(start, end, min(first, last), shape=shape))
    thick = image(brush_segment(start, end, max(first, last), shape=shape))
    # A thin brush takes the pixels on its way whatever its radius; on a way cut into pieces these
    # are not always the same, so lines are compared where the radius counts.
    if min(first, last) >= 1:
        assert not (thin & ~taper).any()
        assert not (taper & ~thick).any()
    assert taper.any()


def test_a_taper_of_one_radius_is_a_segment():
    for shape in ("round", "square"):
        taper = tapered_segment((3, 4), (20, 9), 4.0, 4.0, shape=shape)
        plain = brush_segment((3, 4), (20, 9), 4.0, shape=shape)
        assert taper.box == plain.box
        np.testing.assert_array_equal(taper.mask, plain.mask)


def test_union_takes_what_either_takes():
    both = union([rectangle_fill((0, 0), (2, 2), 9, 9), rectangle_fill((3, 1), (5, 3), 9, 9)])
    assert picture(both, 3, 5) == ["##...", "##.##", "...##"]
    assert union([]).box.is_empty

"""Shapes that tools paint: each function returns a box and a bool mask of the box's shape.

Coordinates are continuous, (x, y), x to the right and y down, with the corner of the image at (0,
0): the pixel in row r and column c covers [c, c + 1) x [r, r + 1). A shape takes the pixels whose
centre lies in it. Boxes may reach over the edge of the image, except where a size is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from annotator.model.geometry import EMPTY_BOX, Box
from annotator.model.label_maps import ByteMap

Point = tuple[float, float]
Mask = npt.NDArray[np.bool_]
BrushShape = Literal["round", "square"]


class Patch(NamedTuple):
    """Pixels to paint: a box and the mask inside it."""

    box: Box
    mask: Mask


_NOTHING = Patch(EMPTY_BOX, np.zeros((0, 0), bool))


def brush_segment(start: Point, end: Point, radius: float, *, shape: BrushShape = "round") -> Patch:
    """What a brush leaves between two positions; one dab where both are the same.

    A round brush takes every pixel whose centre is at most ``radius`` away from the segment, a
    square one every pixel whose centre lies in the hull of the two squares of side 2 * ``radius``.
    The pixels on the way from start to end are always taken, so that the thinnest brush leaves a
    connected line.

    Args:
        start: (x, y) of the previous position.
        end: (x, y) of this one.
        radius: half the brush's size, in pixels, over 0.
        shape: round or square.

    Raises:
        ValueError: a radius that is not over 0, or a position that is not finite.
    """
    if not radius > 0 or not all(math.isfinite(v) for v in (*start, *end, radius)):
        raise ValueError(f"cannot paint from {start} to {end} with a brush of radius {radius}")
    box = Box(
        math.floor(min(start[1], end[1]) - radius),
        math.floor(min(start[0], end[0]) - radius),
        math.ceil(max(start[1], end[1]) + radius) + 1,
        math.ceil(max(start[0], end[0]) + radius) + 1,
    )
    thin = np.zeros((box.height, box.width), np.uint8)
    ends = [(math.floor(x) - box.left, math.floor(y) - box.top) for x, y in (start, end)]
    cv2.line(thin, ends[0], ends[1], 1, 1)
    mask = thin.view(bool)
    centres = np.arange(box.top, box.bottom, dtype=np.float64) + np.float64(0.5)
    if shape == "round":
        left, right = _capsule_extents(start, end, radius, centres)
    else:
        left, right = _hull_extents(_square_corners(start, end, radius), centres)
    _fill_rows(mask, left - box.left, right - box.left)
    return Patch(box, mask)


def tapered_segment(
    start: Point,
    end: Point,
    start_radius: float,
    end_radius: float,
    *,
    shape: BrushShape = "round",
) -> Patch:
    """What a brush leaves that grows or shrinks on its way, as under a pen's pressure.

    The way is cut into pieces over which the radius changes by a pixel or less, 16 at most; each
    piece has the radius of its middle. With equal radii it is `brush_segment`.

    Raises:
        ValueError: as for `brush_segment`.
    """
    count = min(max(math.ceil(abs(end_radius - start_radius)), 1), 16)
    if count == 1:
        return brush_segment(start, end, (start_radius + end_radius) / 2, shape=shape)
    patches = []
    for piece in range(count):
        first, last = piece / count, (piece + 1) / count
        middle = start_radius + (end_radius - start_radius) * (first + last) / 2
        points = [
            (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
            for share in (first, last)
        ]
        patches.append(brush_segment(points[0], points[1], middle, shape=shape))
    return union(patches)


def union(patches: Sequence[Patch]) -> Patch:
    """Everything that some patches take."""
    box = EMPTY_BOX
    for patch in patches:
        box = box.union(patch.box)
    mask = np.zeros((box.height, box.width), bool)
    for patch in patches:
        if not patch.box.is_empty:
            top, left = patch.box.top - box.top, patch.box.left - box.left
            mask[top : top + patch.box.height, left : left + patch.box.width] |= patch.mask
    return Patch(box, mask)


def polygon_fill(points: Sequence[Point], height: int, width: int) -> Patch:
    """Inside of a polygon by the even-odd rule, within the image.

    Args:
        points: (x, y) of the vertices; the last joins the first. Under three there is no inside.
        height: rows of the image.
        width: columns of the image.
    """
    if len(points) < 3:
        return _NOTHING
    corners = np.asarray(points, np.float64)
    top = max(0, math.floor(corners[:, 1].min()))
    bottom = min(height, math.ceil(corners[:, 1].max()))
    left = max(0, math.floor(corners[:, 0].min()))
    right = min(width, math.ceil(corners[:, 0].max()))
    box = Box(top, left, bottom, right)
    if box.is_empty:
        return _NOTHING
    mask = np.zeros((box.height, box.width), bool)
    rows, crossings = _crossings(corners, top, bottom)
    # Each row has an even number of crossings; between the first and second, third and fourth ...
    # is inside.
    columns = np.clip(np.ceil(crossings - 0.5).astype(np.int64) - left, 0, box.width)
    for row, first, last in zip(rows[::2] - top, columns[::2], columns[1::2], strict=True):
        mask[row, first:last] = True
    return Patch(box, mask)


def rectangle_fill(start: Point, end: Point, height: int, width: int) -> Patch:
    """Rectangle between two opposite corners, within the image."""
    (left, right), (top, bottom) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    box = Box(
        math.ceil(top - 0.5), math.ceil(left - 0.5), math.ceil(bottom - 0.5), math.ceil(right - 0.5)
    ).clipped(height, width)
    return Patch(box, np.ones((box.height, box.width), bool))


def ellipse_fill(start: Point, end: Point, height: int, width: int) -> Patch:
    """Ellipse in the rectangle between two opposite corners, within the image."""
    box = rectangle_fill(start, end, height, width).box
    if box.is_empty:
        return _NOTHING
    across, down = abs(end[0] - start[0]) / 2, abs(end[1] - start[1]) / 2
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    mask = np.zeros((box.height, box.width), bool)
    centres = np.arange(box.top, box.bottom, dtype=np.float64) + 0.5
    half = across * np.sqrt(np.maximum(1 - ((centres - y) / down) ** 2, 0.0))
    _fill_rows(mask, x - half - box.left, x + half - box.left)
    return Patch(box, mask)


def flood_fill(label_map: ByteMap, x: float, y: float) -> Patch:
    """Connected region (4 neighbours) of the same object id as the pixel at (x, y).

    Nothing when the position lies outside the map.
    """
    height, width = label_map.shape
    column, row = math.floor(x), math.floor(y)
    if not (0 <= row < height and 0 <= column < width):
        return _NOTHING
    filled = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (1 << 8)
    _, _, _, rect = cv2.floodFill(label_map.copy(), filled, (column, row), 0, 0, 0, flags)
    left, top, box_width, box_height = rect
    box = Box(top, left, top + box_height, left + box_width)
    inner = filled[1:-1, 1:-1][box.slices]
    return Patch(box, inner.astype(bool))


def _capsule_extents(
    start: Point, end: Point, radius: float, centres: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Smallest and largest x of a capsule on each line y = centre; inf, -inf where it has none."""
    left = np.full(centres.shape, np.inf)
    right = np.full(centres.shape, -np.inf)
    for x, y in (start, end):
        inside = radius**2 - (centres - y) ** 2
        half = np.sqrt(np.maximum(inside, 0.0))
        left = np.where(inside >= 0, np.minimum(left, x - half), left)
        right = np.where(inside >= 0, np.maximum(right, x + half), right)
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    if length > 0:
        nx, ny = -(end[1] - start[1]) / length * radius, (end[0] - start[0]) / length * radius
        corners = np.array(
            [
                (start[0] + nx, start[1] + ny),
                (end[0] + nx, end[1] + ny),
                (end[0] - nx, end[1] - ny),
                (start[0] - nx, start[1] - ny),
            ]
        )
        body_left, body_right = _hull_extents(corners, centres)
        left, right = np.minimum(left, body_left), np.maximum(right, body_right)
    return left, right


def _square_corners(start: Point, end: Point, radius: float) -> npt.NDArray[np.float64]:
    """Vertices of the convex hull of two equal squares, in order round it."""
    (x0, y0), (x1, y1) = sorted((start, end))
    r = radius
    if y1 >= y0:
        corners = [
            (x0 - r, y0 - r), (x0 + r, y0 - r), (x1 + r, y1 - r),
            (x1 + r, y1 + r), (x1 - r, y1 + r), (x0 - r, y0 + r),
        ]  # fmt: skip
    else:
        corners = [
            (x0 - r, y0 - r), (x1 - r, y1 - r), (x1 + r, y1 - r),
            (x1 + r, y1 + r), (x0 + r, y0 + r), (x0 - r, y0 + r),
        ]  # fmt: skip
    return np.array(corners)


def _hull_extents(
    corners: npt.NDArray[np.float64], centres: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Smallest and largest x of a convex polygon on each line y = centre; inf, -inf for none."""
    left = np.full(centres.shape, np.inf)
    right = np.full(centres.shape, -np.inf)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crossed = (centres >= min(y0, y1)) & (centres <= max(y0, y1))
        if y0 == y1:
            low = high = np.array([min(x0, x1), max(x0, x1)])
            left = np.where(crossed, np.minimum(left, low[0]), left)
            right = np.where(crossed, np.maximum(right, high[1]), right)
            continue
        x = x0 + (centres - y0) * ((x1 - x0) / (y1 - y0))
        left = np.where(crossed, np.minimum(left, x), left)
        right = np.where(crossed, np.maximum(right, x), right)
    return left, right


def _fill_rows(mask: Mask, left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> None:
    """Set the pixels of each row whose centre lies in [left, right]."""
    used = np.flatnonzero(left <= right)
    first = np.clip(np.ceil(left[used] - 0.5), 0, mask.shape[1]).astype(np.int64)
    last = np.clip(np.floor(right[used] - 0.5) + 1, 0, mask.shape[1]).astype(np.int64)
    for row, begin, end in zip(used.tolist(), first.tolist(), last.tolist(), strict=True):
        mask[row, begin:end] = True


def _crossings(
    corners: npt.NDArray[np.float64], top: int, bottom: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Rows and x of all crossings of a polygon with the row centres in [top, bottom), sorted."""
    rows: list[npt.NDArray[np.int64]] = []
    xs: list[npt.NDArray[np.float64]] = []
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        low, high = min(y0, y1), max(y0, y1)
        # Half-open in y: a vertex on a row centre is crossed by one of its two edges only.
        first = max(top, math.ceil(low - 0.5))
        last = min(bottom, math.ceil(high - 0.5))
        if first >= last:
            continue
        edge_rows = np.arange(first, last)
        rows.append(edge_rows)
        xs.append(x0 + (edge_rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0)))
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0)
    all_rows, all_xs = np.concatenate(rows), np.concatenate(xs)
    order = np.lexsort((all_xs, all_rows))
    return all_rows[order], all_xs[order]

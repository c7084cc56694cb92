"""Masks as polygons, for tools that know no pixels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.exchange.errors import DamagedFileError

_SHIFT = 4  # OpenCV takes points in sixteenths of a pixel
_FEWEST_POINTS = 3


def fill_polygon(
    canvas: NDArray[np.uint8],
    points: NDArray[np.float64],
    value: int,
    *,
    corner_at_zero: bool = False,
) -> None:
    """Draw a polygon.

    Args:
        canvas: uint8 [H, W]; written to.
        points: [n, 2] of x, y in pixels.
        value: what its pixels become.
        corner_at_zero: whether (0, 0) is the corner of the first pixel, as in COCO, and the pixels
            whose middles lie inside are meant; else it is the middle of the first pixel, as in
            labelme and CVAT, and pixels on the outline belong to the polygon.
    """
    if corner_at_zero:
        canvas[_middles_inside(points, canvas.shape)] = value
        return
    fixed = np.round(points * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(canvas, [fixed.reshape(-1, 1, 2)], int(value), cv2.LINE_8, _SHIFT)


def outlines(mask: NDArray[np.bool_]) -> tuple[list[NDArray[np.int32]], int]:
    """Trace the outer borders of a mask through the middles of its outermost pixels.

    Filling them gives the mask again, holes filled.

    Args:
        mask: bool [H, W].

    Returns:
        Polygons [n, 2] of x, y (a single pixel has three equal points), and the number of pixels
        in holes, which polygons cannot leave out.
    """
    picture = np.ascontiguousarray(mask, np.uint8)
    contours, _ = cv2.findContours(picture, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    polygons = []
    filled = np.zeros_like(picture)
    for contour in contours:
        points = contour.reshape(-1, 2).astype(np.int32)
        if len(points) < _FEWEST_POINTS:
            points = np.concatenate((points, points[-1:].repeat(_FEWEST_POINTS - len(points), 0)))
        polygons.append(points)
        fill_polygon(filled, points.astype(np.float64), 1)
    return polygons, int(np.count_nonzero(filled)) - int(np.count_nonzero(picture))


def _middles_inside(points: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark pixels from whose middle a ray to the left meets the outline an odd number of times."""
    height, width = shape
    crossings = np.zeros((height, width + 1), np.int32)
    ends = np.roll(points, -1, axis=0)
    for (x0, y0), (x1, y1) in zip(points, ends, strict=True):
        if y0 == y1:
            continue
        first, last = np.ceil(np.clip(sorted((y0, y1)), 0, height) - 0.5).astype(int)
        rows = np.arange(first, last)
        xs = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
        columns = np.clip(np.ceil(xs - 0.5), 0, width).astype(int)
        np.add.at(crossings, (rows, columns), 1)
    return (np.cumsum(crossings[:, :width], axis=1) & 1).astype(bool)


def points_of(values: Sequence[object], where: object) -> NDArray[np.float64]:
    """Take the points of a polygon from numbers x, y, x, y ... or pairs.

    Raises:
        DamagedFileError: they are no numbers, or no pairs.
    """
    try:
        flat = np.array(values, np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise DamagedFileError(f"{where}: a polygon should be a list of numbers") from error
    if flat.size < 2 or flat.size % 2 or not np.isfinite(flat).all():
        raise DamagedFileError(f"{where}: a polygon should be pairs x, y of finite numbers")
    return flat.reshape(-1, 2)

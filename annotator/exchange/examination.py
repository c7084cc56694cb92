"""What one mask looks like, counted: values, edges, specks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from annotator.exchange.found import RawMask

SPECK_PIXELS = 16
"""A piece of an object is a speck when it has fewer pixels, and the object a larger piece."""

_BOX = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))


@dataclass(frozen=True)
class Examination:
    """What was counted in one mask.

    Attributes:
        kind: "ids" (8 bits), "deep" (more bits) or "colours".
        height, width: of the mask.
        pixels: value -> number of pixels. A colour is the value 65536 r + 256 g + b.
        solid: values that somewhere fill a square of 3 x 3 pixels.
        specks: number of specks.
        speck_pixels: pixels in them.
    """

    kind: str
    height: int
    width: int
    pixels: dict[int, int]
    solid: frozenset[int]
    specks: int = 0
    speck_pixels: int = 0


def kind_of_mask(raw: RawMask) -> str:
    """Return "colours", "deep" or "ids"."""
    if raw.ndim == 3:
        return "colours"
    return "ids" if raw.dtype == np.uint8 else "deep"


def values_of(raw: RawMask) -> npt.NDArray[np.int32]:
    """One number a pixel: ids and deep values as they are, colours as 65536 r + 256 g + b."""
    if raw.ndim == 2:
        return raw.astype(np.int32)
    wide = raw.astype(np.int32)
    return (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]


def ids_of_values(raw: RawMask, known: Mapping[int, int], *, unknown: int) -> npt.NDArray[np.uint8]:
    """Look the value of every pixel up.

    Args:
        raw: mask of any kind.
        known: value -> id, at least one.
        unknown: id of pixels whose value is not known.

    Returns:
        uint8 [H, W].
    """
    keys = np.array(sorted(known), np.int64)
    ids = np.array([known[key] for key in keys.tolist()], np.uint8)
    values = values_of(raw)
    places = np.searchsorted(keys, values).clip(max=len(keys) - 1)
    return np.where(keys[places] == values, ids[places], np.uint8(unknown))


def examine(raw: RawMask) -> Examination:
    """Count what is in a mask."""
    kind = kind_of_mask(raw)
    height, width = raw.shape[:2]
    if kind != "ids":
        values = values_of(raw)
        found, counts = np.unique(values, return_counts=True)
        solid = np.unique(values[_is_solid(values)])
        pixels = dict(zip(found.tolist(), counts.tolist(), strict=True))
        return Examination(kind, height, width, pixels, frozenset(solid.tolist()))
    ids = np.ascontiguousarray(raw)
    pixels = _histogram(ids)
    is_solid = cv2.compare(cv2.erode(ids, _BOX), cv2.dilate(ids, _BOX), cv2.CMP_EQ)
    solid_ids = frozenset(_histogram(ids, np.asarray(is_solid, np.uint8)))
    specks = speck_pixels = 0
    if len(pixels) <= 64:  # more are smoothed edges; their pieces say nothing
        for object_id in pixels.keys() - {0}:
            marks = _specks_of(ids, object_id)
            if marks is not None:
                specks += marks[1]
                speck_pixels += int(np.count_nonzero(marks[0]))
    return Examination(kind, height, width, pixels, solid_ids, specks, speck_pixels)


def speck_marks(label_map: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Mark the pixels of all specks, bool [H, W]."""
    marks = np.zeros(label_map.shape, bool)
    for object_id in _histogram(label_map).keys() - {0}:
        found = _specks_of(label_map, object_id)
        if found is not None:
            marks |= found[0]
    return marks


def fill_from_nearest(
    label_map: npt.NDArray[np.uint8], holes: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    """Give marked pixels the value of the nearest pixel that is not marked.

    Args:
        label_map: uint8 [H, W].
        holes: bool [H, W].

    Returns:
        A new map; all zero when every pixel is marked.
    """
    if not holes.any():
        return label_map
    if holes.all():
        return np.zeros_like(label_map)
    _, nearest = cv2.distanceTransformWithLabels(
        np.ascontiguousarray(holes, np.uint8),
        cv2.DIST_L2,
        cv2.DIST_MASK_5,
        labelType=cv2.DIST_LABEL_PIXEL,
    )
    value_of = np.zeros(int(nearest.max()) + 1, np.uint8)
    value_of[nearest[~holes]] = label_map[~holes]
    return np.where(holes, value_of[nearest], label_map)


def _is_solid(values: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Mark the middles of squares of 3 x 3 equal pixels."""
    result = np.zeros(values.shape, bool)
    if min(values.shape) < 3:
        return result
    middle = values[1:-1, 1:-1]
    same = np.ones(middle.shape, bool)
    height, width = middle.shape
    for y in range(3):
        for x in range(3):
            same &= values[y : y + height, x : x + width] == middle
    result[1:-1, 1:-1] = same
    return result


def _histogram(
    ids: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8] | None = None
) -> dict[int, int]:
    counts = cv2.calcHist([ids], [0], mask, [256], [0, 256]).ravel()
    return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}


def _specks_of(
    ids: npt.NDArray[np.uint8], object_id: int
) -> tuple[npt.NDArray[np.bool_], int] | None:
    mask = (ids == object_id).view(np.uint8)
    x, y, width, height = cv2.boundingRect(mask)
    crop = np.ascontiguousarray(mask[y : y + height, x : x + width])
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(crop, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    is_speck = areas < SPECK_PIXELS
    is_speck[0] = False
    is_speck[1 + int(areas[1:].argmax())] = False
    if count < 3 or not is_speck.any():
        return None
    marks = np.zeros(ids.shape, bool)
    marks[y : y + height, x : x + width] = is_speck[pieces]
    return marks, int(np.count_nonzero(is_speck))

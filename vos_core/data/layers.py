"""Warping and pasting at crop resolution: nothing larger than the crop is ever resampled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from vos_core.data.motion import ElasticField

cv2.setNumThreads(0)

# Patches that shrink below this factor are first shrunk by area averaging, against aliasing.
_AREA_SHRINK_BELOW = 0.6
_IGNORED = 255


@dataclass(frozen=True)
class CutOut:
    """An object cut from a picture.

    Attributes:
        rgba: uint8 [h, w, 4]; alpha has a soft edge just inside the mask.
        left: Column of the patch in its picture.
        top: Row of the patch in its picture.
    """

    rgba: np.ndarray
    left: int
    top: int


def cut_out(
    image: np.ndarray, label_map: np.ndarray, object_id: int, box: tuple[int, ...]
) -> CutOut:
    """Cut one object with a soft edge.

    Args:
        image: uint8 [H, W, 3].
        label_map: uint8 [H, W].
        object_id: Which label.
        box: (top, left, bottom, right) of the object.
    """
    margin = 3
    top, left = max(0, box[0] - margin), max(0, box[1] - margin)
    bottom = min(label_map.shape[0], box[2] + margin)
    right = min(label_map.shape[1], box[3] + margin)
    alpha = cv2.inRange(label_map[top:bottom, left:right], object_id, object_id)
    alpha = cv2.GaussianBlur(alpha, (3, 3), 0.8)
    alpha = cv2.LUT(alpha, _EDGE)
    rgba = np.empty((bottom - top, right - left, 4), np.uint8)
    rgba[..., :3] = image[top:bottom, left:right]
    rgba[..., 3] = alpha
    return CutOut(rgba, left, top)


# Starts the alpha ramp 80/255 into the blurred edge: less of the old background shines through.
_EDGE = np.clip((np.arange(256) - 80) * (255.0 / 150.0), 0, 255).astype(np.uint8)


def warp_picture(
    image: np.ndarray,
    label_map: np.ndarray,
    matrix: np.ndarray,
    size: int,
    *,
    displacement: np.ndarray | None = None,
    relabel: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Warp a whole picture into a crop, mirrored beyond its edges.

    Objects that show again in the mirrored part are marked 255 (nobody's): they look like the
    object but are no part of it.

    Args:
        image: uint8 [H, W, 3].
        label_map: uint8 [H, W].
        matrix: float64 [3, 3], picture to crop.
        size: Side of the crop.
        displacement: float32 [size, size, 2], added to crop positions before looking up, or None.
        relabel: uint8 [256], the id to give to each label of the picture, or None to keep them.

    Returns:
        uint8 [size, size, 3] bilinear and uint8 [size, size] nearest.
    """
    height, width = label_map.shape
    border = cv2.BORDER_REFLECT_101
    seen = None
    if displacement is None:
        warp, area = matrix[:2], (size, size)
        picture = cv2.warpAffine(image, warp, area, flags=cv2.INTER_LINEAR, borderMode=border)
        labels = cv2.warpAffine(label_map, warp, area, flags=cv2.INTER_NEAREST, borderMode=border)
        if not _inside(matrix, size, height, width):
            seen = cv2.warpAffine(_ones(height, width), warp, area, flags=cv2.INTER_NEAREST)
    else:
        places = lookup_map(np.linalg.inv(matrix)[:2], displacement)
        picture = look_up(image, places, cv2.INTER_LINEAR, border)
        labels = look_up(label_map, places, cv2.INTER_NEAREST, border)
        seen = look_up(_ones(height, width), places, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
    if relabel is not None:
        labels = cv2.LUT(labels, relabel)
    if seen is not None:
        labels[(seen == 0) & (labels != 0)] = _IGNORED
    return picture, labels


def lookup_map(inverse: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """float32 [H, W, 2]: where in the source each output pixel comes from.

    Args:
        inverse: float64 [2, 3], output to source.
        displacement: float32 [H, W, 2] added to output positions.
    """
    height, width = displacement.shape[:2]
    return cv2.transform(cv2.add(displacement, _grid(height, width)), inverse.astype(np.float32))


def look_up(source: np.ndarray, places: np.ndarray, interpolation: int, border: int) -> np.ndarray:
    """Sample a picture at given places.

    Args:
        source: uint8 [H, W] or [H, W, C].
        places: float32 [h, w, 2] of (x, y) in the source.
        interpolation: ``cv2.INTER_NEAREST`` or ``cv2.INTER_LINEAR``.
        border: What lies outside, one of ``cv2.BORDER_*``; constant is 0.

    Returns:
        uint8 [h, w] or [h, w, C].
    """
    # OpenCV's type stubs do not know that a two-channel map goes with None.
    remap: Any = cv2.remap
    return remap(source, places, None, interpolation, borderMode=border)


def _grid(height: int, width: int) -> np.ndarray:
    """float32 [H, W, 2] of (x, y); a view of a grid that is kept."""
    side = 1 << max(9, (max(height, width) - 1).bit_length())
    return _square_grid(side)[:height, :width]


@lru_cache(maxsize=4)
def _square_grid(side: int) -> np.ndarray:
    x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    return cv2.merge([x, y])


@lru_cache(maxsize=64)
def _ones(height: int, width: int) -> np.ndarray:
    return np.ones((height, width), np.uint8)


def paste(
    image: np.ndarray,
    label_map: np.ndarray,
    piece: CutOut,
    matrix: np.ndarray,
    object_id: int,
    *,
    field: ElasticField | None = None,
    time: float = 0.0,
    front: np.ndarray | None = None,
) -> None:
    """Draw a cut-out into a crop in place.

    Args:
        image: uint8 [H, W, 3], changed.
        label_map: uint8 [H, W], changed.
        piece: What to draw.
        matrix: float64 [3, 3], from the pixels of the picture that the piece was cut from, to the
            crop.
        object_id: Label to write; 0 hides what was there.
        field: Elastic motion in crop pixels.
        time: Time in frames for ``field``.
        front: uint8 [H, W], 255 where something stands before the piece.
    """
    height, width = label_map.shape
    rgba, matrix = _shrink(piece, matrix)
    box = _target_box(rgba.shape[:2], matrix, height, width, 8 if field is not None else 1)
    if box is None:
        return
    top, left, bottom, right = box
    place = matrix.copy()
    place[:2, 2] -= (left, top)
    size = (right - left, bottom - top)
    if field is None:
        warped = cv2.warpAffine(rgba, place[:2], size, flags=cv2.INTER_LINEAR)
    else:
        bend = field.displacement(time, size[1], size[0])
        places = lookup_map(np.linalg.inv(place)[:2], bend)
        warped = look_up(rgba, places, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)
    alpha = warped[..., 3]
    if front is not None:
        alpha = cv2.multiply(alpha, cv2.bitwise_not(front[top:bottom, left:right]), scale=1 / 255)
    weight = alpha.astype(np.float32) * np.float32(1 / 255)
    region = image[top:bottom, left:right]
    region[...] = cv2.blendLinear(np.ascontiguousarray(warped[..., :3]), region, weight, 1 - weight)
    label_map[top:bottom, left:right][alpha > 127] = object_id


def _shrink(piece: CutOut, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the patch and the matrix from its own pixels, shrunk by area when it will be small."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    placed = matrix.copy()
    placed[:2, 2] += matrix[:2, :2] @ (piece.left, piece.top)
    if scale >= _AREA_SHRINK_BELOW:
        return piece.rgba, placed
    height, width = piece.rgba.shape[:2]
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    rgba = cv2.resize(piece.rgba, size, interpolation=cv2.INTER_AREA)
    step = (width / size[0], height / size[1])
    grow = np.diag([step[0], step[1], 1.0])
    grow[:2, 2] = ((step[0] - 1) / 2, (step[1] - 1) / 2)
    return rgba, placed @ grow


def fill_hole(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Replace the pixels of a hole by its surroundings: averages from coarse to fine, plus texture.

    The texture is the fine detail of the picture moved sideways by the width of the hole, so that
    the filled part is not betrayed by its smoothness.

    Args:
        image: uint8 [H, W, 3].
        hole: bool [H, W].

    Returns:
        uint8 [H, W, 3], equal to ``image`` outside a slightly widened hole.
    """
    hole_u8 = cv2.dilate(hole.astype(np.uint8), np.ones((7, 7), np.uint8))
    if not hole_u8.any():
        return image.copy()
    rows, columns = np.flatnonzero(hole_u8.any(axis=1)), np.flatnonzero(hole_u8.any(axis=0))
    reach = 24 + max(len(rows), len(columns)) // 2
    top, left = max(0, rows[0] - reach), max(0, columns[0] - reach)
    near = np.s_[top : rows[-1] + reach, left : columns[-1] + reach]
    result = image.copy()
    result[near] = _fill_near(image[near], hole_u8[near], int(columns[-1] - columns[0] + 1))
    return result


def _fill_near(image: np.ndarray, hole_u8: np.ndarray, moved: int) -> np.ndarray:
    known = 1.0 - hole_u8.astype(np.float32)
    levels: list[tuple[np.ndarray, np.ndarray]] = [
        (image.astype(np.float32) * known[..., None], known)
    ]
    while min(levels[-1][1].shape) > 4:
        pixels, weight = levels[-1]
        size = (max(1, weight.shape[1] // 2), max(1, weight.shape[0] // 2))
        levels.append(
            (
                cv2.resize(pixels, size, interpolation=cv2.INTER_AREA),
                cv2.resize(weight, size, interpolation=cv2.INTER_AREA),
            )
        )
    pixels, weight = levels[-1]
    total = max(float(weight.sum()), 1e-6)
    filled: np.ndarray = np.broadcast_to(pixels.sum(axis=(0, 1)) / total, pixels.shape).astype(
        np.float32
    )
    for pixels, weight in reversed(levels):
        filled = cv2.resize(filled, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        filled = pixels + filled * (1.0 - weight[..., None])
    detail = image.astype(np.float32) - cv2.blur(image, (9, 9))
    detail = np.roll(np.clip(detail, -24, 24) * known[..., None], moved, axis=1)
    return np.where(hole_u8[..., None] != 0, np.clip(filled + detail, 0, 255), image).astype(
        np.uint8
    )


def _target_box(
    patch: tuple[int, int], matrix: np.ndarray, height: int, width: int, margin: int
) -> tuple[int, int, int, int] | None:
    corners = np.array([[0, patch[1], 0, patch[1]], [0, 0, patch[0], patch[0]], [1, 1, 1, 1]])
    x, y = (matrix @ corners)[:2]
    left, right = max(0, int(x.min()) - margin), min(width, int(x.max()) + margin + 1)
    top, bottom = max(0, int(y.min()) - margin), min(height, int(y.max()) + margin + 1)
    return (top, left, bottom, right) if left < right and top < bottom else None


def _inside(matrix: np.ndarray, size: int, height: int, width: int) -> bool:
    """True when every corner of the crop looks into the picture."""
    corners = np.array([[0, size - 1, 0, size - 1], [0, 0, size - 1, size - 1], [1, 1, 1, 1]])
    x, y = np.linalg.solve(matrix, corners.astype(np.float64))[:2]
    return bool(x.min() >= 0 and y.min() >= 0 and x.max() <= width - 1 and y.max() <= height - 1)

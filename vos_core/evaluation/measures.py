"""The two measures of DAVIS for one mask: region similarity J and contour accuracy F.

Source: Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object
Segmentation", CVPR 2016, sections 5.1 and 5.2; boundaries and tolerance as in the benchmark's
public evaluation (0.8 % of the diagonal, matching by dilation).
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

BOUNDARY_TOLERANCE = 0.008


def region_similarity(result: np.ndarray, annotation: np.ndarray) -> float:
    """Return J, the intersection over union of two masks; 1 when both are empty.

    Args:
        result: bool [H, W].
        annotation: bool [H, W].

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: The shapes differ.
    """
    _check(result, annotation)
    union = int(np.count_nonzero(result | annotation))
    if union == 0:
        return 1.0
    return int(np.count_nonzero(result & annotation)) / union


def mask_boundary(mask: np.ndarray) -> np.ndarray:
    """Return the boundary of a mask as the benchmark draws it.

    A pixel is on the boundary when it differs from its right, lower or lower right neighbour; in
    the last row only the right one counts, in the last column only the lower one, the last pixel
    never.

    Args:
        mask: bool [H, W].

    Returns:
        bool [H, W].
    """
    right, below, across = mask.copy(), mask.copy(), mask.copy()
    right[:, :-1] = mask[:, 1:]
    below[:-1] = mask[1:]
    across[:-1, :-1] = mask[1:, 1:]
    boundary = (mask != right) | (mask != below)
    inner = mask[:-1, :-1] != across[:-1, :-1]
    boundary[:-1, :-1] |= inner
    return boundary


def tolerance_pixels(height: int, width: int) -> int:
    """Return how far apart two boundaries may lie: 0.8 % of the diagonal, rounded up."""
    return math.ceil(BOUNDARY_TOLERANCE * math.hypot(height, width))


def contour_accuracy(result: np.ndarray, annotation: np.ndarray) -> float:
    """Return F, the harmonic mean of precision and recall of the boundary pixels.

    A boundary pixel is matched when the other boundary has a pixel within the tolerance (a disc).
    Only the surroundings of the two masks are looked at; ``contour_accuracy_plain`` is the same
    without that.

    Args:
        result: bool [H, W].
        annotation: bool [H, W].

    Returns:
        A number in [0, 1]; 1 when neither mask has a boundary, 0 when only one has.

    Raises:
        ValueError: The shapes differ.
    """
    _check(result, annotation)
    radius = tolerance_pixels(*result.shape)
    box = _surroundings(result, annotation, radius + 2)
    if box is None:
        return 1.0
    return _boundary_f(mask_boundary(result[box]), mask_boundary(annotation[box]), radius)


def contour_accuracy_plain(result: np.ndarray, annotation: np.ndarray) -> float:
    """Return F by looking at every pair of boundary pixels; slow, for tests.

    Args:
        result: bool [H, W].
        annotation: bool [H, W].

    Raises:
        ValueError: The shapes differ.
    """
    _check(result, annotation)
    radius = tolerance_pixels(*result.shape)
    places = [np.argwhere(mask_boundary(mask)) for mask in (result, annotation)]
    if len(places[0]) == 0 or len(places[1]) == 0:
        return float(len(places[0]) == len(places[1]))
    squared = ((places[0][:, None, :] - places[1][None, :, :]) ** 2).sum(axis=2)
    near = squared <= radius**2
    return _harmonic_mean(float(near.any(axis=1).mean()), float(near.any(axis=0).mean()))


def _boundary_f(result: np.ndarray, annotation: np.ndarray, radius: int) -> float:
    counts = int(np.count_nonzero(result)), int(np.count_nonzero(annotation))
    if 0 in counts:
        return float(counts[0] == counts[1])
    disc = _disc(radius)
    near_annotation = cv2.dilate(annotation.astype(np.uint8), disc)
    near_result = cv2.dilate(result.astype(np.uint8), disc)
    precision = int(np.count_nonzero(near_annotation[result])) / counts[0]
    recall = int(np.count_nonzero(near_result[annotation])) / counts[1]
    return _harmonic_mean(precision, recall)


def _harmonic_mean(precision: float, recall: float) -> float:
    total = precision + recall
    return 2 * precision * recall / total if total > 0 else 0.0


@lru_cache(maxsize=16)
def _disc(radius: int) -> np.ndarray:
    offset = np.arange(-radius, radius + 1)
    return (offset[:, None] ** 2 + offset[None, :] ** 2 <= radius**2).astype(np.uint8)


def _surroundings(
    result: np.ndarray, annotation: np.ndarray, margin: int
) -> tuple[slice, slice] | None:
    either = result | annotation
    rows, columns = np.flatnonzero(either.any(axis=1)), np.flatnonzero(either.any(axis=0))
    if len(rows) == 0:
        return None
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _check(result: np.ndarray, annotation: np.ndarray) -> None:
    if result.shape != annotation.shape or result.ndim != 2:
        raise ValueError(
            f"the masks are {result.shape} and {annotation.shape}; both must be [H, W] of one size"
        )

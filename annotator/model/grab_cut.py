"""A rough mask inside a box made to follow the picture (GrabCut).

C. Rother, V. Kolmogorov, A. Blake, "GrabCut: interactive foreground extraction using iterated graph
cuts", SIGGRAPH 2004, as OpenCV has it. A round costs about a second a megapixel, so large boxes are
worked on at a lower resolution and their border is as coarse as that.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from annotator.model.geometry import Box

ROUNDS = 4
WORKING_PIXELS = 160_000
"""Most pixels that are worked on, surroundings of the box included."""

_CONTEXT = 0.15
_LEAST_CONTEXT = 12
_BAND = 0.2
_LEAST_BAND = 8.0
"""What is further from a rough mask than this share of the side of a square of its size does not
belong: without it masks flow into whatever ground has the object's colour."""

_LEAST_SAMPLES = 8
"""Fewer pixels on one side teach nothing (OpenCV refuses under 5)."""

_CORE = 0.6
"""Pixels deeper inside the rough mask than this share of its greatest depth surely belong."""


def surroundings(box: Box, height: int, width: int) -> Box:
    """The box with the pixels around it that show what background, and the object, look like.

    Args:
        box: where a mask is refined; within the frame.
        height: rows of the frame.
        width: columns of the frame.
    """
    margin = max(_LEAST_CONTEXT, round(_CONTEXT * max(box.height, box.width)))
    grown = Box(box.top - margin, box.left - margin, box.bottom + margin, box.right + margin)
    return grown.clipped(height, width)


def refine(
    pixels: np.ndarray,
    mask: np.ndarray,
    inner: Box,
    *,
    is_cancelled: Callable[[], bool] = lambda: False,
    working_pixels: int = WORKING_PIXELS,
) -> np.ndarray | None:
    """Refine a rough mask inside a box.

    Outside the box the mask is taken as it is and teaches what belongs and what does not. A box
    without any pixel of the mask is taken to hold one object, not touching the box.

    Args:
        pixels: uint8 [h, w, 3], the box with its surroundings.
        mask: bool [h, w], the rough mask.
        inner: the box, in pixels of that part.
        is_cancelled: asked between rounds.
        working_pixels: most pixels that are worked on.

    Returns:
        bool of the box's shape; None when cancelled.
    """
    if inner.is_empty:
        return np.zeros((inner.height, inner.width), bool)
    height, width = mask.shape
    scale = min(1.0, math.sqrt(working_pixels / (height * width)))
    size = (max(round(width * scale), 4), max(round(height * scale), 4))
    marks = _marks(mask, inner)
    if scale < 1:
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        marks = cv2.resize(marks, size, interpolation=cv2.INTER_NEAREST)
    sure = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if min(int(sure.sum()), int((~sure).sum())) < _LEAST_SAMPLES:
        return mask[inner.slices].copy()
    pixels = np.ascontiguousarray(pixels)
    whole = (0, 0, marks.shape[1], marks.shape[0])  # not used: the marks say more
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # the same box gives the same mask again
    for number in range(ROUNDS):
        if is_cancelled():
            return None
        mode = cv2.GC_INIT_WITH_MASK if number == 0 else cv2.GC_EVAL
        cv2.grabCut(pixels, marks, whole, background, foreground, 1, mode)
    if is_cancelled():
        return None
    belongs: np.ndarray = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    if scale < 1:
        belongs = cv2.resize(belongs, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(belongs[inner.slices] > 0.5)


def _marks(mask: np.ndarray, inner: Box) -> np.ndarray:
    """What GrabCut is told of each pixel, uint8 [h, w]."""
    marks = np.where(mask, cv2.GC_FGD, cv2.GC_BGD).astype(np.uint8)
    rough = mask[inner.slices]
    if rough.any():
        depth = cv2.distanceTransform(
            np.pad(rough, 1).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
        )[1:-1, 1:-1]
        part = np.where(rough, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
        part[depth > max(_CORE * float(depth.max()), 2.0)] = cv2.GC_FGD
        away = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        band = max(_BAND * math.sqrt(float(rough.sum())), _LEAST_BAND)
        part[away[inner.slices] > band] = cv2.GC_BGD
    else:
        part = np.full(rough.shape, cv2.GC_PR_FGD)
        part[[0, -1], :] = part[:, [0, -1]] = cv2.GC_BGD
    marks[inner.slices] = part.astype(np.uint8)
    return marks

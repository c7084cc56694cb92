"""Edits of a whole mask: grow, shrink, smooth, islands, holes. Each returns a new mask.

Masks are bool [H, W]. What lies outside the frame is unknown: it neither feeds nor eats a mask, so
that an object cut off by the border stays at the border.
"""

from __future__ import annotations

import cv2
import numpy as np

from annotator.model.commands.paint import Mask, tight_box
from annotator.model.geometry import Box


def grow(mask: Mask, amount: float) -> Mask:
    """Add every pixel whose centre is at most ``amount`` pixels from one of the mask."""
    box = _room(mask, amount)
    result = mask.copy()
    if not box.is_empty:
        outside = np.ascontiguousarray(~mask[box.slices]).view(np.uint8)
        result[box.slices] = _distance(outside) <= amount
    return result


def shrink(mask: Mask, amount: float) -> Mask:
    """Take away every pixel whose centre is at most ``amount`` pixels from one outside the mask.

    The border of the frame takes nothing away.
    """
    box = _room(mask, 1)
    result = mask.copy()
    if not box.is_empty and not mask[box.slices].all():
        inside = np.ascontiguousarray(mask[box.slices]).view(np.uint8)
        result[box.slices] = _distance(inside) > amount
    return result


def smooth(mask: Mask, amount: int) -> Mask:
    """Even out the border: a pixel belongs where most of its surroundings did.

    The surroundings are weighted by two box filters of side ``2 * amount + 1`` in a row, which fall
    off to nothing ``2 * amount`` pixels away. Straight borders stay; what is thinner than about
    ``amount`` goes, and gaps as thin are closed.
    """
    box = _room(mask, 2 * amount)
    result = mask.copy()
    if amount > 0 and not box.is_empty:
        part: np.ndarray = mask[box.slices].astype(np.float32)
        side = (2 * amount + 1, 2 * amount + 1)
        for _ in range(2):
            part = cv2.boxFilter(part, cv2.CV_32F, side, borderType=cv2.BORDER_REPLICATE)
        result[box.slices] = part > 0.5
    return result


def without_islands(mask: Mask, least_pixels: int) -> Mask:
    """Take away the parts (8 neighbours) of fewer pixels; the largest part always stays."""
    box = tight_box(mask)
    result = mask.copy()
    if not box.is_empty:
        part = np.ascontiguousarray(mask[box.slices]).view(np.uint8)
        _, parts, statistics, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
        sizes = statistics[:, cv2.CC_STAT_AREA]
        kept = sizes >= least_pixels
        kept[1 + int(sizes[1:].argmax())] = True
        kept[0] = False
        result[box.slices] = kept[parts]
    return result


def without_holes(mask: Mask, most_pixels: int | None = None) -> Mask:
    """Add the holes: parts outside (4 neighbours) that the mask and nothing else encloses.

    Args:
        mask: bool [H, W].
        most_pixels: holes of more pixels stay; None fills all.
    """
    box = tight_box(mask)
    result = mask.copy()
    if not box.is_empty:
        outside = np.pad(~mask[box.slices], 1, constant_values=True)
        _, parts, statistics, _ = cv2.connectedComponentsWithStats(
            outside.view(np.uint8), connectivity=4
        )
        sizes = statistics[:, cv2.CC_STAT_AREA]
        filled = np.ones(len(sizes), bool) if most_pixels is None else sizes <= most_pixels
        filled[0] = filled[parts[0, 0]] = False
        inner = parts[1:-1, 1:-1]
        # A part that touches the border of the frame goes on outside it, for all one knows.
        edges = (
            (box.top == 0, inner[0]),
            (box.left == 0, inner[:, 0]),
            (box.bottom == mask.shape[0], inner[-1]),
            (box.right == mask.shape[1], inner[:, -1]),
        )
        for is_border, line in edges:
            if is_border:
                filled[np.unique(line)] = False
        result[box.slices] |= filled[inner]
    return result


def _room(mask: Mask, margin: float) -> Box:
    """Box of the mask with some pixels around it, within the frame; empty for an empty mask."""
    box = tight_box(mask)
    if box.is_empty:
        return box
    more = int(np.ceil(margin)) + 1
    grown = Box(box.top - more, box.left - more, box.bottom + more, box.right + more)
    return grown.clipped(*mask.shape)


def _distance(pixels: np.ndarray) -> np.ndarray:
    """Distance of each pixel that is 1 to the nearest that is 0, float32."""
    return np.asarray(cv2.distanceTransform(pixels, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))

"""A brush that the proxy clusters of a frame hold back."""

from __future__ import annotations

import math

import cv2
import numpy as np

from annotator.model.clusters import ClusterFrame
from annotator.model.painting import Patch, Point


def codes_along(clusters: ClusterFrame, start: Point, end: Point) -> frozenset[int]:
    """Codes of the clusters that the way from one position to another passes, 0 left out."""
    height, width = clusters.size
    steps = max(math.ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1]))), 1)
    share = np.linspace(0.0, 1.0, steps + 1)
    x = np.floor(start[0] + (end[0] - start[0]) * share).astype(np.int64)
    y = np.floor(start[1] + (end[1] - start[1]) * share).astype(np.int64)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    codes = clusters.cluster_map[clusters.rows[y[inside]], clusters.columns[x[inside]]]
    return frozenset(np.unique(codes).tolist()) - {0}


def snapped(patch: Patch, clusters: ClusterFrame, codes: frozenset[int]) -> Patch:
    """The part of a patch, within the frame, that lies in the clusters of some codes.

    The map is coarser than the frame; its borders are drawn as straight as bilinear weights between
    its places make them.

    Args:
        patch: what the brush covers.
        clusters: of the frame.
        codes: of the clusters that may be painted.
    """
    height, width = clusters.size
    box = patch.box.clipped(height, width)
    mask = patch.mask[
        box.top - patch.box.top : box.bottom - patch.box.top,
        box.left - patch.box.left : box.right - patch.box.left,
    ]
    if box.is_empty or not codes:
        return Patch(box, np.zeros_like(mask))
    rows = np.arange(box.top, box.bottom) * _step(height, clusters.cluster_map.shape[0])
    columns = np.arange(box.left, box.right) * _step(width, clusters.cluster_map.shape[1])
    top, left = math.floor(rows[0]), math.floor(columns[0])
    part = clusters.cluster_map[top : math.ceil(rows[-1]) + 2, left : math.ceil(columns[-1]) + 2]
    chosen = np.isin(part, list(codes)).astype(np.float32)
    across = np.broadcast_to((columns - left).astype(np.float32), mask.shape)
    down = np.broadcast_to((rows - top).astype(np.float32)[:, None], mask.shape)
    weight = cv2.remap(
        chosen,
        np.ascontiguousarray(across),
        np.ascontiguousarray(down),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Patch(box, mask & (weight >= 0.5))


def _step(size: int, places: int) -> float:
    """Places of the map for one pixel of the frame; their corner pixels lie on each other."""
    return (places - 1) / (size - 1) if size > 1 else 0.0

"""Laying one label map over another."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from annotator.model.cells import ID_COUNT
from annotator.model.label_maps import ByteMap


def merge_label_maps(
    old: ByteMap,
    new: ByteMap,
    *,
    kept_ids: Iterable[int],
    taken_ids: Iterable[int] | None = None,
) -> ByteMap:
    """Lay a new label map over an old one without touching some objects.

    Args:
        old: uint8 [H, W], the map as it is.
        new: uint8 [H, W], the map wanted.
        kept_ids: objects that keep exactly their old pixels.
        taken_ids: objects for which the new map speaks; all that are not kept when None. An object
            in neither keeps its old pixels too.

    Returns:
        A new uint8 [H, W]: old pixels of kept objects, elsewhere the new map restricted to the
        others.
    """
    kept = np.zeros(ID_COUNT, np.uint8)
    if taken_ids is not None:
        kept[1:] = 1
        kept[list(taken_ids)] = 0
    kept[list(kept_ids)] = 1
    kept[0] = 0
    taken_values = np.where(kept == 1, 0, np.arange(ID_COUNT)).astype(np.uint8)
    merged: ByteMap = np.asarray(cv2.LUT(np.ascontiguousarray(new), taken_values), np.uint8)
    if kept.any():
        is_kept = cv2.LUT(np.ascontiguousarray(old), kept)
        cv2.copyTo(np.ascontiguousarray(old), is_kept, merged)
    return merged


def lay_over(
    old: ByteMap, new: ByteMap, *, kept_ids: Iterable[int], taken_ids: Iterable[int]
) -> ByteMap:
    """Give some objects new masks and leave the others where they are, as far as they are seen.

    Args:
        old: uint8 [H, W], the map as it is.
        new: uint8 [H, W], the new masks; 0 says nothing.
        kept_ids: objects that keep exactly their old pixels.
        taken_ids: objects whose old pixels go, unless they are kept: the new map speaks for them.

    Returns:
        A new uint8 [H, W]: kept objects on top, then the new masks, then the others.
    """
    kept, taken = list(kept_ids), list(taken_ids)
    values = np.arange(ID_COUNT, dtype=np.uint8)
    new_values, old_values = values.copy(), values.copy()
    new_values[kept] = 0
    old_values[taken] = 0
    old_values[kept] = values[kept]
    result: ByteMap = np.asarray(cv2.LUT(np.ascontiguousarray(old), old_values), np.uint8)
    over = np.asarray(cv2.LUT(np.ascontiguousarray(new), new_values), np.uint8)
    is_kept = np.zeros(ID_COUNT, np.uint8)
    is_kept[kept] = 1
    is_kept[0] = 0
    if is_kept.any():
        over[cv2.LUT(result, is_kept) > 0] = 0
    cv2.copyTo(over, over, result)
    return result


def ids_in(label_map: ByteMap) -> set[int]:
    """Object ids (without 0) that occur in a label map."""
    counts = cv2.calcHist([np.ascontiguousarray(label_map)], [0], None, [ID_COUNT], [0, ID_COUNT])
    return {int(i) for i in np.flatnonzero(counts.ravel()[1:]) + 1}

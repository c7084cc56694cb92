"""Outlines of the objects in a label map, as another label map."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QRect


def contour_map(label_map: np.ndarray, thickness: int = 1) -> np.ndarray:
    """Keep the ids of pixels that lie within `thickness` of another id.

    Args:
        label_map: uint8 [H, W] of object ids.
        thickness: Width of the line inside the object, in pixels, at least 1.

    Returns:
        uint8 [H, W]: the object's id on its inner rim, 0 elsewhere.
    """
    rim: np.ndarray = np.zeros_like(label_map)
    x, y, width, height = cv2.boundingRect(label_map)
    if width == 0:
        return rim
    rows = slice(max(y - thickness, 0), y + height + thickness)
    columns = slice(max(x - thickness, 0), x + width + thickness)
    part = label_map[rows, columns]  # beyond it everything is background
    kernel = np.ones((2 * thickness + 1, 2 * thickness + 1), np.uint8)
    lowest = cv2.erode(part, kernel, borderType=cv2.BORDER_REPLICATE)
    highest = cv2.dilate(part, kernel, borderType=cv2.BORDER_REPLICATE)
    on_rim = cv2.compare(lowest, highest, cv2.CMP_NE)  # 255 where ids meet
    rim[rows, columns] = cv2.bitwise_and(part, on_rim)
    return rim


def refresh_contours(
    contours: np.ndarray, label_map: np.ndarray, region: QRect, thickness: int = 1
) -> QRect:
    """Compute a part of `contour_map` again, in place, after the label map was edited there.

    Args:
        contours: uint8 [H, W], result of `contour_map` before the edit; changed in place.
        label_map: uint8 [H, W] after the edit.
        region: Edited rectangle in pixels.
        thickness: As given to `contour_map`.

    Returns:
        The rectangle in which contours may differ from before.
    """
    height, width = label_map.shape
    frame = QRect(0, 0, width, height)
    changed = region.adjusted(-thickness, -thickness, thickness, thickness) & frame
    if changed.isEmpty():
        return QRect()
    seen = changed.adjusted(-thickness, -thickness, thickness, thickness) & frame
    part = contour_map(
        np.ascontiguousarray(
            label_map[seen.top() : seen.bottom() + 1, seen.left() : seen.right() + 1]
        ),
        thickness,
    )
    top, left = changed.top() - seen.top(), changed.left() - seen.left()
    contours[changed.top() : changed.bottom() + 1, changed.left() : changed.right() + 1] = part[
        top : top + changed.height(), left : left + changed.width()
    ]
    return changed

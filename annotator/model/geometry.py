"""Boxes on the pixel grid."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt


class Box(NamedTuple):
    """A half-open rectangle: rows ``top <= y < bottom``, columns ``left <= x < right``."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def is_empty(self) -> bool:
        """Whether the box holds no pixel."""
        return self.bottom <= self.top or self.right <= self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices that cut the box out of a [H, W] array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def union(self, other: Box) -> Box:
        """Smallest box around both; an empty box counts for nothing."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        return Box(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )

    def shifted(self, rows: int, columns: int) -> Box:
        """The box further down (or up) and to the right (or left)."""
        return Box(self.top + rows, self.left + columns, self.bottom + rows, self.right + columns)

    def clipped(self, height: int, width: int) -> Box:
        """Part of the box inside an image of ``height`` x ``width`` pixels (possibly empty)."""
        top, left = min(max(self.top, 0), height), min(max(self.left, 0), width)
        return Box(top, left, max(top, min(self.bottom, height)), max(left, min(self.right, width)))


EMPTY_BOX = Box(0, 0, 0, 0)


def content_box(values: npt.NDArray[np.uint8]) -> Box:
    """Smallest box outside which a map, uint8 [H, W], is 0."""
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(values))
    return Box(y, x, y + height, x + width) if width and height else EMPTY_BOX

"""Paths that follow edges of the picture (intelligent scissors).

E. N. Mortensen and W. A. Barrett, "Intelligent scissors for image composition", SIGGRAPH 1995, in
the form of OpenCV's ``IntelligentScissorsMB``. Finding the cheapest paths from an anchor to all
pixels costs about a second a megapixel, so it is done on a window around the anchor, at a lower
resolution where the window is large.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

Point = tuple[float, float]

WORKING_SIDE = 400
"""Most pixels along a side of the picture that paths are searched in."""

_CANNY_LOW, _CANNY_HIGH = 32, 100
_GRADIENT_LIMIT = 200.0


class EdgeMap:
    """The cheapest paths from one anchor to the points of a window around it.

    Args:
        pixels: uint8 [H, W, 3] frame; only the window is read.
        anchor: (x, y) in frame pixels, within the frame.
        side: of the window, in frame pixels, 8 at least.
        working_side: most pixels of a side that paths are searched in.

    Raises:
        ValueError: the anchor lies outside the frame.
    """

    def __init__(
        self, pixels: np.ndarray, anchor: Point, side: int, *, working_side: int = WORKING_SIDE
    ) -> None:
        height, width = pixels.shape[:2]
        if not (0 <= anchor[0] < width and 0 <= anchor[1] < height):
            raise ValueError(f"the anchor {anchor} lies outside a frame of {width} x {height}")
        half = max(side, 8) // 2
        left, top = max(int(anchor[0]) - half, 0), max(int(anchor[1]) - half, 0)
        right = min(int(anchor[0]) + half + 1, width)
        bottom = min(int(anchor[1]) + half + 1, height)
        window = pixels[top:bottom, left:right]
        scale = min(1.0, working_side / max(window.shape[:2]))
        if scale < 1:
            size = (max(round((right - left) * scale), 2), max(round((bottom - top) * scale), 2))
            window = cv2.resize(window, size, interpolation=cv2.INTER_AREA)
        self.anchor = anchor
        self._left, self._top = left, top
        self._across = window.shape[1] / (right - left)
        self._down = window.shape[0] / (bottom - top)
        self._columns, self._rows = window.shape[1], window.shape[0]
        self._scissors = cv2.segmentation.IntelligentScissorsMB()
        self._scissors.setEdgeFeatureCannyParameters(_CANNY_LOW, _CANNY_HIGH)
        self._scissors.setGradientMagnitudeMaxLimit(_GRADIENT_LIMIT)
        self._scissors.applyImage(np.ascontiguousarray(window))
        self._scissors.buildMap(self._place(anchor))

    def _place(self, point: Point) -> tuple[int, int]:
        """Nearest pixel of the window."""
        column = math.floor((point[0] - self._left) * self._across)
        row = math.floor((point[1] - self._top) * self._down)
        return min(max(column, 0), self._columns - 1), min(max(row, 0), self._rows - 1)

    def path_to(self, point: Point) -> list[Point]:
        """Points (x, y) of the path from the anchor to a point, both ends as they were given.

        To a point outside the window the path goes straight from where it leaves the window.
        """
        path: list[Point] = [self.anchor]
        contour = self._scissors.getContour(self._place(point)).reshape(-1, 2)
        for column, row in contour[1:-1].tolist():
            path.append(
                (self._left + (column + 0.5) / self._across, self._top + (row + 0.5) / self._down)
            )
        path.append(point)
        return path

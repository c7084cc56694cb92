"""Windows of the frame in which objects are decoded, on the grid of stride 16."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

BATCH_SHARE = 0.6
"""Smallest area of a window in the largest one that it is decoded together with."""


class Window(NamedTuple):
    """A rectangle of stride-16 cells: first row and column, rows and columns."""

    top: int
    left: int
    height: int
    width: int

    @property
    def area(self) -> int:
        """Number of cells."""
        return self.height * self.width

    def at(self, stride: int) -> tuple[slice, slice]:
        """Rows and columns at stride 4, 8 or 16; the grids nest, so corners lie on corners."""
        step = 16 // stride
        return (
            slice(step * self.top, step * (self.top + self.height - 1) + 1),
            slice(step * self.left, step * (self.left + self.width - 1) + 1),
        )

    def resized(self, height: int, width: int, grid: tuple[int, int]) -> Window:
        """A window of this size (at least one's own) around it, moved to lie in the grid."""
        top = self.top - (height - self.height) // 2
        left = self.left - (width - self.width) // 2
        return Window(
            min(max(top, 0), grid[0] - height), min(max(left, 0), grid[1] - width), height, width
        )


def window_around(cells: Tensor, margin: int) -> Window | None:
    """The smallest window that holds all marked cells and so many around them.

    Args:
        cells: bool [h16, w16].
        margin: Cells to add on each side, as far as the grid reaches.

    Returns:
        None where no cell is marked.
    """
    bounds = []
    for marked in (cells.any(1), cells.any(0)):
        places = torch.nonzero(marked).squeeze(1)
        if not len(places):
            return None
        first = max(int(places[0]) - margin, 0)
        bounds.append((first, min(int(places[-1]) + margin + 1, len(marked)) - first))
    (top, height), (left, width) = bounds
    return Window(top, left, height, width)


def equal_sizes(
    windows: Sequence[Window], grid: tuple[int, int]
) -> list[tuple[list[int], list[Window]]]:
    """Enlarge windows so that few sizes are left, each decoded as one batch.

    The largest window comes first and takes with it all that are not much smaller.

    Args:
        windows: One for each object.
        grid: (h16, w16).

    Returns:
        Groups of (indices into ``windows``, their windows, all of one size).
    """
    order = sorted(range(len(windows)), key=lambda index: (-windows[index].area, windows[index]))
    groups: list[tuple[list[int], list[Window]]] = []
    while order:
        members = [order[0]]
        height, width = windows[order[0]][2:]
        for index in order[1:]:
            own = windows[index]
            size = max(height, own.height), max(width, own.width)
            if own.area >= BATCH_SHARE * size[0] * size[1]:
                members.append(index)
                height, width = size
        order = [index for index in order if index not in members]
        members.sort()
        groups.append((members, [windows[i].resized(height, width, grid) for i in members]))
    return groups


def crop(maps: Tensor, windows: Sequence[Window], stride: int, rows: Sequence[int]) -> Tensor:
    """Cut windows of one size out of maps.

    Args:
        maps: [n, C, h, w] at that stride; n = 1: all windows lie in the same map.
        windows: One for each row of the result.
        stride: 4, 8 or 16.
        rows: Row of ``maps`` for each window; ignored where n = 1.

    Returns:
        [len(windows), C, height, width], channels-last.
    """
    parts = [
        maps[(0 if maps.shape[0] == 1 else row, slice(None), *window.at(stride))]
        for row, window in zip(rows, windows, strict=True)
    ]
    return torch.stack([part.permute(1, 2, 0) for part in parts]).permute(0, 3, 1, 2)

"""From maps at stride 4 to one channel per pixel of the frame's own resolution."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vos_core.ops.aggregation import LOG_ODDS_LIMIT
from vos_core.ops.resize import resize_bilinear

SMALL_BOX_PRODUCTS = 15_000_000
"""Multiplications up to which a box is enlarged by matrix products instead of the whole map."""


class _Axis(NamedTuple):
    """Bilinear enlargement along one axis, aligned corners: places, first taps, weights, matrix."""

    places: np.ndarray  # [n] position of each pixel on the grid
    first: Tensor  # int64 [n]
    second: Tensor  # int64 [n]
    weight: Tensor  # float32 [n] of the second tap
    matrix: Tensor  # float32 [n, cells]


@functools.lru_cache(maxsize=16)
def _axis(cells: int, pixels: int, device: torch.device) -> _Axis:
    with torch.inference_mode(False):
        places = torch.arange(pixels, dtype=torch.float64) * ((cells - 1) / max(1, pixels - 1))
        first = places.floor().long().clamp(max=cells - 1)
        second = (first + 1).clamp(max=cells - 1)
        weight = (places - first).float()
        matrix = torch.zeros(pixels, cells)
        matrix.scatter_add_(1, first[:, None], (1 - weight)[:, None])
        matrix.scatter_add_(1, second[:, None], weight[:, None])
        on_device = (part.to(device) for part in (first, second, weight, matrix))
        return _Axis(places.numpy(), *on_device)


class _Span(NamedTuple):
    """A range of pixels, and the range of cells that their taps lie in."""

    pixels: slice
    cells: slice


def _span(active: np.ndarray, axis: _Axis) -> _Span:
    """Pixels that a cell marked in bool [cells] can reach; at least one cell is marked."""
    marked = np.flatnonzero(active)
    start = int(np.searchsorted(axis.places, marked[0] - 1, side="right"))
    stop = int(np.searchsorted(axis.places, marked[-1] + 1, side="left"))
    start = min(start, len(axis.places) - 1)
    stop = max(stop, start + 1)
    first = math.floor(axis.places[start])
    last = math.floor(axis.places[stop - 1]) + 1
    return _Span(slice(start, stop), slice(first, min(last, len(active) - 1) + 1))


def _grown(own: Tensor, rows: tuple[_Axis, _Span], columns: tuple[_Axis, _Span]) -> Tensor:
    """Enlarge the part of one [h, w] map that covers a box."""
    (row_axis, row), (column_axis, column) = rows, columns
    part = own[row.cells, column.cells]
    height, width = (span.pixels.stop - span.pixels.start for span in (row, column))
    if height * part.shape[1] * (part.shape[0] + width) > SMALL_BOX_PRODUCTS:
        size = (len(row_axis.places), len(column_axis.places))
        whole = F.interpolate(own[None, None], size, mode="bilinear", align_corners=True)
        return whole[0, 0, row.pixels, column.pixels]
    across = part @ column_axis.matrix[column.pixels, column.cells].T
    return row_axis.matrix[row.pixels, row.cells] @ across


def _at_pixels(logits: Tensor, rows: _Axis, columns: _Axis, y: Tensor, x: Tensor) -> Tensor:
    """[O, n] enlarged values at single pixels."""
    down, right = rows.weight[y], columns.weight[x]

    def along(row: Tensor) -> Tensor:
        left, other = logits[:, row, columns.first[x]], logits[:, row, columns.second[x]]
        return torch.lerp(left, other, right)

    return torch.lerp(along(rows.first[y]), along(rows.second[y]), down)


def label_map_at(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Decide each native pixel's channel from stride-4 logits, as the argmax of soft aggregation.

    No [L, H, W] volume is built. Where every logit is at most ``-(1 + log O)`` the background wins
    for certain: its probability is at least ``exp(-1 / e)``. Where a logit is above 0 the largest
    one wins: the background has less than one half. Only between the two is the background's
    probability computed, pixel by pixel; elsewhere each object is looked at in its own box alone.

    Args:
        logits: float [O, h4, w4], one per object.
        size: (H, W) of the frame.

    Returns:
        uint8 [H, W] channels, 0 background; bilinear with aligned corners.
    """
    count, height, width = logits.shape
    winner = torch.zeros(size, dtype=torch.uint8, device=logits.device)
    if not count:
        return winner
    logits = logits.float()
    quiet = -(1.0 + math.log(count))
    rows, columns = (
        _axis(cells, pixels, logits.device)
        for cells, pixels in zip((height, width), size, strict=True)
    )
    active = logits > quiet
    in_rows, in_columns = active.any(2).cpu().numpy(), active.any(1).cpu().numpy()
    best = torch.full(size, quiet, device=logits.device)
    for index in np.flatnonzero(in_rows.any(1)).tolist():
        row, column = _span(in_rows[index], rows), _span(in_columns[index], columns)
        grown = _grown(logits[index], (rows, row), (columns, column))
        grown = grown.clamp(max=LOG_ODDS_LIMIT)
        box = best[row.pixels, column.pixels]
        winner[row.pixels, column.pixels].masked_fill_(grown > box, index + 1)
        torch.maximum(box, grown, out=box)
    if count == 1:
        return winner.masked_fill_(best <= 0, 0)
    y, x = torch.nonzero((best > quiet) & (best <= 0), as_tuple=True)
    values = _at_pixels(logits, rows, columns, y, x).clamp(-LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)
    log_background = -F.softplus(values).sum(0)
    background = log_background - torch.log(-torch.expm1(log_background))
    lost = background >= values.amax(0)
    winner[y[lost], x[lost]] = 0
    return winner


def likeliest_at(probabilities: Tensor, size: tuple[int, int]) -> Tensor:
    """Decide each native pixel's channel from probabilities that are already aggregated.

    Args:
        probabilities: float [O + 1, h, w].
        size: (H, W) of the frame.

    Returns:
        uint8 [H, W] channels, 0 background.
    """
    best = torch.full(size, -torch.inf, device=probabilities.device)
    winner = torch.zeros(size, dtype=torch.uint8, device=probabilities.device)
    for channel, own in enumerate(probabilities):
        grown = resize_bilinear(own[None, None].float(), size)[0, 0]
        winner.masked_fill_(grown > best, channel)
        best = torch.maximum(best, grown)
    return winner

"""Multi-local matching: each target pixel against nested windows of the previous frame.

CFBI+ section 3.3 (eq 4, 5). The fast form multiplies tiles of target pixels with their
neighbourhoods as one batched product and reads each pixel's window out of it through strides, so no
window is ever copied from the embedding; a label is looked at only in the tiles whose neighbourhood
contains it. An atrous factor splits both frames into phases of row and column, each an ordinary
dense problem.
`plain_local_matching` is the definition.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vos_core.matching.distance import FAR

TILE = 8
NOBODY = -1


def _neighbourhoods(maps: Tensor, radius: int, tiles: tuple[int, int]) -> Tensor:
    """View padded [H, W, ...] as [ty, tx, n, n, ...] overlapping squares, n = TILE + 2 r."""
    side = TILE + 2 * radius
    row, column = maps.stride(0), maps.stride(1)
    return maps.as_strided(
        (*tiles, side, side, *maps.shape[2:]),
        (row * TILE, column * TILE, row, column, *maps.stride()[2:]),
    )


def _windows(maps: Tensor, radius: int) -> Tensor:
    """View [n, TILE, TILE, side, side] products as each target pixel's own window.

    Returns a view [n, TILE, TILE, 2 r + 1, 2 r + 1]: target (y, x) of a tile sees neighbourhood
    rows y .. y + 2 r and columns x .. x + 2 r.
    """
    first, tile_row, tile_column, row, column = maps.stride()
    window = 2 * radius + 1
    return maps.as_strided(
        (maps.shape[0], TILE, TILE, window, window),
        (first, tile_row + row, tile_column + column, row, column),
        maps.storage_offset(),
    )


class _Tiled:
    """Scores of all tiles, and for each label the tiles whose neighbourhood contains it."""

    def __init__(self, query: Tensor, keys: Tensor, labels: Tensor, radius: int) -> None:
        channels, height, width = query.shape
        self.size = (height, width)
        self.tiles = (-(-height // TILE), -(-width // TILE))
        down = self.tiles[0] * TILE - height
        right = self.tiles[1] * TILE - width
        self.radius, self.side = radius, TILE + 2 * radius
        padding = (radius, radius + right, radius, radius + down)
        padded = F.pad(keys, padding).permute(1, 2, 0).contiguous()
        squared = padded.square().sum(2)
        border = F.pad(labels, padding, value=NOBODY)
        queries = F.pad(query, (0, right, 0, down)).permute(1, 2, 0)
        queries = queries.reshape(self.tiles[0], TILE, self.tiles[1], TILE, channels)
        queries = queries.permute(0, 2, 1, 3, 4).reshape(-1, TILE * TILE, channels)
        count = self.tiles[0] * self.tiles[1]
        around = _neighbourhoods(padded, radius, self.tiles).reshape(count, -1, channels)
        norms = _neighbourhoods(squared, radius, self.tiles).reshape(count, 1, -1)
        self.scores = torch.baddbmm(norms, queries, around.transpose(1, 2), alpha=-2)
        self.labels = _neighbourhoods(border, radius, self.tiles).reshape(count, -1)
        self.offset = query.square().sum(0)

    def label_scores(self, label: int) -> tuple[Tensor, Tensor]:
        """(tiles [n], scores [n, TILE, TILE, side, side]) with other labels at `FAR`."""
        own = self.labels == label
        tiles = torch.nonzero(own.any(1)).squeeze(1)
        penalty = torch.where(own[tiles], 0.0, FAR).to(self.scores.dtype)
        scores = self.scores[tiles] + penalty[:, None]
        return tiles, scores.view(-1, TILE, TILE, self.side, self.side)

    def untile(self, tiles: Tensor, values: Tensor, empty: float) -> Tensor:
        """Lay [n, TILE, TILE, k] values of some tiles out as [k, h, w]."""
        kinds = values.shape[-1]
        full = values.new_full((self.tiles[0] * self.tiles[1], TILE, TILE, kinds), empty)
        full[tiles] = values
        grid = full.view(*self.tiles, TILE, TILE, kinds).permute(4, 0, 2, 1, 3)
        grid = grid.reshape(kinds, self.tiles[0] * TILE, self.tiles[1] * TILE)
        return grid[:, : self.size[0], : self.size[1]]


def _dense_distances(
    query: Tensor, keys: Tensor, labels: Tensor, label_count: int, half_windows: Sequence[int]
) -> Tensor:
    radius = max(half_windows)
    tiled = _Tiled(query, keys, labels, radius)
    result = query.new_full((label_count, len(half_windows), *tiled.size), FAR)
    for label in range(label_count):
        tiles, scores = tiled.label_scores(label)
        if not len(tiles):
            continue
        windows = _windows(scores, radius)
        # nested windows: the smallest over rows first, then over the columns each window keeps
        nearest = []
        for half in half_windows:
            kept = slice(radius - half, radius + half + 1)
            nearest.append(windows[..., kept, kept].amin((-1, -2)))
        maps = tiled.untile(tiles, torch.stack(nearest, -1), FAR)
        result[label] = torch.where(maps < FAR / 2, maps + tiled.offset, FAR)
    return result


def _dense_index(
    query: Tensor, keys: Tensor, labels: Tensor, label_count: int, half_windows: Sequence[int]
) -> Tensor:
    radius = max(half_windows)
    window = 2 * radius + 1
    tiled = _Tiled(query, keys, labels, radius)
    height, width = tiled.size
    device = query.device
    result = torch.full(
        (label_count, len(half_windows), height, width), -1, dtype=torch.int64, device=device
    )
    rows = torch.arange(height, device=device)[:, None]
    columns = torch.arange(width, device=device)[None]
    reach = torch.arange(-radius, radius + 1, device=device).abs()
    ring = torch.maximum(reach[:, None], reach[None]).flatten()
    for label in range(label_count):
        tiles, scores = tiled.label_scores(label)
        if not len(tiles):
            continue
        flat = _windows(scores, radius).reshape(len(tiles), TILE, TILE, window * window)
        for kind, half in enumerate(half_windows):
            inside = torch.nonzero(ring <= half).squeeze(1)
            values, best = (flat if half == radius else flat[..., inside]).min(-1)
            best = inside[best]
            offsets = torch.where(values < FAR / 2, best, torch.full_like(best, -1))
            offsets = tiled.untile(tiles, offsets[..., None], -1)[0]
            target = (rows + offsets // window - radius) * width
            target = target + columns + offsets % window - radius
            result[label, kind] = torch.where(offsets >= 0, target, -1)
    return result


def local_matching(
    query: Tensor,
    keys: Tensor,
    labels: Tensor,
    label_count: int,
    half_windows: Sequence[int],
    *,
    atrous: int = 1,
) -> Tensor:
    """Smallest squared distance to each label inside each window around the target pixel.

    Args:
        query: float32 [C, h, w] target keys.
        keys: float32 [C, h, w] keys of the previous frame.
        labels: int64 [h, w] of the previous frame; -1 belongs to nobody.
        label_count: L.
        half_windows: Chebyshev half sizes in pixels of this grid, multiples of `atrous`.
        atrous: Offsets are multiples of this around the target pixel.

    Returns:
        float32 [L, len(half_windows), h, w]; `FAR` where a window holds no pixel of the label or
        only the outside of the frame.

    Raises:
        ValueError: If a half window is not a multiple of the atrous factor.
    """
    return _by_phase(_dense_distances, query, keys, labels, label_count, half_windows, atrous)


def local_matching_index(
    query: Tensor,
    keys: Tensor,
    labels: Tensor,
    label_count: int,
    half_windows: Sequence[int],
) -> Tensor:
    """Pixel of the previous frame that wins each window, ``row * w + column``; -1 where none.

    Same arguments as `local_matching` without atrous; int64 [L, len(half_windows), h, w].
    """
    return _dense_index(query, keys, labels, label_count, half_windows)


def _by_phase(  # type: ignore[no-untyped-def]
    dense, query, keys, labels, label_count, half_windows, atrous
) -> Tensor:
    if any(half % atrous for half in half_windows):
        raise ValueError(f"half windows {tuple(half_windows)} are not multiples of {atrous}")
    if atrous == 1:
        result: Tensor = dense(query, keys, labels, label_count, half_windows)
        return result
    halves = [half // atrous for half in half_windows]
    full = query.new_full((label_count, len(halves), *query.shape[-2:]), FAR)
    for row in range(atrous):
        for column in range(atrous):
            phase = (..., slice(row, None, atrous), slice(column, None, atrous))
            if query[phase].numel():
                full[phase] = dense(query[phase], keys[phase], labels[phase], label_count, halves)
    return full


def plain_local_matching(
    query: Tensor,
    keys: Tensor,
    labels: Tensor,
    label_count: int,
    half_windows: Sequence[int],
    *,
    atrous: int = 1,
) -> Tensor:
    """The definition, offset by offset (CFBI+, eq 4 and 5). Same contract as the fast form."""
    _, height, width = query.shape
    result = query.new_full((label_count, len(half_windows), height, width), FAR)
    radius = max(half_windows)
    for down in range(-radius, radius + 1, atrous):
        for right in range(-radius, radius + 1, atrous):
            if abs(down) >= height or abs(right) >= width:
                continue
            here = (
                slice(max(0, -down), min(height, height - down)),
                slice(max(0, -right), min(width, width - right)),
            )
            there = (
                slice(max(0, down), min(height, height + down)),
                slice(max(0, right), min(width, width + right)),
            )
            distances = (query[(..., *here)] - keys[(..., *there)]).square().sum(0)
            neighbour = labels[there]
            for label in range(label_count):
                own = torch.where(neighbour == label, distances, FAR)
                for kind, half in enumerate(half_windows):
                    if max(abs(down), abs(right)) <= half:
                        cells = result[(label, kind, *here)].clone()
                        result[(label, kind, *here)] = torch.minimum(cells, own)
    return result

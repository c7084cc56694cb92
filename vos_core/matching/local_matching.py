"""Multi-local matching: each target pixel against nested windows of the previous frame.

CFBI+ section 3.3 (eq 4, 5). The fast form multiplies tiles of target pixels with their
neighbourhoods as one batched product and picks each pixel's window out of it, ordered by ring
around the pixel, so that nested windows are prefixes; a label is looked at only in the tiles whose
neighbourhood contains it. An atrous factor splits both frames into phases of row and column, each
an ordinary dense problem.
`plain_local_matching` is the definition.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vos_core.matching.distance import FAR

TILE = 8
NOBODY = -1
BAND_ELEMENTS = 1 << 20
"""Scores of a band of tiles: 4 MiB stay in a processor's cache."""
DEVICE_BAND_ELEMENTS = 1 << 27
"""The same on other devices, which like large operations: 512 MiB."""


def _neighbourhoods(maps: Tensor, radius: int, tiles: tuple[int, int]) -> Tensor:
    """View padded [H, W, ...] as [ty, tx, n, n, ...] overlapping squares, n = TILE + 2 r."""
    side = TILE + 2 * radius
    row, column = maps.stride(0), maps.stride(1)
    return maps.as_strided(
        (*tiles, side, side, *maps.shape[2:]),
        (row * TILE, column * TILE, row, column, *maps.stride()[2:]),
    )


@functools.lru_cache(maxsize=32)
def _ring_order(radius: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Window offsets by ring around the centre: int64 (down [n], right [n])."""
    with torch.inference_mode(False):  # kept for calls of either kind
        reach = torch.arange(-radius, radius + 1, device=device)
        down, right = (grid.flatten() for grid in torch.meshgrid(reach, reach, indexing="ij"))
        order = torch.argsort(torch.maximum(down.abs(), right.abs()), stable=True)
        return down[order], right[order]


@functools.lru_cache(maxsize=32)
def _window_places(radius: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Where the windows of a tile's pixels lie.

    Returns:
        (int64 [n * TILE**2] place in the flattened [TILE**2, side**2] product, the same number of
        places in the flattened [side**2] neighbourhood); offset by offset, pixel by pixel.
    """
    side = TILE + 2 * radius
    with torch.inference_mode(False):
        down, right = _ring_order(radius, device)
        pixel = torch.arange(TILE * TILE, device=device)
        rows = pixel // TILE + radius + down[:, None]
        columns = pixel % TILE + radius + right[:, None]
        neighbour = rows * side + columns
        return (pixel * side * side + neighbour).flatten(), neighbour.flatten()


class _Tiled:
    """Scores of every pixel's window, and for each label the tiles where it occurs.

    Args:
        query: [C, h, w] target keys; w counts whole tiles or the last one is cut.
        padded: [h', w', C + 1] keys times -2 and their squared norms, the window's radius wider on
            each side than whole tiles.
        border: int64 [h', w'] their labels.
        radius: Of the largest window.

    Attributes:
        scores: [tiles, n, TILE**2] squared distance less the target's own norm; n offsets by ring.
        labels: floating [tiles, n, TILE**2] label at each offset.
        offset: [h, w] squared norm of the target keys.
    """

    def __init__(self, query: Tensor, padded: Tensor, border: Tensor, radius: int) -> None:
        channels, height, width = query.shape
        self.size = (height, width)
        self.tiles = ((len(padded) - 2 * radius) // TILE, (padded.shape[1] - 2 * radius) // TILE)
        down = self.tiles[0] * TILE - height
        right = self.tiles[1] * TILE - width
        queries = F.pad(query.permute(1, 2, 0), (0, 0, 0, right, 0, down))
        queries = F.pad(queries, (0, 1), value=1.0)  # the column that takes the norms
        queries = queries.reshape(self.tiles[0], TILE, self.tiles[1], TILE, channels + 1)
        queries = queries.permute(0, 2, 1, 3, 4).reshape(-1, TILE * TILE, channels + 1)
        count = self.tiles[0] * self.tiles[1]
        around = _neighbourhoods(padded, radius, self.tiles).reshape(count, -1, channels + 1)
        products = torch.bmm(queries, around.transpose(1, 2))
        in_product, in_neighbourhood = _window_places(radius, query.device)
        shape = (count, -1, TILE * TILE)
        self.scores = products.flatten(1).index_select(1, in_product).view(shape)
        own = _neighbourhoods(border, radius, self.tiles).reshape(count, -1)
        self.labels = own.to(query.dtype).index_select(1, in_neighbourhood).view(shape)
        self.offset = query.square().sum(0)
        self._occurs = torch.zeros(count, int(own.max()) + 2, dtype=torch.bool, device=own.device)
        self._occurs.scatter_(1, own + 1, True)

    def label_scores(self, label: int) -> tuple[slice, Tensor]:
        """(tiles, scores [m, n, TILE**2]) with `FAR` or more added where the label differs.

        The tiles are a range from the first to the last in which the label occurs, empty if it
        occurs in none.
        """
        if label + 1 >= self._occurs.shape[1]:
            return slice(0, 0), self.scores[:0]
        found = torch.nonzero(self._occurs[:, label + 1]).squeeze(1)
        if not len(found):
            return slice(0, 0), self.scores[:0]
        tiles = slice(int(found[0]), int(found[-1]) + 1)
        differs = self.labels[tiles] - label
        return tiles, torch.addcmul(self.scores[tiles], differs, differs, value=FAR)

    def untile(self, tiles: slice, values: Tensor, empty: float) -> Tensor:
        """Lay [m, k, TILE**2] values of some tiles out as [k, h, w]."""
        kinds = values.shape[1]
        full = values.new_full((self.tiles[0] * self.tiles[1], kinds, TILE * TILE), empty)
        full[tiles] = values
        grid = full.view(*self.tiles, kinds, TILE, TILE).permute(2, 0, 3, 1, 4)
        grid = grid.reshape(kinds, self.tiles[0] * TILE, self.tiles[1] * TILE)
        return grid[:, : self.size[0], : self.size[1]]


def _prefixes(half_windows: Sequence[int]) -> list[tuple[int, slice]]:
    """Distinct half windows, ascending, with the offsets that each adds to the one before."""
    parts, start = [], 0
    for half in sorted(set(half_windows)):
        end = (2 * half + 1) ** 2
        parts.append((half, slice(start, end)))
        start = end
    return parts


def _bands(
    query: Tensor, keys: Tensor, labels: Tensor, radius: int
) -> Iterator[tuple[slice, _Tiled]]:
    """Split the target into bands of whole tiles whose scores stay in a processor's cache."""
    height, width = query.shape[-2:]
    rows, columns = -(-height // TILE), -(-width // TILE)
    limit = BAND_ELEMENTS if query.device.type == "cpu" else DEVICE_BAND_ELEMENTS
    row_elements = columns * TILE * TILE * (TILE + 2 * radius) ** 2
    step = max(1, min(rows, limit // row_elements))
    right = columns * TILE - width
    padding = (radius, radius + right, radius, radius + rows * TILE - height)
    joined = torch.cat([-2 * keys, keys.square().sum(0, keepdim=True)]).permute(1, 2, 0)
    padded = F.pad(joined, (0, 0, *padding)).contiguous()
    border = F.pad(labels, padding, value=NOBODY)
    for first in range(0, rows, step):
        start, stop = first * TILE, min(first + step, rows) * TILE
        around = slice(start, stop + 2 * radius)
        band = slice(start, min(stop, height))
        yield band, _Tiled(query[:, band], padded[around], border[around], radius)


def _dense_distances(
    query: Tensor, keys: Tensor, labels: Tensor, label_count: int, half_windows: Sequence[int]
) -> Tensor:
    result = query.new_full((label_count, len(half_windows), *query.shape[-2:]), FAR)
    for band, tiled in _bands(query, keys, labels, max(half_windows)):
        for label in range(label_count):
            tiles, scores = tiled.label_scores(label)
            if tiles.stop == 0:
                continue
            nearest: dict[int, Tensor] = {}
            best: Tensor | None = None
            for half, added in _prefixes(half_windows):
                ring = scores[:, added].amin(1)
                best = ring if best is None else torch.minimum(best, ring)
                nearest[half] = best
            values = torch.stack([nearest[half] for half in half_windows], 1)
            maps = tiled.untile(tiles, values, FAR)
            result[label, :, band] = torch.where(maps < FAR / 2, maps + tiled.offset, FAR)
    return result


def _dense_index(
    query: Tensor, keys: Tensor, labels: Tensor, label_count: int, half_windows: Sequence[int]
) -> Tensor:
    height, width = query.shape[-2:]
    radius = max(half_windows)
    device = query.device
    down, right = _ring_order(radius, device)
    result = torch.full(
        (label_count, len(half_windows), height, width), -1, dtype=torch.int64, device=device
    )
    rows = torch.arange(height, device=device)[:, None]
    columns = torch.arange(width, device=device)[None]
    for band, tiled in _bands(query, keys, labels, radius):
        for label in range(label_count):
            tiles, scores = tiled.label_scores(label)
            if tiles.stop == 0:
                continue
            nearest: dict[int, Tensor] = {}
            best = scores.new_full(scores[:, 0].shape, FAR / 2)
            offset = torch.full_like(best, -1, dtype=torch.int64)
            for half, added in _prefixes(half_windows):
                values, places = scores[:, added].min(1)
                offset = torch.where(values < best, places + added.start, offset)
                best = torch.minimum(best, values)
                nearest[half] = offset
            offsets = tiled.untile(tiles, torch.stack([nearest[h] for h in half_windows], 1), -1)
            target = (rows[band] + down[offsets]) * width + columns + right[offsets]
            result[label, :, band] = torch.where(offsets >= 0, target, -1)
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
    if any(half % atrous for half in half_windows):
        raise ValueError(f"half windows {tuple(half_windows)} are not multiples of {atrous}")
    if atrous == 1:
        return _dense_distances(query, keys, labels, label_count, half_windows)
    halves = [half // atrous for half in half_windows]
    full = query.new_full((label_count, len(halves), *query.shape[-2:]), FAR)
    for row in range(atrous):
        for column in range(atrous):
            phase = (..., slice(row, None, atrous), slice(column, None, atrous))
            if query[phase].numel():
                full[phase] = _dense_distances(
                    query[phase], keys[phase], labels[phase], label_count, halves
                )
    return full


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

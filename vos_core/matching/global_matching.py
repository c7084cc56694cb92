"""Global matching: each target pixel against every reference pixel, one minimum per label.

CFBI+ section 3.2 and eq 9 (atrous factor). The fast form sorts the reference pixels by label once,
so that one product and one minimum per contiguous segment serve any number of labels; memory is
bounded by chunks of target pixels. `plain_global_matching` is the definition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vos_core.matching.distance import FAR
from vos_core.ops.product import product

CHUNK_ELEMENTS = 1 << 20
"""Distances held at once on a processor: 4 MiB stay in its cache."""
DEVICE_CHUNK_ELEMENTS = 1 << 27
"""The same on other devices, which like large operations: 512 MiB."""
BLOCK_ROWS = 1024
"""Reference pixels compared at once on a processor."""

SMALLEST_CHUNK_ELEMENTS = 1 << 16


def shrink_chunks() -> bool:
    """Make the chunks of all matching to come a sixteenth as large, because memory ran out.

    Results do not depend on it. Holds for the process.

    Returns:
        False when they are as small as is sensible already.
    """
    global CHUNK_ELEMENTS, DEVICE_CHUNK_ELEMENTS
    before = CHUNK_ELEMENTS, DEVICE_CHUNK_ELEMENTS
    CHUNK_ELEMENTS = max(CHUNK_ELEMENTS // 16, SMALLEST_CHUNK_ELEMENTS)
    DEVICE_CHUNK_ELEMENTS = max(DEVICE_CHUNK_ELEMENTS // 16, SMALLEST_CHUNK_ELEMENTS)
    return before != (CHUNK_ELEMENTS, DEVICE_CHUNK_ELEMENTS)


@dataclass(frozen=True)
class LabelSegments:
    """Reference pixels sorted by label.

    Attributes:
        keys: float [R, C], rows sorted by label.
        squared: float32 [R], squared norms.
        bounds: L + 1 row numbers; label j owns rows ``bounds[j]:bounds[j + 1]``.
    """

    keys: Tensor
    squared: Tensor
    bounds: tuple[int, ...]

    @property
    def label_count(self) -> int:
        """Number of labels L, background included."""
        return len(self.bounds) - 1


def atrous_mask(labels: Tensor, factor: int, label_count: int, *, min_pixels: int = 0) -> Tensor:
    """Which reference pixels take part: rows and columns that are multiples of the factor.

    (CFBI+ eq 9.) A label with at most ``min_pixels * factor**2`` pixels keeps all of them
    (the released scripts' `min_matching_pixels`), so that small objects do not vanish.

    Args:
        labels: int64 [h, w], -1 for a pixel that belongs to nobody.
        factor: Atrous factor l >= 1.
        label_count: Number of labels L.
        min_pixels: The m of the rule; 0 subsamples every label.

    Returns:
        bool [h, w]; never true where the label is negative.
    """
    known = labels >= 0
    if factor == 1:
        return known
    grid = torch.zeros_like(known)
    grid[::factor, ::factor] = True
    if min_pixels:
        counts = torch.bincount(labels[known], minlength=label_count)
        small = (counts <= min_pixels * factor * factor)[labels.clamp(min=0)]
        grid = grid | small
    return grid & known


def build_segments(keys: Tensor, labels: Tensor, label_count: int) -> LabelSegments:
    """Sort reference keys by label, once per reference.

    Args:
        keys: [R, C]; rows whose label is outside 0..L-1 are dropped.
        labels: int64 [R].
        label_count: L.

    Returns:
        The sorted keys with their squared norms and segment bounds.
    """
    inside = (labels >= 0) & (labels < label_count)
    rows = torch.nonzero(inside).squeeze(1)
    order = torch.argsort(labels[rows], stable=True)
    rows = rows[order]
    counts = torch.bincount(labels[rows], minlength=label_count)
    bounds = (0, *torch.cumsum(counts, 0).tolist())
    sorted_keys = keys[rows]
    return LabelSegments(sorted_keys, sorted_keys.float().square().sum(1), bounds)


def join_segments(parts: Sequence[LabelSegments]) -> LabelSegments:
    """Join the segments of several reference frames, label by label.

    All parts count the same labels. One part is returned as it is.
    """
    if len(parts) == 1:
        return parts[0]
    label_count = parts[0].label_count
    keys, squared, bounds = [], [], [0]
    for label in range(label_count):
        size = 0
        for part in parts:
            piece = slice(part.bounds[label], part.bounds[label + 1])
            keys.append(part.keys[piece])
            squared.append(part.squared[piece])
            size += piece.stop - piece.start
        bounds.append(bounds[-1] + size)
    return LabelSegments(torch.cat(keys), torch.cat(squared), tuple(bounds))


def _chunks(query_count: int, reference_count: int) -> range:
    return range(0, query_count, max(64, CHUNK_ELEMENTS // max(1, reference_count)))


def global_matching(query: Tensor, reference: LabelSegments) -> Tensor:
    """Smallest squared distance of each target pixel to each label.

    Args:
        query: [P, C] target keys.
        reference: Sorted reference keys.

    Returns:
        float32 [L, P]; `FAR` for a label without reference pixels.
    """
    query = query.to(reference.keys.dtype)
    count, label_count = len(reference.squared), reference.label_count
    far = query.new_full((query.shape[0],), FAR, dtype=torch.float32)
    # ||r||^2 - 2 q r with the norm as one more column; the query's own norm is the same for all
    # reference pixels and added after the minimum
    keys = torch.cat([-2 * reference.keys, reference.squared[:, None].to(query.dtype)], 1)
    rows = F.pad(query, (0, 1), value=1.0)
    offset = query.float().square().sum(1)
    is_cpu = query.device.type == "cpu"
    block = max(1, min(BLOCK_ROWS, count) if is_cpu else count)
    step = max(64, (CHUNK_ELEMENTS if is_cpu else DEVICE_CHUNK_ELEMENTS) // block)
    pieces: list[list[Tensor]] = [[] for _ in range(label_count)]
    for part in rows.split(step):
        nearest: dict[int, Tensor] = {}
        for first in range(0, count, block):
            scores = product(keys[first : first + block], part)
            for label in range(label_count):
                low = max(reference.bounds[label] - first, 0)
                high = min(reference.bounds[label + 1] - first, block)
                if high > low:
                    found = scores[low:high].amin(0)
                    known = nearest.get(label)
                    nearest[label] = found if known is None else torch.minimum(known, found)
        for label, found in nearest.items():
            pieces[label].append(found.float())
    return torch.stack([torch.cat(own) + offset if own else far for own in pieces])


def global_matching_index(query: Tensor, reference: LabelSegments) -> Tensor:
    """Row of the sorted keys that is closest to each target pixel, per label.

    Args:
        query: [P, C] target keys.
        reference: Sorted reference keys.

    Returns:
        int64 [L, P]; -1 for a label without reference pixels.
    """
    shape = (reference.label_count, query.shape[0])
    result = torch.full(shape, -1, dtype=torch.int64, device=query.device)
    chunks = _chunks(query.shape[0], len(reference.squared))
    keys = reference.keys.to(query.dtype)
    for start in chunks:
        piece = slice(start, start + chunks.step)
        scores = torch.addmm(reference.squared.to(query.dtype), query[piece], keys.T, alpha=-2)
        for label in range(reference.label_count):
            low, high = reference.bounds[label], reference.bounds[label + 1]
            if high > low:
                result[label, piece] = low + scores[:, low:high].argmin(1)
    return result


def plain_global_matching(query: Tensor, keys: Tensor, labels: Tensor, label_count: int) -> Tensor:
    """The definition: every pair's squared distance, other labels masked out (CFBI+, eq 2).

    Args:
        query: [P, C].
        keys: [R, C].
        labels: int64 [R], labels outside 0..L-1 belong to nobody.
        label_count: L.

    Returns:
        float32 [L, P]; `FAR` where a label has no pixel.
    """
    result = query.new_full((label_count, query.shape[0]), FAR, dtype=torch.float32)
    distances = torch.cdist(query.double(), keys.double()).square().float()
    for label in range(label_count):
        own = labels == label
        if own.any():
            result[label] = distances[:, own].amin(1)
    return result

"""Masked means of embeddings: the guidance vector and its parts."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

EPSILON = 1e-5


def label_sums(embedding: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Sums of an embedding under each label's weights, as one matrix product.

    Args:
        embedding: [C, h, w].
        weights: [O, h, w] in [0, 1], one map per object.

    Returns:
        (sums [O, C], counts [O]) in float32.
    """
    flat = embedding.flatten(1).float()
    rows = weights.flatten(1).float()
    return rows @ flat.T, rows.sum(1)


def mean_of_sums(sums: Tensor, counts: Tensor) -> Tensor:
    """Means ``sum / (count + 1e-5)`` of sums [L, C] and counts [L]; zero for an absent label."""
    return sums / (counts[:, None] + EPSILON)


def means_in_and_out(
    sums: Tensor, counts: Tensor, total: Tensor, pixels: Tensor | int
) -> tuple[Tensor, Tensor]:
    """Mean of an embedding inside each label and outside it (CFBI, section 3.3, eq 6).

    Args:
        sums: [L, C], sums under each label's weights.
        counts: [L], sums of these weights.
        total: [C], sum over all pixels.
        pixels: Number of these.

    Returns:
        (inside [L, C], outside [L, C]).
    """
    return mean_of_sums(sums, counts), mean_of_sums(total - sums, pixels - counts)


def guidance_parts(embedding: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Foreground and background mean of one frame for each object (see `means_in_and_out`).

    Args:
        embedding: [C, h, w].
        weights: [O, h, w] in [0, 1].

    Returns:
        (foreground [O, C], background [O, C]) float32; an absent object has a zero foreground.
    """
    sums, counts = label_sums(embedding, weights)
    total = embedding.flatten(1).float().sum(1)
    return means_in_and_out(sums, counts, total, embedding.shape[-2] * embedding.shape[-1])


def group_max(maps: Tensor, groups: Tensor, group_count: int) -> Tensor:
    """Largest value over the rows of each group.

    Args:
        maps: [n, ...], one row per (clip, object).
        groups: int64 [n], the clip of each row, in [0, group_count).
        group_count: Number of clips.

    Returns:
        [n, ...]: each row holds the maximum over its own group.
    """
    if group_count == 1 and not torch.is_grad_enabled():
        # map by map is many times faster; a gradient needs amax, which shares it among equals
        return functools.reduce(torch.maximum, maps.unbind(0)).expand_as(maps)
    if group_count == 1:
        return maps.amax(dim=0, keepdim=True).expand_as(maps)
    result = torch.stack([maps[groups == g].amax(dim=0) for g in range(group_count)])
    return result[groups]

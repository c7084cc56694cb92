"""From squared distances to matching maps, and from foreground maps to background maps."""

from __future__ import annotations

import torch
from torch import Tensor

FAR = 5e4
"""Squared distance that stands for "no such pixel"; the transform sends it to exactly 1."""


def matching_transform(
    distances: Tensor, foreground_bias: Tensor, background_bias: Tensor
) -> Tensor:
    """Map squared distances to [0, 1): ``2 sigmoid(d + b) - 1`` (CFBI, eq 1).

    Args:
        distances: [L, ...], label 0 is the background.
        foreground_bias: Scalar added for every label > 0.
        background_bias: Scalar added for label 0.

    Returns:
        Same shape, lower is closer; `FAR` gives exactly 1.
    """
    bias = torch.cat(
        [background_bias.reshape(1), foreground_bias.reshape(1).expand(distances.shape[0] - 1)]
    )
    return 2 * torch.sigmoid(distances + bias.reshape(-1, *[1] * (distances.dim() - 1))) - 1


def background_maps(foreground: Tensor) -> Tensor:
    """For each label the smallest map among all other labels (CFBI, eq 3), by the two smallest.

    Args:
        foreground: [L, ...] transformed maps.

    Returns:
        [L, ...]; with a single label its own map (the authors' convention).
    """
    if foreground.shape[0] == 1:
        return foreground
    values, labels = torch.topk(foreground, 2, dim=0, largest=False)
    shape = [foreground.shape[0]] + [1] * (foreground.dim() - 1)
    own = torch.arange(foreground.shape[0], device=foreground.device).reshape(shape)
    return torch.where(labels[:1] == own, values[1:], values[:1])


def distance_at(query: Tensor, keys: Tensor, index: Tensor) -> Tensor:
    """Squared distance of each query to the key chosen for it, with a gradient to both.

    The choice (an argmin) is piecewise constant, so recomputing the distance at the winner gives
    the gradient of the minimum, and its backward pass is a gather.

    Args:
        query: [P, C].
        keys: [R, C].
        index: int64 [..., P], rows of `keys`; -1 where no key exists.

    Returns:
        [..., P] sums over channels of the squared difference; `FAR` where the index is -1.
    """
    absent = index < 0
    if keys.shape[0] == 0:
        return query.new_full(index.shape, FAR)
    chosen = keys[index.clamp(min=0)]
    distances = (query - chosen).square().sum(-1)
    return torch.where(absent, distances.new_full((), FAR), distances)

"""Maps as matrices of pixels, for heads whose gates are folded into weights."""

from __future__ import annotations

import torch
from torch import Tensor


def as_rows(x: Tensor) -> Tensor:
    """View a channels-last ``[1, C, h, w]`` as ``[h * w, C]`` (a copy in any other order)."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def as_map(rows: Tensor, height: int, width: int) -> Tensor:
    """View ``[h * w, C]`` as a channels-last ``[1, C, h, w]``."""
    return rows.view(1, height, width, -1).permute(0, 3, 1, 2)


def energies(rows: Tensor) -> Tensor:
    """Sum of squares of each column, ``[C]`` in at least single precision."""
    wide = torch.float64 if rows.dtype == torch.float64 else torch.float32
    count, channels = rows.shape
    if rows.device.type != "cpu" or not count:
        return (rows * rows).sum(dim=0, dtype=wide)
    # the statistics of batch norm in one fast pass: E[x^2] = var + mean^2 has nothing to cancel
    typed = rows.new_zeros(2, channels, dtype=wide)  # asks for statistics of this type
    mean, variance = torch.batch_norm_update_stats(as_map(rows, 1, count), typed[0], typed[1], 0.0)
    return torch.addcmul(variance, mean, mean).mul_(count)


def matrix(weight: Tensor) -> Tensor:
    """View a 1x1 convolution's weight as ``[out, in]``."""
    return weight.flatten(1)

"""A 3x3 convolution of an enlarged map, without the enlarged map.

Interpolation with aligned corners is linear and separable in rows and columns, and so is its
composition with each of the convolution's nine taps: the taps are applied to the small map, and the
nine results are enlarged, shifted and added by two matrix products.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F


@lru_cache(maxsize=32)
def shifted_upsampling(
    size: int, target: int, dtype: torch.dtype, device: torch.device, mode: str = "bicubic"
) -> Tensor:
    """Upsampling of a line, read at each tap of a 3-tap convolution with zero padding.

    Args:
        size: Cells of the line.
        target: Cells of the upsampled line.
        dtype: Type of the result.
        device: Its device.
        mode: "bicubic" or "bilinear", corners aligned.

    Returns:
        ``[3, target, size]``: matrix ``t`` gives the upsampled value at ``position + t - 1``, 0
        outside the line.
    """
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    basis = torch.eye(size, dtype=exact).view(1, size, size, 1)
    up = F.interpolate(basis, size=(target, 1), mode=mode, align_corners=True)
    up = up[0, :, :, 0].T
    padded = F.pad(up, (0, 0, 1, 1))
    taps = torch.stack([padded[tap : tap + target] for tap in range(3)])
    return taps.to(device=device, dtype=dtype)


def convolve_upsampled(
    x: Tensor, weight: Tensor, height: int, width: int, *, mode: str = "bicubic"
) -> Tensor:
    """Upsample (aligned corners), then convolve 3x3 with padding 1.

    Args:
        x: ``[1, C, h, w]``.
        weight: ``[out, C, 3, 3]``.
        height: Rows of the result.
        width: Columns of the result.
        mode: "bicubic" or "bilinear".

    Returns:
        ``[1, out, height, width]``, channels-last.
    """
    rows, columns = x.shape[-2:]
    out = weight.shape[0]
    down = shifted_upsampling(rows, height, x.dtype, x.device, mode)
    across = shifted_upsampling(columns, width, x.dtype, x.device, mode)
    taps = weight.permute(2, 3, 0, 1).reshape(9 * out, -1, 1, 1)
    small = F.conv2d(x, taps).permute(0, 2, 3, 1).reshape(rows, columns, 3, 3, out)
    # [row tap, rows, column tap, columns, out], each pair of taps and cells one dimension
    lines = small.permute(2, 0, 3, 1, 4).reshape(3 * rows, 3 * columns * out)
    lines = down.permute(1, 0, 2).reshape(height, 3 * rows) @ lines
    lines = lines.view(height, 3 * columns, out)
    spread = across.permute(1, 0, 2).reshape(1, width, 3 * columns).expand(height, -1, -1)
    return torch.bmm(spread, lines)[None].permute(0, 3, 1, 2)

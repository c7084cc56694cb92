"""Matrix products by the fastest route of the device."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def product(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Multiply ``[P, C]`` with ``weight`` ``[out, C]``: ``[P, out]``.

    On processors by a 1x1 convolution, whose library computes about twice as fast there as the one
    behind matrix products when several threads work in single precision.
    """
    is_half = rows.dtype in (torch.bfloat16, torch.float16)
    is_wide = rows.dtype == torch.float32 and torch.get_num_threads() > 1
    if rows.device.type != "cpu" or not (is_half or is_wide) or not len(rows):
        return F.linear(rows, weight, bias)
    kernel = weight.contiguous()[:, :, None, None]
    image = rows.contiguous().view(1, 1, len(rows), -1).permute(0, 3, 1, 2)
    return F.conv2d(image, kernel, bias).permute(0, 2, 3, 1).reshape(len(rows), -1)

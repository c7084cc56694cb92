"""Depthwise convolution whose backward pass is a forward convolution.

The library's backward pass of a bfloat16 depthwise convolution is many times slower than its
forward pass on processors. The gradient with respect to the input is itself a depthwise convolution
with the taps flipped (after spreading the gradient over the input grid when the stride is 2), so it
runs at forward speed. The taps themselves are constants here: no gradient reaches them.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


class _FrozenDepthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.stride, ctx.size = stride, maps.shape[-2:]
        return F.conv2d(
            maps, weight, stride=stride, padding=weight.shape[-1] // 2, groups=maps.shape[1]
        )

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (weight,) = ctx.saved_tensors
        (gradient,) = gradients
        if ctx.stride != 1:
            spread = torch.empty(
                (*gradient.shape[:2], *ctx.size),
                dtype=gradient.dtype,
                device=gradient.device,
                memory_format=torch.channels_last,
            ).zero_()
            spread[..., :: ctx.stride, :: ctx.stride] = gradient
            gradient = spread
        flipped = weight.flip(-1, -2).contiguous()
        result = F.conv2d(
            gradient, flipped, padding=weight.shape[-1] // 2, groups=gradient.shape[1]
        )
        return result, None, None


def frozen_depthwise(maps: Tensor, weight: Tensor, stride: int = 1) -> Tensor:
    """Depthwise convolution with constant taps and padding ``k // 2``.

    Args:
        maps: [N, C, H, W]; H and W must be odd when the stride is 2.
        weight: [C, 1, k, k], k odd. Receives no gradient.
        stride: 1 or 2.

    Returns:
        [N, C, ceil(H / stride), ceil(W / stride)].
    """
    if torch.is_autocast_enabled(maps.device.type):
        dtype = torch.get_autocast_dtype(maps.device.type)
        maps, weight = maps.to(dtype), weight.to(dtype)
    result: Tensor = _FrozenDepthwise.apply(maps, weight.detach(), stride)
    return result

"""Batch normalisation whose statistics and affine terms never change."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FrozenBatchNorm2d(nn.Module):
    """Per-channel affine map built from stored batch statistics.

    ``y = x * s + (bias - running_mean * s)`` with ``s = weight / sqrt(running_var + epsilon)``.
    All four tensors are buffers: nothing is learned and nothing is updated, in training either
    (CFBI, section 4.1: the backbone's normalisation is frozen).

    Args:
        channels: Number of channels C of the input ``[N, C, h, w]``.
        epsilon: Added to the variance before the root.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, *, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.channels = channels
        self.epsilon = epsilon
        self.register_buffer("weight", torch.ones(channels))
        self.register_buffer("bias", torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """Return the two ``[C]`` vectors of the affine map."""
        scale = self.weight / torch.sqrt(self.running_var + self.epsilon)
        return scale, self.bias - self.running_mean * scale

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x`` of shape ``[N, C, h, w]``."""
        scale, shift = self.scale_and_shift()
        return x * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)

    def extra_repr(self) -> str:
        """Describe the layer when a network is printed."""
        return f"{self.channels}, epsilon={self.epsilon}"


def fold_frozen_norm(conv: nn.Conv2d, norm: FrozenBatchNorm2d) -> nn.Conv2d:
    """Return one convolution equal to ``norm(conv(x))`` up to rounding.

    Args:
        conv: Convolution without bias, followed directly by ``norm``.
        norm: The frozen normalisation of its output.

    Returns:
        A new convolution with bias; ``conv`` and ``norm`` are left as they are.
    """
    scale, shift = norm.scale_and_shift()
    folded = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        (conv.kernel_size[0], conv.kernel_size[1]),
        stride=(conv.stride[0], conv.stride[1]),
        padding=conv.padding
        if isinstance(conv.padding, str)
        else (conv.padding[0], conv.padding[1]),
        dilation=(conv.dilation[0], conv.dilation[1]),
        groups=conv.groups,
        bias=True,
        device=conv.weight.device,
        dtype=conv.weight.dtype,
    )
    bias = shift if conv.bias is None else shift + conv.bias * scale
    with torch.no_grad():
        folded.weight.copy_(conv.weight * scale.view(-1, 1, 1, 1))
        if folded.bias is not None:
            folded.bias.copy_(bias)
    return folded


def rectify(x: Tensor) -> Tensor:
    """ReLU that reuses its input's memory where no gradient is recorded.

    Only for a value that nobody else holds.
    """
    return torch.relu(x) if torch.is_grad_enabled() else torch.relu_(x)

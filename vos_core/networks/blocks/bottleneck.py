"""Residual bottleneck of the collaborative ensembler (CFBI, section 3.5)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from vos_core.networks.blocks.gates import EnergyGate

GROUPS = 32


class EnsemblerBottleneck(nn.Module):
    """Energy gate, 1x1, 3x3 and 1x1 convolutions with group norms, and a residual sum.

    The shortcut takes the input before the energy gate.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output; the inner width is a quarter of it.
        stride: Stride of the 3x3 convolution and of the projection.
        dilation: Dilation (and padding) of the 3x3 convolution.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int = 1, dilation: int = 1
    ) -> None:
        super().__init__()
        width = out_channels // 4
        self.gate = EnergyGate(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.norm1 = nn.GroupNorm(GROUPS, width)
        self.conv2 = nn.Conv2d(
            width, width, 3, stride=stride, padding=dilation, dilation=dilation, bias=False
        )
        self.norm2 = nn.GroupNorm(GROUPS, width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.norm3 = nn.GroupNorm(GROUPS, out_channels)
        self.shortcut = (
            nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.GroupNorm(GROUPS, out_channels),
            )
            if stride != 1 or in_channels != out_channels
            else None
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def projection(self) -> tuple[nn.Conv2d, nn.GroupNorm]:
        """Return the layers of the shortcut.

        Raises:
            ValueError: If the shortcut is the input itself.
        """
        if self.shortcut is None:
            raise ValueError("this bottleneck has no projection in its shortcut")
        return cast(nn.Conv2d, self.shortcut[0]), cast(nn.GroupNorm, self.shortcut[1])

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[O, in_channels, h, w]`` to ``[O, out_channels, h / stride, w / stride]``."""
        residual = x if self.shortcut is None else self.shortcut(x)
        x = torch.relu(self.norm1(self.conv1(self.gate(x))))
        return self.finish(x, residual)

    def finish(self, x: Tensor, residual: Tensor) -> Tensor:
        """Run what follows the first convolution; ``residual`` is the shortcut's output."""
        x = torch.relu(self.norm2(self.conv2(x)))
        return torch.relu(self.norm3(self.conv3(x)) + residual)

"""Atrous pyramid at the end of the collaborative ensembler (CFBI, section 3.5)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from vos_core.networks.blocks.gates import EnergyGate


class AsppBranch(nn.Module):
    """Energy gate, convolution, group norm and ReLU at one dilation."""

    def __init__(self, in_channels: int, out_channels: int, *, dilation: int) -> None:
        super().__init__()
        kernel = 1 if dilation == 1 else 3
        padding = 0 if dilation == 1 else dilation
        self.padding, self.dilation = padding, dilation
        self.gate = EnergyGate(in_channels)
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel, padding=padding, dilation=dilation, bias=False
        )
        self.norm = nn.GroupNorm(32, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[O, in_channels, h, w]`` to ``[O, out_channels, h, w]``."""
        return torch.relu(self.norm(self.conv(self.gate(x))))


class EnsemblerAspp(nn.Module):
    """Four dilations (1, 6, 12, 18) and the map's mean, fused to one map.

    The mean's branch has a ReLU but no norm, as in the authors' networks.

    Args:
        in_channels: Channels of the input.
        width: Channels of each branch.
        out_channels: Channels of the output.
    """

    def __init__(
        self, *, in_channels: int = 512, width: int = 128, out_channels: int = 256
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [AsppBranch(in_channels, width, dilation=rate) for rate in (1, 6, 12, 18)]
        )
        self.image_conv = nn.Conv2d(in_channels, width, 1, bias=False)
        self.gate = EnergyGate(5 * width)
        self.conv = nn.Conv2d(5 * width, out_channels, 1, bias=False)
        self.norm = nn.GroupNorm(32, out_channels)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def typed_branches(self) -> list[AsppBranch]:
        """Return the four dilated branches."""
        return [cast(AsppBranch, branch) for branch in self.branches]

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[O, in_channels, h, w]`` to ``[O, out_channels, h, w]``."""
        parts = [branch(x) for branch in self.branches]
        mean = torch.relu(self.image_conv(x.mean(dim=(2, 3), keepdim=True)))
        parts.append(mean.expand_as(parts[0]))
        return torch.relu(self.norm(self.conv(self.gate(torch.cat(parts, dim=1)))))

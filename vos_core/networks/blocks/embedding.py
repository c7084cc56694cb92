"""Embeddings in which pixels are matched."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MatchingEmbedding(nn.Module):
    """Single-scale embedding of CFBI, AOC and RPCM: depthwise 3x3, then 1x1 (CFBI, 4.1).

    Args:
        in_channels: Channels of the backbone decoder.
        out_channels: Channels of the embedding; groups of four share a norm.
    """

    def __init__(self, *, in_channels: int = 256, out_channels: int = 100) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels)
        self.norm1 = nn.GroupNorm(32, in_channels)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1)
        self.norm2 = nn.GroupNorm(out_channels // 4, out_channels)
        for conv in (self.depthwise, self.pointwise):
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[N, in_channels, h4, w4]`` to ``[N, out_channels, h4, w4]``, all >= 0."""
        x = torch.relu(self.norm1(self.depthwise(x)))
        return torch.relu(self.norm2(self.pointwise(x)))


class PyramidEmbeddings(NamedTuple):
    """Embeddings of CFBI+ at three strides, each ``[N, 256, h_s, w_s]``."""

    stride4: Tensor
    stride8: Tensor
    stride16: Tensor


class ConvGroupNorm(nn.Module):
    """Convolution without bias and a group norm of 32 groups."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.GroupNorm(32, out_channels)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[N, in_channels, h, w]`` to ``[N, out_channels, h, w]``."""
        return self.norm(self.conv(x))


class FeaturePyramid(nn.Module):
    """Feature pyramid of CFBI+ (section 3.1): every map has ``width`` channels.

    Departure from the paper's text, following its code: all scales have 256 channels, of which
    only the first 32, 64 and 128 enter matching.
    """

    def __init__(
        self, *, mid_channels: int = 512, decoded_channels: int = 256, width: int = 256
    ) -> None:
        super().__init__()
        self.lateral16 = ConvGroupNorm(256, width, 1)
        self.lateral8 = ConvGroupNorm(mid_channels, width, 1)
        self.lateral4 = ConvGroupNorm(decoded_channels, width, 1)
        self.smooth8 = ConvGroupNorm(width, width, 3)
        self.smooth4 = ConvGroupNorm(width, width, 3)

    def forward(self, decoded: Tensor, mid: Tensor, aspp: Tensor) -> PyramidEmbeddings:
        """Return three embeddings, all >= 0, from the backbone's three maps."""
        top = self.lateral16(aspp)
        middle = self.lateral8(mid) + _up(top, mid)
        bottom = self.lateral4(decoded) + _up(middle, decoded)
        return PyramidEmbeddings(
            stride4=torch.relu(self.smooth4(bottom)),
            stride8=torch.relu(self.smooth8(middle)),
            stride16=torch.relu(top),
        )


def _up(x: Tensor, target: Tensor) -> Tensor:
    return F.interpolate(x, size=target.shape[-2:], mode="bilinear", align_corners=True)


class MatchingHead(nn.Module):
    """Turns the stack of matching maps into features: 1x1 convolution, norm, ReLU."""

    def __init__(self, *, in_channels: int = 15, out_channels: int = 64) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1)
        self.norm = nn.GroupNorm(out_channels // 4, out_channels)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[O, in_channels, h4, w4]`` to ``[O, out_channels, h4, w4]``."""
        return torch.relu(self.norm(self.conv(x)))

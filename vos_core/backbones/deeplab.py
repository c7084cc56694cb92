"""DeepLabV3+ neck over a trunk at output stride 16 (CFBI, section 4.1)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vos_core.backbones.frozen_norm import FrozenBatchNorm2d, rectify
from vos_core.backbones.trunk import TrunkFeatures
from vos_core.ops.upsampled_convolution import convolve_upsampled


class BackboneFeatures(NamedTuple):
    """Object-independent features of one batch of images.

    Attributes:
        decoded: ``[N, 256, h4, w4]``, output of the DeepLabV3+ decoder, stride 4.
        low: ``[N, low_channels, h4, w4]``, trunk features at stride 4.
        mid: ``[N, mid_channels, h8, w8]``, trunk features at stride 8.
        aspp: ``[N, 256, h16, w16]``, pooled pyramid at stride 16.
    """

    decoded: Tensor
    low: Tensor
    mid: Tensor
    aspp: Tensor


class ConvNormRelu(nn.Module):
    """Convolution without bias, frozen normalisation, ReLU."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, *, dilation: int = 1
    ) -> None:
        super().__init__()
        padding = 0 if kernel == 1 else dilation
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel, padding=padding, dilation=dilation, bias=False
        )
        self.norm = FrozenBatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[N, in_channels, h, w]`` to ``[N, out_channels, h, w]``."""
        return rectify(self.norm(self.conv(x)))


class BackboneAspp(nn.Module):
    """Atrous spatial pyramid pooling: four rates and the image mean, fused to one map."""

    def __init__(self, in_channels: int, *, width: int = 256, dropout: float = 0.1) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [ConvNormRelu(in_channels, width, 1)]
            + [ConvNormRelu(in_channels, width, 3, dilation=rate) for rate in (6, 12, 18)]
        )
        self.image = ConvNormRelu(in_channels, width, 1)
        self.fuse = ConvNormRelu(5 * width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[N, in_channels, h, w]`` to ``[N, width, h, w]``."""
        parts = [branch(x) for branch in self.branches]
        mean = self.image(x.mean(dim=(2, 3), keepdim=True))
        parts.append(mean.expand_as(parts[0]))
        return self.dropout(self.fuse(torch.cat(parts, dim=1)))


class DeepLabDecoder(nn.Module):
    """Joins the pyramid with low-level features at stride 4."""

    def __init__(self, low_channels: int, *, width: int = 256, low_width: int = 48) -> None:
        super().__init__()
        self.low = ConvNormRelu(low_channels, low_width, 1)
        self.conv1 = ConvNormRelu(width + low_width, width, 3)
        self.conv2 = ConvNormRelu(width, width, 3)

    def forward(self, aspp: Tensor, low: Tensor) -> Tensor:
        """Return ``[N, width, h4, w4]`` from the pyramid and the low-level features."""
        if isinstance(self.conv1.norm, nn.Identity) and len(aspp) == 1 and not aspp.is_cuda:
            return self.conv2(self._join_without_upsampling(aspp, self.low(low)))
        up = F.interpolate(aspp, size=low.shape[-2:], mode="bilinear", align_corners=True)
        return self.conv2(self.conv1(torch.cat([up, self.low(low)], dim=1)))

    def _join_without_upsampling(self, aspp: Tensor, low: Tensor) -> Tensor:
        """Run the first convolution, its norm folded in, without the enlarged pyramid."""
        conv, count = self.conv1.conv, aspp.shape[1]
        own = conv.weight[:, count:].contiguous(memory_format=torch.channels_last)
        y = F.conv2d(low, own, conv.bias, padding=1)
        size = (low.shape[-2], low.shape[-1])
        return rectify(y + convolve_upsampled(aspp, conv.weight[:, :count], *size, mode="bilinear"))


class DeepLab(nn.Module):
    """Trunk, pyramid and decoder.

    Args:
        trunk: Module that returns :class:`TrunkFeatures` and states ``low_channels``,
            ``mid_channels`` and ``out_channels``.
        dropout: Rate behind the pyramid, active in training mode only.
    """

    def __init__(self, trunk: nn.Module, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.trunk = trunk
        self.low_channels = _channels(trunk, "low_channels")
        self.mid_channels = _channels(trunk, "mid_channels")
        self.aspp = BackboneAspp(_channels(trunk, "out_channels"), dropout=dropout)
        self.decoder = DeepLabDecoder(self.low_channels)

    def forward(self, image: Tensor) -> BackboneFeatures:
        """Extract features from a normalised image ``[N, 3, H, W]`` with H, W of the form 16n+1."""
        features: TrunkFeatures = self.trunk(image)
        aspp = self.aspp(features.high)
        return BackboneFeatures(
            decoded=self.decoder(aspp, features.low),
            low=features.low,
            mid=features.mid,
            aspp=aspp,
        )


def _channels(trunk: nn.Module, name: str) -> int:
    value = getattr(trunk, name, None)
    if not isinstance(value, int):
        raise TypeError(f"{type(trunk).__name__} must state {name} as an int, got {value!r}")
    return value

"""ResNet trunk with frozen normalisation and an output stride of 16.

The trunk that CFBI, CFBI+, AOC and RPCM share (CFBI, section 4.1; DeepLabV3+): the last stage
trades its stride for dilation with multi-grid rates 1, 2, 4.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from vos_core.backbones.frozen_norm import FrozenBatchNorm2d, rectify
from vos_core.backbones.trunk import TrunkFeatures


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions with a residual sum.

    Args:
        in_channels: Channels of the input.
        width: Channels of the 3x3 convolution; the output has four times as many.
        stride: Stride of the 3x3 convolution and of the projection.
        dilation: Dilation (and padding) of the 3x3 convolution.
        has_projection: Whether the shortcut is a 1x1 convolution instead of the input itself.
    """

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        width: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        has_projection: bool = False,
    ) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.norm1 = FrozenBatchNorm2d(width)
        self.conv2 = nn.Conv2d(
            width, width, 3, stride=stride, padding=dilation, dilation=dilation, bias=False
        )
        self.norm2 = FrozenBatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.norm3 = FrozenBatchNorm2d(out_channels)
        self.shortcut = (
            nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                FrozenBatchNorm2d(out_channels),
            )
            if has_projection
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[N, in_channels, h, w]`` to ``[N, 4 * width, h / stride, w / stride]``."""
        residual = x if self.shortcut is None else self.shortcut(x)
        x = rectify(self.norm1(self.conv1(x)))
        x = rectify(self.norm2(self.conv2(x)))
        return rectify(self.norm3(self.conv3(x)) + residual)


class ResNet(nn.Module):
    """Bottleneck ResNet at output stride 16.

    Args:
        depths: Bottlenecks in each of the four stages, (3, 4, 23, 3) for ResNet-101.
        multi_grid: Dilation of each block of the last stage before the factor 2 of the stride
            that it replaces.
    """

    def __init__(
        self, *, depths: Sequence[int] = (3, 4, 23, 3), multi_grid: Sequence[int] = (1, 2, 4)
    ) -> None:
        super().__init__()
        if len(depths) != 4:
            raise ValueError(f"a ResNet has four stages, got depths {tuple(depths)}")
        if len(multi_grid) != depths[3]:
            raise ValueError(
                f"multi_grid needs one rate per block of the last stage ({depths[3]}), "
                f"got {tuple(multi_grid)}"
            )
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.norm1 = FrozenBatchNorm2d(64)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(64, 64, [1] * depths[0], stride=1)
        self.layer2 = _stage(256, 128, [1] * depths[1], stride=2)
        self.layer3 = _stage(512, 256, [1] * depths[2], stride=2)
        self.layer4 = _stage(1024, 512, [2 * rate for rate in multi_grid], stride=1)
        self.low_channels = 256
        self.mid_channels = 512
        self.out_channels = 2048

    def forward(self, image: Tensor) -> TrunkFeatures:
        """Extract features from a normalised image ``[N, 3, H, W]``."""
        x = self.pool(rectify(self.norm1(self.conv1(image))))
        low = self.layer1(x)
        mid = self.layer2(low)
        return TrunkFeatures(low=low, mid=mid, high=self.layer4(self.layer3(mid)))


def _stage(in_channels: int, width: int, dilations: Sequence[int], *, stride: int) -> nn.Sequential:
    """Build one stage; its first block carries the stride and the projection."""
    blocks = [
        Bottleneck(in_channels, width, stride=stride, dilation=dilations[0], has_projection=True)
    ]
    out_channels = width * Bottleneck.expansion
    blocks += [Bottleneck(out_channels, width, dilation=rate) for rate in dilations[1:]]
    return nn.Sequential(*blocks)

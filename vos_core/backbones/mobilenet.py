"""MobileNet-V2 trunk with frozen normalisation and an output stride of 16."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from vos_core.backbones.frozen_norm import FrozenBatchNorm2d
from vos_core.backbones.trunk import TrunkFeatures


class _StageSpec(NamedTuple):
    expansion: int
    channels: int
    blocks: int
    stride: int


STAGES = (
    _StageSpec(1, 16, 1, 1),
    _StageSpec(6, 24, 2, 2),
    _StageSpec(6, 32, 3, 2),
    _StageSpec(6, 64, 4, 2),
    _StageSpec(6, 96, 3, 1),
    _StageSpec(6, 160, 3, 2),
    _StageSpec(6, 320, 1, 1),
)


class InvertedResidual(nn.Module):
    """Expansion, depthwise 3x3, projection.

    The zero padding of the depthwise convolution is applied to the block's input, before the
    expansion, as in the authors' code: the border of the hidden map is ``relu6(norm(0))``, not 0.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of the depthwise convolution.
        dilation: Its dilation.
        expansion: Hidden channels per input channel; 1 leaves the expansion out.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, dilation: int, expansion: int
    ) -> None:
        super().__init__()
        hidden = in_channels * expansion
        self.dilation = dilation
        self.has_residual = stride == 1 and in_channels == out_channels
        self.expand = (
            nn.Sequential(
                nn.Conv2d(in_channels, hidden, 1, bias=False),
                FrozenBatchNorm2d(hidden),
                nn.ReLU6(),
            )
            if expansion != 1
            else nn.Identity()
        )
        self.depthwise = nn.Sequential(
            nn.Conv2d(
                hidden, hidden, 3, stride=stride, dilation=dilation, groups=hidden, bias=False
            ),
            FrozenBatchNorm2d(hidden),
            nn.ReLU6(),
        )
        self.project = nn.Sequential(
            nn.Conv2d(hidden, out_channels, 1, bias=False), FrozenBatchNorm2d(out_channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[N, in_channels, h, w]`` to ``[N, out_channels, h / stride, w / stride]``."""
        padded = F.pad(x, (self.dilation,) * 4)
        y: Tensor = self.project(self.depthwise(self.expand(padded)))
        return x + y if self.has_residual else y


class MobileNetV2(nn.Module):
    """MobileNet-V2 at output stride 16: the last stride is traded for dilation 2."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False), FrozenBatchNorm2d(32), nn.ReLU6()
        )
        blocks: list[nn.Module] = []
        channels, stride, dilation = 32, 2, 1
        for stage in STAGES:
            for index in range(stage.blocks):
                step = stage.stride if index == 0 else 1
                block_dilation = dilation
                if step > 1 and stride == 16:
                    # the block that gives up its stride still samples densely; those behind it
                    # are dilated in its place
                    dilation *= step
                    step = 1
                stride *= step
                blocks.append(
                    InvertedResidual(
                        channels,
                        stage.channels,
                        stride=step,
                        dilation=block_dilation,
                        expansion=stage.expansion,
                    )
                )
                channels = stage.channels
        self.blocks = nn.ModuleList(blocks)
        self.low_channels = 24
        self.mid_channels = 32
        self.out_channels = 320

    def forward(self, image: Tensor) -> TrunkFeatures:
        """Extract features from a normalised image ``[N, 3, H, W]``."""
        x = self.stem(image)
        taps = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in (2, 5):
                taps.append(x)
        return TrunkFeatures(low=taps[0], mid=taps[1], high=x)

"""EfficientNet-Lite0 and Lite2 as a feature pyramid's trunk (own implementation).

EfficientNet (Tan and Le, 2019) in its Lite form: no squeeze-and-excitation, ReLU6, stem not
scaled. Batch norms are folded into the convolutions when published weights are imported, in
training too, so a block is three convolutions with bias. Depthwise taps stay as published (see
`vos_core.ops.depthwise`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vos_core.ops.depthwise import frozen_depthwise

BATCH_NORM_EPSILON = 1e-3
PIXEL_MEAN, PIXEL_SCALE = 127.0, 128.0
"""Pixels enter as ``(value - 127) / 128``, the convention of the published Lite weights."""

_STAGES = (  # blocks, kernel, stride, expansion, output channels (Lite0)
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_TAP_STAGES = (1, 2, 4, 6)


class Pyramid(NamedTuple):
    """Backbone maps of N frames at strides 4, 8, 16 and 32."""

    stride4: Tensor
    stride8: Tensor
    stride16: Tensor
    stride32: Tensor


def round_channels(channels: int, width: float) -> int:
    """Scale a channel count and round it to a multiple of 8, losing at most a tenth."""
    scaled = channels * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def _random_taps(channels: int, kernel: int) -> Tensor:
    """Depthwise taps to start from when no published weights follow.

    They never learn, so they must not be constant. They come from a generator of their own: the
    learned parameters' start is the same as if these were not drawn.
    """
    generator = torch.Generator().manual_seed(torch.initial_seed() + channels)
    return torch.randn(channels, 1, kernel, kernel, generator=generator) * (2**0.5 / kernel)


class InvertedResidual(nn.Module):
    """Expansion 1x1, depthwise k x k, projection 1x1; identity shortcut where shapes agree."""

    def __init__(
        self, *, inputs: int, outputs: int, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.stride = stride
        self.has_shortcut = stride == 1 and inputs == outputs
        self.expand = nn.Conv2d(inputs, hidden, 1) if expansion != 1 else None
        self.depthwise_weight = nn.Parameter(_random_taps(hidden, kernel), requires_grad=False)
        self.depthwise_bias = nn.Parameter(torch.zeros(hidden))
        self.project = nn.Conv2d(hidden, outputs, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """[N, inputs, H, W] to [N, outputs, ceil(H / stride), ceil(W / stride)]."""
        hidden = maps if self.expand is None else F.relu6(self.expand(maps))
        hidden = self.project(F.relu6(self._depthwise(hidden)))
        return maps + hidden if self.has_shortcut else hidden

    def _depthwise(self, maps: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            maps = frozen_depthwise(maps, self.depthwise_weight, self.stride)
            return maps + self.depthwise_bias.to(maps.dtype)[:, None, None]
        return F.conv2d(  # the same with the bias inside, which saves a pass over the maps
            maps,
            self.depthwise_weight,
            self.depthwise_bias,
            stride=self.stride,
            padding=self.depthwise_weight.shape[-1] // 2,
            groups=len(self.depthwise_bias),
        )


class EfficientNetLite(nn.Module):
    """Trunk with taps at strides 4, 8, 16, 32.

    Args:
        width: Channel multiplier (Lite0: 1.0, Lite2: 1.1).
        depth: Block-count multiplier (Lite0: 1.0, Lite2: 1.2); first and last stage keep theirs.
        frozen_stages: The stem and this many first stages run without a gradient.
    """

    def __init__(self, *, width: float = 1.0, depth: float = 1.0, frozen_stages: int = 2) -> None:
        super().__init__()
        self.width, self.frozen_stages = width, frozen_stages
        self.stem = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        stages: list[nn.Module] = []
        inputs = 32
        self.tap_channels: list[int] = []
        for index, (blocks, kernel, stride, expansion, channels) in enumerate(_STAGES):
            if 0 < index < len(_STAGES) - 1:
                blocks = -int(-blocks * depth // 1)
            outputs = round_channels(channels, width)
            layers = []
            for block in range(blocks):
                layers.append(
                    InvertedResidual(
                        inputs=inputs,
                        outputs=outputs,
                        kernel=kernel,
                        stride=stride if block == 0 else 1,
                        expansion=expansion,
                    )
                )
                inputs = outputs
            stages.append(nn.Sequential(*layers))
            if index in _TAP_STAGES:
                self.tap_channels.append(outputs)
        self.stages = nn.ModuleList(stages)
        for module in (self.stem, *self.stages[:frozen_stages]):
            module.requires_grad_(False)

    def forward(self, images: Tensor) -> Pyramid:
        """Maps of frames given as pixel values.

        Args:
            images: [N, 3, H, W] RGB in 0..255, H and W of the form 16 n + 1.

        Returns:
            Maps of `tap_channels` channels at strides 4, 8, 16, 32.
        """
        maps = (images - PIXEL_MEAN) / PIXEL_SCALE
        maps = maps.to(dtype=self.stem.weight.dtype, memory_format=torch.channels_last)
        taps: list[Tensor] = []
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.frozen_stages == 0):
            maps = F.relu6(self.stem(maps))
        for index, stage in enumerate(self.stages):
            learns = torch.is_grad_enabled() and index >= self.frozen_stages
            with torch.set_grad_enabled(learns):
                maps = stage(maps)
            if index in _TAP_STAGES:
                taps.append(maps)
        return Pyramid(*taps)


def import_published_lite(backbone: EfficientNetLite, published: Mapping[str, Tensor]) -> None:
    """Fill a trunk from a published EfficientNet-Lite state dict, folding its batch norms.

    Args:
        backbone: Trunk of the same width and depth.
        published: Tensors named ``_conv_stem``, ``_bn0``, ``_blocks.i._expand_conv`` and so on.

    Raises:
        KeyError: If a tensor is missing.
        ValueError: If a tensor has another shape than the trunk's.
    """

    def folded(conv: str, norm: str) -> tuple[Tensor, Tensor]:
        scale = published[f"{norm}.weight"] / torch.sqrt(
            published[f"{norm}.running_var"] + BATCH_NORM_EPSILON
        )
        bias = published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * scale
        return published[f"{conv}.weight"] * scale[:, None, None, None], bias

    def fill(name: str, weight: Tensor, bias: Tensor, values: tuple[Tensor, Tensor]) -> None:
        for target, value in zip((weight, bias), values, strict=True):
            if target.shape != value.shape:
                raise ValueError(
                    f"{name} has shape {tuple(value.shape)}, "
                    f"the network needs {tuple(target.shape)}"
                )
            target.copy_(value)

    with torch.no_grad():
        stem_bias = backbone.stem.bias
        if stem_bias is None:
            raise ValueError("the stem has no bias to fold its norm into")
        fill("_conv_stem", backbone.stem.weight, stem_bias, folded("_conv_stem", "_bn0"))
        blocks = [block for stage in backbone.stages for block in stage]  # type: ignore[attr-defined]
        for index, block in enumerate(blocks):
            name = f"_blocks.{index}"
            if block.expand is not None:
                values = folded(f"{name}._expand_conv", f"{name}._bn0")
                fill(f"{name}._expand_conv", block.expand.weight, block.expand.bias, values)
            values = folded(f"{name}._depthwise_conv", f"{name}._bn1")
            fill(name, block.depthwise_weight, block.depthwise_bias, values)
            values = folded(f"{name}._project_conv", f"{name}._bn2")
            fill(name, block.project.weight, block.project.bias, values)

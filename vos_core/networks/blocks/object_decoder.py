"""Decoder of CFBI, CFBI+, RPCM and AOC, with filters generated per object."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vos_core.networks.blocks.ensembler import GateFactory, Place
from vos_core.networks.blocks.gates import EnergyGate, GuidanceGate


class ObjectLogits(NamedTuple):
    """What the decoder says of each object alone, before objects are joined.

    Attributes:
        foreground: ``[O, h4, w4]``, the object against everything else.
        background: ``[O, h4, w4]``, the object's own opinion of "not me".
    """

    foreground: Tensor
    background: Tensor


class ObjectDecoder(nn.Module):
    """Bicubic upsampling, a low-level skip, two gated convolutions, generated 1x1 filters.

    Args:
        guidance_channels: Length of the guidance vector.
        low_channels: Channels of the backbone's stride-4 features.
        in_channels: Channels of the ensembler's output.
        ensembler_low_channels: Channels of the ensembler's own stride-4 map in the skip.
        build_gate: Builds each of the two gates; guidance gates when None.
    """

    def __init__(
        self,
        *,
        guidance_channels: int,
        low_channels: int = 256,
        in_channels: int = 256,
        ensembler_low_channels: int = 256,
        skip_width: int = 64,
        width: int = 128,
        build_gate: GateFactory | None = None,
    ) -> None:
        super().__init__()
        build = build_gate or (lambda _, count: GuidanceGate(guidance_channels, count))
        skip_channels = low_channels + ensembler_low_channels
        self.width = width
        self.skip_gate = EnergyGate(skip_channels)
        self.skip_conv = nn.Conv2d(skip_channels, skip_width, 1, bias=False)
        self.skip_norm = nn.GroupNorm(skip_width // 4, skip_width)
        self.gate1 = build(Place.DECODER, in_channels + skip_width)
        self.conv1 = nn.Conv2d(in_channels + skip_width, width, 3, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(32, width)
        self.gate2 = build(Place.DECODER, width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(32, width)
        self.foreground_filter = nn.Linear(guidance_channels, width + 1)
        self.background_filter = nn.Linear(guidance_channels, width + 1)
        for conv in (self.skip_conv, self.conv1, self.conv2):
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(
        self, x: Tensor, ensembler_low: Tensor, low: Tensor, guidance: Tensor
    ) -> ObjectLogits:
        """Decode every object.

        Args:
            x: ``[O, in_channels, h, w]``, the ensembler's output at stride 8 or 16.
            ensembler_low: ``[O, ensembler_low_channels, h4, w4]``.
            low: ``[1, low_channels, h4, w4]``, shared by all objects.
            guidance: ``[O, guidance_channels]``.
        """
        skip = torch.cat([low.expand(x.shape[0], -1, -1, -1), ensembler_low], dim=1)
        skip = torch.relu(self.skip_norm(self.skip_conv(self.skip_gate(skip))))
        return self.decode(x, skip, guidance)

    def decode(self, x: Tensor, skip: Tensor, guidance: Tensor) -> ObjectLogits:
        """Run what follows the skip connection; ``skip`` is ``[O, skip_width, h4, w4]``."""
        up = F.interpolate(x, size=skip.shape[-2:], mode="bicubic", align_corners=True)
        y = self.gate1(torch.cat([up, skip], dim=1), guidance)
        y = torch.relu(self.norm1(self.conv1(y)))
        y = torch.relu(self.norm2(self.conv2(self.gate2(y, guidance))))
        return ObjectLogits(
            foreground=_apply_filter(y, self.foreground_filter(guidance)),
            background=_apply_filter(y, self.background_filter(guidance)),
        )


def _apply_filter(x: Tensor, filters: Tensor) -> Tensor:
    """Apply one 1x1 filter per object: ``[O, C, h, w]`` and ``[O, C + 1]`` to ``[O, h, w]``."""
    objects, channels, height, width = x.shape
    weight, bias = filters[:, :channels], filters[:, channels:]
    out = torch.bmm(weight.unsqueeze(1), x.reshape(objects, channels, height * width))
    return (out + bias.unsqueeze(2)).view(objects, height, width)


def join_objects(logits: ObjectLogits) -> Tensor:
    """Join per-object logits into one volume whose softmax is the segmentation.

    ``logit_o = foreground_o`` for objects, ``logit_0 = foreground_0 + min_o background_o``
    (CFBI, section 3.5; the minimum runs over objects 1..K and is absent when K = 0).

    Returns:
        ``[K + 1, h4, w4]``.
    """
    foreground, background = logits
    if foreground.shape[0] == 1:
        return foreground
    first = foreground[:1] + background[1:].amin(dim=0, keepdim=True)
    return torch.cat([first, foreground[1:]], dim=0)

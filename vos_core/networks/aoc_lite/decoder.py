"""Per-object decoder of `aoc-lite`: matching maps and shared projections to one logit map each."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vos_core.networks.aoc_lite.calibration import ObjectCalibration
from vos_core.networks.aoc_lite.records import Features
from vos_core.networks.aoc_lite.statistics import Statistics, WholeFrame
from vos_core.networks.blocks.gates import GuidanceGate
from vos_core.ops.resize import resize_bilinear

NORM_GROUPS = 8


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with group norm around an identity shortcut."""

    def __init__(self, *, channels: int, dilation: int = 1) -> None:
        super().__init__()
        shape = {"padding": dilation, "dilation": dilation, "bias": False}
        self.first = nn.Conv2d(channels, channels, 3, **shape)  # type: ignore[arg-type]
        self.first_norm = nn.GroupNorm(NORM_GROUPS, channels)
        self.second = nn.Conv2d(channels, channels, 3, **shape)  # type: ignore[arg-type]
        self.second_norm = nn.GroupNorm(NORM_GROUPS, channels)

    def forward(self, maps: Tensor) -> Tensor:
        """[n, channels, h, w] to the same shape."""
        hidden = F.relu(self.first_norm(self.first(maps)))
        return F.relu(maps + self.second_norm(self.second(hidden)))

    def run_in_place(self, maps: Tensor, statistics: Statistics) -> Tensor:
        """Do the same with fewer maps in memory; without a gradient."""
        hidden = F.relu_(statistics.normalise(self.first_norm, self.first(maps)))
        hidden = statistics.normalise(self.second_norm, self.second(hidden))
        return F.relu_(hidden.add_(maps))


class ObjectDecoder(nn.Module):
    """Stride 8, down to 16 with calibration, back to 8 and 4, and a generated output filter.

    Args:
        widths: Channels at strides 4, 8, 16.
        maps8, maps16: Matching maps of an object at strides 8 and 16.
        guidance_channels: Length of an object's guidance vector.
        drop_ratio: See `ConfidenceLinear`.
        calibrations: Calibrations before the stride-16 blocks, 0 to 3.
    """

    def __init__(
        self,
        *,
        widths: tuple[int, int, int] = (32, 64, 128),
        maps8: int = 13,
        maps16: int = 9,
        guidance_channels: int = 512,
        drop_ratio: float = 0.3,
        calibrations: int = 2,
    ) -> None:
        super().__init__()
        self.is_plain = False  # whether inference runs the plain form too
        low, middle, high = widths

        def gate(channels: int) -> GuidanceGate:
            return GuidanceGate(guidance_channels, channels, starts_as_identity=True)

        self.maps8 = nn.Conv2d(maps8, middle, 3, padding=1)
        self.gate8 = gate(middle)
        self.block8 = ResidualBlock(channels=middle)
        self.maps16 = nn.Conv2d(maps16, high, 3, padding=1)
        self.down = nn.Conv2d(middle, high, 3, stride=2, padding=1)
        self.gate16 = gate(high)
        self.calibrations = nn.ModuleList(
            ObjectCalibration(
                channels=high, guidance_channels=guidance_channels, drop_ratio=drop_ratio
            )
            for _ in range(calibrations)
        )
        self.blocks16 = nn.ModuleList(
            ResidualBlock(channels=high, dilation=dilation) for dilation in (1, 2, 1)
        )
        self.up8 = nn.Conv2d(high, middle, 1)
        self.block8_up = ResidualBlock(channels=middle)
        self.up4 = nn.Conv2d(middle, low, 1)
        self.gate4 = gate(low)
        self.refine4 = nn.Conv2d(low, low, 3, padding=1)
        self.refine4_last = nn.Conv2d(low, low, 3, padding=1)
        self.filter = nn.Linear(guidance_channels, low + 1)
        nn.init.zeros_(self.filter.weight)
        nn.init.normal_(self.filter.bias, std=low**-0.5)

    def forward(
        self,
        features: Features,
        maps8: Tensor,
        maps16: Tensor,
        guidance: Tensor,
        groups: Tensor,
    ) -> Tensor:
        """One logit map per object.

        Args:
            features: Target frames, one per clip.
            maps8: [n, 13, h8, w8] matching maps of every (clip, object).
            maps16: [n, 9, h16, w16].
            guidance: [n, G].
            groups: int64 [n], the clip of each row.

        Returns:
            [n, h4, w4] logits.
        """
        clips = features.shared8.shape[0]
        dtype = features.shared8.dtype
        if clips == 1 and not self.is_plain and not torch.is_grad_enabled():
            whole = WholeFrame(groups, 1)
            return self.run_in_place(features, maps8, maps16, guidance.to(dtype), whole)

        def shared(maps: Tensor) -> Tensor:
            return maps.expand(len(groups), -1, -1, -1) if clips == 1 else maps[groups]

        guidance = guidance.to(dtype)
        own8 = self.maps8(maps8.to(dtype))
        x8 = F.relu(own8 + self.gate8(shared(features.shared8), guidance))
        x8 = self.block8(x8)
        x16 = self.down(x8) + self.maps16(maps16.to(dtype))
        x16 = F.relu(x16 + self.gate16(shared(features.shared16), guidance))
        for index, block in enumerate(self.blocks16):
            if index < len(self.calibrations):
                x16 = self.calibrations[index](x16, guidance, groups, clips)
            x16 = block(x16)
        grid8, grid4 = features.grid(8), features.grid(4)
        x8 = self.block8_up(F.relu(x8 + resize_bilinear(self.up8(x16), grid8)))
        x4 = resize_bilinear(self.up4(x8), grid4)
        x4 = F.relu(x4 + self.gate4(shared(features.shared4), guidance))
        x4 = x4 + F.relu(self.refine4_last(F.relu(self.refine4(x4))))
        generated = self.filter(guidance)
        weight, bias = generated[:, :-1], generated[:, -1:]
        logits = torch.bmm(weight[:, None].to(x4.dtype), x4.flatten(2)).squeeze(1)
        return (logits.float() + bias.float()).unflatten(1, grid4)

    def run_in_place(
        self,
        features: Features,
        maps8: Tensor,
        maps16: Tensor,
        guidance: Tensor,
        statistics: Statistics,
    ) -> Tensor:
        """Do what `forward` does for one clip, with fewer passes over maps; without a gradient.

        Activations reuse memory, a gated map is added in one pass, and pixels stay rows of a
        matrix for the generated filter.

        Args:
            features: Target frame, or n windows of it, one for each object.
            maps8: [n, 13, h8, w8] matching maps of every object.
            maps16: [n, 9, h16, w16].
            guidance: [n, G], of the features' type.
            statistics: Where norms and calibrations come from.

        Returns:
            [n, h4, w4] logits.
        """
        dtype = guidance.dtype
        x8 = _add_gated(self.maps8(maps8.to(dtype)), features.shared8, self.gate8, guidance)
        x8 = self.block8.run_in_place(x8, statistics)
        x16 = self.down(x8).add_(self.maps16(maps16.to(dtype)))
        x16 = _add_gated(x16, features.shared16, self.gate16, guidance)
        for index, block in enumerate(self.blocks16):
            if index < len(self.calibrations):
                calibration = cast(ObjectCalibration, self.calibrations[index])
                x16 = statistics.calibrate(calibration, x16, guidance)
            x16 = cast(ResidualBlock, block).run_in_place(x16, statistics)
        x8 = F.relu_(x8.add_(resize_bilinear(self.up8(x16), features.grid(8))))
        x8 = self.up4(self.block8_up.run_in_place(x8, statistics))
        generated = self.filter(guidance)
        weight, bias = generated[:, :-1, None].to(dtype), generated[:, -1:].float()
        logits = []
        # on a processor one object at a time: its stride-4 maps stay in the cache
        together = 1 if x8.device.type == "cpu" else len(guidance)
        for start in range(0, len(guidance), together):
            own = slice(start, start + together)
            shared4 = features.shared4 if len(features.shared4) == 1 else features.shared4[own]
            x4 = resize_bilinear(x8[own], features.grid(4))
            x4 = _add_gated(x4, shared4, self.gate4, guidance[own])
            x4.add_(F.relu_(self.refine4_last(F.relu_(self.refine4(x4)))))
            rows = x4.permute(0, 2, 3, 1).flatten(1, 2)
            logits.append((rows @ weight[own]).squeeze(2).float() + bias[own])
        return torch.cat(logits).unflatten(1, features.grid(4))


def _add_gated(maps: Tensor, shared: Tensor, gate: GuidanceGate, guidance: Tensor) -> Tensor:
    """ReLU of maps [n, C, h, w], which are overwritten, plus the gated [1 or n, C, h, w]."""
    return F.relu_(maps.addcmul_(shared, gate.scale(guidance)[..., None, None].to(maps.dtype)))

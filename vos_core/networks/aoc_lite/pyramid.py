"""Feature pyramid of `aoc-lite`: backbone maps to embeddings, keys and shared projections."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from vos_core.backbones.efficientnet_lite import Pyramid
from vos_core.networks.aoc_lite.records import Features
from vos_core.ops.resize import resize_bilinear


def _grow(maps: Tensor, like: Tensor) -> Tensor:
    return resize_bilinear(maps, (like.shape[-2], like.shape[-1]))


class FeaturePyramid(nn.Module):
    """Top-down pyramid in the manner of CFBI+ (section 3.1), with light widths.

    Args:
        tap_channels: Channels of the backbone at strides 4, 8, 16, 32.
        widths: Embedding channels at strides 4, 8, 16.
        key_channels: Channels of the matching keys.
        decoder_widths: Channels of the decoder at strides 4, 8, 16.
    """

    def __init__(
        self,
        *,
        tap_channels: tuple[int, int, int, int],
        widths: tuple[int, int, int] = (32, 96, 128),
        key_channels: int = 64,
        decoder_widths: tuple[int, int, int] = (32, 64, 128),
    ) -> None:
        super().__init__()
        low, middle, high = widths
        self.top = nn.Conv2d(tap_channels[3], high, 1)
        self.lateral16 = nn.Conv2d(tap_channels[2], high, 1)
        self.smooth16 = nn.Conv2d(high, high, 3, padding=1)
        self.down16 = nn.Conv2d(high, middle, 1)
        self.lateral8 = nn.Conv2d(tap_channels[1], middle, 1)
        self.smooth8 = nn.Conv2d(middle, middle, 3, padding=1)
        self.down8 = nn.Conv2d(middle, low, 1)
        self.lateral4 = nn.Conv2d(tap_channels[0], low, 1)
        self.shared4 = nn.Conv2d(low, decoder_widths[0], 3, padding=1)
        self.shared8 = nn.Conv2d(middle, decoder_widths[1], 1)
        self.shared16 = nn.Conv2d(high, decoder_widths[2], 1)
        self.key8 = nn.Conv2d(middle, key_channels, 1)
        self.key16 = nn.Conv2d(high, key_channels, 1)

    def forward(self, maps: Pyramid) -> Features:
        """Backbone maps [N, ...] to `Features` of N frames."""
        joined16 = self.lateral16(maps.stride16) + _grow(self.top(maps.stride32), maps.stride16)
        embedding16 = F.relu(self.smooth16(F.relu(joined16)))
        joined8 = self.lateral8(maps.stride8) + _grow(self.down16(embedding16), maps.stride8)
        embedding8 = F.relu(self.smooth8(F.relu(joined8)))
        joined4 = self.lateral4(maps.stride4) + _grow(self.down8(embedding8), maps.stride4)
        return Features(
            shared4=self.shared4(F.relu(joined4)),
            shared8=self.shared8(embedding8),
            shared16=self.shared16(embedding16),
            key8=self.key8(embedding8),
            key16=self.key16(embedding16),
            embedding=embedding16,
        )

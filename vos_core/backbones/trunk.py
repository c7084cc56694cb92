"""What a trunk hands to the DeepLabV3+ neck."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor


class TrunkFeatures(NamedTuple):
    """Feature maps of one batch of images.

    Attributes:
        low: ``[N, low_channels, h4, w4]`` at stride 4.
        mid: ``[N, mid_channels, h8, w8]`` at stride 8.
        high: ``[N, out_channels, h16, w16]`` at stride 16.
    """

    low: Tensor
    mid: Tensor
    high: Tensor


class Trunk(Protocol):
    """A network that turns an image into features at strides 4, 8 and 16."""

    low_channels: int
    mid_channels: int
    out_channels: int

    def __call__(self, image: Tensor) -> TrunkFeatures:
        """Extract features from a normalised image ``[N, 3, H, W]``."""
        ...

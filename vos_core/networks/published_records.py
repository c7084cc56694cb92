"""Records that the published networks exchange with their caller."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from vos_core.networks.published_matching.maps import MatchingMaps
from vos_core.networks.published_matching.reference import ReferenceDigest


class FrameFeatures(NamedTuple):
    """What a network knows of one frame before any object is known.

    Attributes:
        embeddings: Per scale ``[1, C_s, h_s, w_s]``, finest (stride 4) first.
        low: ``[1, low_channels, h4, w4]``, for the decoder's skip.
    """

    embeddings: tuple[Tensor, ...]
    low: Tensor

    def grid(self, stride: int) -> tuple[int, int]:
        """Return (h, w) of the maps at stride 4, 8 or 16."""
        height, width = self.embeddings[0].shape[-2:]
        factor = stride // 4
        return (height - 1) // factor + 1, (width - 1) // factor + 1


class PreviousFrame(NamedTuple):
    """The frame before the target, with its hard labels.

    Attributes:
        features: Its features.
        channel_map: int64 ``[H, W]`` of channels 0..K at any size; other values belong to nobody.
    """

    features: FrameFeatures
    channel_map: Tensor


class ProxyMaps(NamedTuple):
    """AOC's matching maps against object proxies, in [0, 1], lower is closer.

    Attributes:
        clusters: ``[L, 1, h4, w4]``, against the references' 16 proxies per label.
        means: ``[L, 1, h4, w4]``, against the references' single proxy per label.
        local_means: ``[L, 6, h4, w4]``, against the previous frame's single proxies in windows.
    """

    clusters: Tensor
    means: Tensor
    local_means: Tensor


class TargetMatching(NamedTuple):
    """Everything that one target frame's matching yields.

    Attributes:
        maps: Per scale.
        guidance: ``[L, guidance_channels]``.
        previous_labels: Per scale, int64 ``[h_s, w_s]``, -1 for nobody.
        proxies: AOC's maps by proxy, None for the other networks.
    """

    maps: tuple[MatchingMaps, ...]
    guidance: Tensor
    previous_labels: tuple[Tensor, ...]
    proxies: ProxyMaps | None = None


class Memory(NamedTuple):
    """RPCM's recurrent buffers, one row per label.

    Attributes:
        propagation: ``[L, 256, h8, w8]``, the previous frame's code before modulation.
        correction: ``[L, 256, h8, w8]``, the first propagated frame's modulated code.
    """

    propagation: Tensor
    correction: Tensor


class Segmentation(NamedTuple):
    """Result of one step.

    Attributes:
        logits: ``[L, h4, w4]``, objects joined; softmax over L is the segmentation.
        matching: The maps and the guidance vector behind it.
        memory: RPCM's buffers after the step, None for the other networks.
    """

    logits: Tensor
    matching: TargetMatching
    memory: Memory | None


__all__ = [
    "FrameFeatures",
    "Memory",
    "PreviousFrame",
    "ReferenceDigest",
    "Segmentation",
    "TargetMatching",
]

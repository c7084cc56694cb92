"""Discriminative object calibration (AOC section 3.3, eq 5 to 8)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vos_core.ops.pooling import group_max


class ConfidenceLinear(nn.Module):
    """Confidence-gated mean and linear map of an object's features (AOC eq 8).

    A 1x1 convolution and ReLU give a confidence per position; positions below the object's own
    percentile are dropped; the rest is averaged with its confidence as weight.

    Args:
        channels: C.
        drop_ratio: Share of positions to drop, the paper's beta; 0 drops none.
    """

    def __init__(self, *, channels: int, drop_ratio: float = 0.3) -> None:
        super().__init__()
        self.confidence = nn.Conv2d(channels, 1, 1)
        nn.init.ones_(self.confidence.bias)  # type: ignore[arg-type]
        self.linear = nn.Linear(channels, channels)
        self.drop_ratio = drop_ratio

    def forward(self, maps: Tensor) -> Tensor:
        """[n, C, h, w] to [n, C]."""
        confidence = self._keep(F.relu(self.confidence(maps)).flatten(2))
        positions = confidence.shape[-1]
        pooled = torch.bmm(maps.flatten(2), confidence.transpose(1, 2)).squeeze(2) / positions
        result: Tensor = self.linear(pooled)
        return result

    def weigh(self, products: Tensor) -> Tensor:
        """Turn products [..., positions] with the confidence's weights into kept confidences."""
        bias = self.confidence.bias
        return self._keep(F.relu(products if bias is None else products + bias))

    def _keep(self, confidence: Tensor) -> Tensor:
        """Set the lowest confidences of [..., positions] to zero, each row by its percentile."""
        dropped = int(self.drop_ratio * confidence.shape[-1])
        if not dropped:
            return confidence
        floor = confidence.detach().float().kthvalue(dropped + 1, dim=-1, keepdim=True).values
        return confidence * (confidence >= floor.to(confidence.dtype))


class ObjectCalibration(nn.Module):
    """Calibration vector of each object against all objects of its frame (AOC eq 5 and 6).

    ``c = W [CL1(m); CL2(A({m}) - m); CL3(g)]`` and ``m <- m (1 + tanh c)``, A being the maximum
    over objects followed by a 1x1 convolution. W starts at zero, so this starts as the identity.
    """

    def __init__(self, *, channels: int, guidance_channels: int, drop_ratio: float = 0.3) -> None:
        super().__init__()
        self.own = ConfidenceLinear(channels=channels, drop_ratio=drop_ratio)
        self.others = ConfidenceLinear(channels=channels, drop_ratio=drop_ratio)
        self.merge = nn.Conv2d(channels, channels, 1)
        self.guidance = nn.Linear(guidance_channels, guidance_channels)
        self.mix = nn.Linear(2 * channels + guidance_channels, channels)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)

    def forward(self, maps: Tensor, guidance: Tensor, groups: Tensor, group_count: int) -> Tensor:
        """Calibrate the proto-maps of all objects.

        Args:
            maps: [n, C, h, w].
            guidance: [n, G].
            groups: int64 [n], the clip of each row.
            group_count: Number of clips.

        Returns:
            [n, C, h, w].
        """
        largest = group_max(maps, groups, group_count)
        union = self.merge(largest[:1] if group_count == 1 else largest)
        vector = self.vector(maps, union, guidance)
        return maps * (1 + vector[..., None, None]).to(maps.dtype)

    def vector(self, maps: Tensor, union: Tensor, guidance: Tensor) -> Tensor:
        """Factors less one, [n, C] in (-1, 1).

        Args:
            maps: [n, C, h, w].
            union: [1 or n, C, h, w] merged maximum over the objects of a row's frame.
            guidance: [n, G].
        """
        parts = [self.own(maps), self.others(union - maps), self.guidance(guidance)]
        return torch.tanh(self.mix(torch.cat([part.to(maps.dtype) for part in parts], dim=1)))

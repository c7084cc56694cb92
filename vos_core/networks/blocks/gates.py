"""Channel gates: driven by the guidance vector, and by the channels' own energy."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GuidanceGate(nn.Module):
    """Instance-level attention: scales channels from an object's guidance vector.

    ``y = x * (1 + tanh(W g + b))`` (CFBI, section 3.4).

    Args:
        guidance_channels: Length of the guidance vector.
        channels: Channels C of the gated map.
        starts_as_identity: Whether W and b start at zero instead of at random.
    """

    def __init__(
        self, guidance_channels: int, channels: int, *, starts_as_identity: bool = False
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(guidance_channels, channels)
        if starts_as_identity:
            nn.init.zeros_(self.linear.weight)
            nn.init.zeros_(self.linear.bias)

    def scale(self, guidance: Tensor) -> Tensor:
        """Return the factors ``[O, C]`` in (0, 2) for guidance ``[O, guidance_channels]``."""
        return 1.0 + torch.tanh(self.linear(guidance))

    def forward(self, x: Tensor, guidance: Tensor) -> Tensor:
        """Gate ``x`` of shape ``[O, C, h, w]`` by ``guidance`` ``[O, guidance_channels]``."""
        return x * self.scale(guidance).to(x.dtype)[:, :, None, None]


class NoGate(nn.Module):
    """Stands where other networks have a gate; changes nothing."""

    def forward(self, x: Tensor, guidance: Tensor) -> Tensor:
        """Return ``x``."""
        return x


class EnergyGate(nn.Module):
    """Gated channel transformation (GCT; Yang et al., CVPR 2020), as CFBI uses it.

    ``s_c = alpha_c * sqrt(sum_hw x_c^2 + eps)`` and
    ``y = x * (1 + tanh(s_c * gamma_c / sqrt(mean_c s^2 + eps) + beta_c))``. The energy is a sum
    over positions, not a mean, so the gate depends on the resolution.

    Args:
        channels: Channels C of the map.
        epsilon: Added under both roots.
    """

    def __init__(self, channels: int, *, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.alpha = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def scale(self, energy: Tensor) -> Tensor:
        """Return the factors ``[N, C]`` in (0, 2) for ``energy`` ``[N, C]`` = sum of squares."""
        strength = torch.sqrt(energy + self.epsilon) * self.alpha.view(1, -1)
        mean_square = strength.square().mean(dim=1, keepdim=True)
        normalised = strength * self.gamma.view(1, -1) / torch.sqrt(mean_square + self.epsilon)
        return 1.0 + torch.tanh(normalised + self.beta.view(1, -1))

    def forward(self, x: Tensor) -> Tensor:
        """Gate ``x`` of shape ``[N, C, h, w]``."""
        return x * self.scale(x.square().sum(dim=(2, 3)))[:, :, None, None]

"""The sizes of each network by name; nowhere else do sizes stand."""

from __future__ import annotations

from torch import nn

from vos_core.errors import UserError
from vos_core.networks.aoc_lite import AocLite

DEFAULT_NETWORK = "aoc-lite"


def build_network(name: str) -> AocLite:
    """Build a network that follows the propagator's contract, without weights.

    Raises:
        UserError: If the name is unknown.
    """
    if name != DEFAULT_NETWORK:
        raise UserError(f"there is no network named {name!r}; known: {DEFAULT_NETWORK}")
    return AocLite()


def parameter_count(network: nn.Module) -> int:
    """Number of parameters, trained or frozen."""
    return sum(parameter.numel() for parameter in network.parameters())

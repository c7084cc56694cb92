"""The sizes of each network by name; nowhere else do sizes stand."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from torch import nn

from vos_core.errors import UserError
from vos_core.networks.aoc_lite import AocLite

DEFAULT_NETWORK = "aoc-lite"


def build_network(name: str, sizes: Mapping[str, Any] | None = None) -> AocLite:
    """Build a network that follows the propagator's contract, without weights.

    Args:
        name: Of the preset.
        sizes: What differs from the preset (arguments of `AocLite`; lists stand for tuples).

    Raises:
        UserError: If the name is unknown, or a size is none of the network's.
    """
    if name != DEFAULT_NETWORK:
        raise UserError(f"there is no network named {name!r}; known: {DEFAULT_NETWORK}")
    known = set(inspect.signature(AocLite).parameters)
    unknown = sorted(set(sizes or {}) - known)
    if unknown:
        raise UserError(
            f"{name} has no size named {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    values: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in (sizes or {}).items()
    }
    return AocLite(**values)


def sizes_to_metadata(sizes: Mapping[str, Any]) -> dict[str, str]:
    """What a weights file says about sizes that differ from the preset's; nothing if none do."""
    return {"sizes": json.dumps(dict(sizes), sort_keys=True)} if sizes else {}


def sizes_from_metadata(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Read what `sizes_to_metadata` wrote.

    Raises:
        UserError: If it is no such text.
    """
    try:
        sizes = json.loads(metadata.get("sizes", "{}"))
    except ValueError:
        sizes = None
    if not isinstance(sizes, dict):
        raise UserError("the weights file's note about the network's sizes cannot be read")
    return sizes


def parameter_count(network: nn.Module) -> int:
    """Number of parameters, trained or frozen."""
    return sum(parameter.numel() for parameter in network.parameters())

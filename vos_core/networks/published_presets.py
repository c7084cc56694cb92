"""Sizes and switches of the published networks, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from vos_core.backbones.mobilenet import MobileNetV2
from vos_core.backbones.resnet import ResNet
from vos_core.networks.aoc import Aoc
from vos_core.networks.cfbi import Cfbi
from vos_core.networks.cfbi_plus import CfbiPlus
from vos_core.networks.published import PublishedNetwork, ReleasedBehaviour
from vos_core.networks.rpcm import Rpcm


@dataclass(frozen=True)
class PublishedPreset:
    """How one published network is built.

    Attributes:
        name: Name on the command line.
        build: Builds the network for a behaviour.
        released: The behaviour that the authors' released weights were trained with.
    """

    name: str
    build: Callable[[ReleasedBehaviour], PublishedNetwork]
    released: ReleasedBehaviour


def _resnet101() -> nn.Module:
    return ResNet(depths=(3, 4, 23, 3))


_RELEASED = ReleasedBehaviour(bgr_input=True)

PRESETS: dict[str, PublishedPreset] = {
    preset.name: preset
    for preset in (
        PublishedPreset("cfbi", lambda it: Cfbi(_resnet101(), behaviour=it), _RELEASED),
        PublishedPreset(
            "cfbi-mobilenet",
            lambda it: Cfbi(MobileNetV2(), global_atrous=2, behaviour=it),
            _RELEASED,
        ),
        PublishedPreset("cfbi-plus", lambda it: CfbiPlus(_resnet101(), behaviour=it), _RELEASED),
        PublishedPreset("rpcm", lambda it: Rpcm(_resnet101(), behaviour=it), _RELEASED),
        # no weights of AOC that its code could load have been released
        PublishedPreset("aoc", lambda it: Aoc(_resnet101(), behaviour=it), ReleasedBehaviour()),
    )
}


def build_published(name: str, behaviour: ReleasedBehaviour | None = None) -> PublishedNetwork:
    """Build a published network with fresh weights.

    Args:
        name: One of :data:`PRESETS`.
        behaviour: Switches; everything off when None.

    Raises:
        KeyError: If there is no such network; the message lists those that exist.
    """
    if name not in PRESETS:
        raise KeyError(f"no published network {name!r}; there are {', '.join(sorted(PRESETS))}")
    return PRESETS[name].build(behaviour or ReleasedBehaviour())

"""Sizes and switches of the published networks, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import nn

from vos_core.backbones.mobilenet import MobileNetV2
from vos_core.backbones.resnet import ResNet
from vos_core.networks.aoc import Aoc
from vos_core.networks.cfbi import Cfbi
from vos_core.networks.cfbi_plus import CfbiPlus
from vos_core.networks.published import PublishedNetwork, ReleasedBehaviour
from vos_core.networks.published_matching.reference import ScaleMatching
from vos_core.networks.rpcm import Rpcm
from vos_core.networks.single_scale import SingleScaleOptions


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


def _single_scale(behaviour: ReleasedBehaviour, *, global_atrous: int = 1) -> SingleScaleOptions:
    return {
        "half_windows": (2, 4, 6, 8, 10, 12),
        "global_atrous": global_atrous,
        "behaviour": behaviour,
    }


_PLUS_SCALES = (
    ScaleMatching(
        channels=32, half_windows=(4, 8, 12, 16, 20, 24), global_atrous=2, local_atrous=2
    ),
    ScaleMatching(channels=64, half_windows=(2, 4, 6, 8, 10, 12)),
    # five windows where the paper lists four: released weights have 13 maps at stride 16
    ScaleMatching(channels=128, half_windows=(2, 4, 6, 8, 10)),
)

_RELEASED = ReleasedBehaviour(bgr_input=True, largest_window_first=True, nobody_is_background=True)
# the authors' script for DAVIS; that for YouTube-VOS has no minimum, and with it no side effect
_RELEASED_PLUS = replace(_RELEASED, min_matching_pixels=100, guidance_uses_atrous_labels=True)

PRESETS: dict[str, PublishedPreset] = {
    preset.name: preset
    for preset in (
        PublishedPreset("cfbi", lambda it: Cfbi(_resnet101(), **_single_scale(it)), _RELEASED),
        PublishedPreset(
            "cfbi-mobilenet",
            lambda it: Cfbi(MobileNetV2(), **_single_scale(it, global_atrous=2)),
            _RELEASED,
        ),
        PublishedPreset(
            "cfbi-plus",
            lambda it: CfbiPlus(_resnet101(), scales=_PLUS_SCALES, behaviour=it),
            _RELEASED_PLUS,
        ),
        PublishedPreset("rpcm", lambda it: Rpcm(_resnet101(), **_single_scale(it)), _RELEASED),
        # no weights of AOC that its code could load have been released
        PublishedPreset(
            "aoc",
            lambda it: Aoc(_resnet101(), clusters=16, drop_ratio=0.3, **_single_scale(it)),
            ReleasedBehaviour(),
        ),
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

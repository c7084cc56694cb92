"""Colour tables: what each value of an overlay looks like."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

Colour = tuple[int, int, int]

_DOUBT_TO_TRUST: tuple[tuple[float, Colour], ...] = (
    (0.0, (165, 15, 21)),
    (0.3, (227, 74, 51)),
    (0.55, (253, 187, 99)),
    (0.75, (255, 240, 170)),
    (0.9, (145, 191, 219)),
    (1.0, (49, 92, 155)),
)
"""Red over yellow to blue, which red-green blind people tell apart too."""


def argb(colour: Colour, alpha: float) -> int:
    """Pack a colour and an opacity in [0, 1] as ``0xAARRGGBB``."""
    red, green, blue = colour
    return (round(255 * min(max(alpha, 0.0), 1.0)) << 24) | (red << 16) | (green << 8) | blue


def reliability_colour(reliability: float) -> Colour:
    """Colour of a reliability in [0, 1]: red for doubt over yellow to blue for trust."""
    value = min(max(reliability, 0.0), 1.0)
    for (low, first), (high, second) in pairwise(_DOUBT_TO_TRUST):
        if value <= high:
            share = (value - low) / (high - low)
            red, green, blue = (
                round(a + (b - a) * share) for a, b in zip(first, second, strict=True)
            )
            return red, green, blue
    return _DOUBT_TO_TRUST[-1][1]


def mask_table(objects: Iterable[tuple[int, Colour, float]], opacity: float) -> list[int]:
    """Colour table of the mask layer.

    Args:
        objects: (object id, colour, own opacity in [0, 1]) of every object that is shown.
        opacity: Opacity of the whole layer in [0, 1].

    Returns:
        256 colours; ids that are not listed, and background, are transparent.
    """
    table = [0] * 256
    for object_id, colour, own_opacity in objects:
        table[object_id] = argb(colour, opacity * own_opacity)
    return table


def reliability_table(opacity: float) -> list[int]:
    """Colour table of a reliability map (255 = certain); what is certain is drawn thinner."""
    return [
        argb(reliability_colour(v / 255), opacity * (1.0 - 0.65 * (v / 255) ** 2))
        for v in range(256)
    ]


def cluster_table(channel_colours: Mapping[int, Colour], opacity: float) -> list[int]:
    """Colour table of a proxy cluster map.

    A value is 0 for nothing, else 1 + 16 * channel + k: the hue is the object's, and the 16
    clusters of it differ in lightness and slightly in hue.

    Args:
        channel_colours: Channel to the colour of its object; others are drawn grey.
        opacity: Opacity of the layer in [0, 1].
    """
    table = [0] * 256
    for value in range(1, 256):
        channel, k = divmod(value - 1, 16)
        red, green, blue = channel_colours.get(channel, (128, 128, 128))
        hue, _, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
        order = (k * 7) % 16  # neighbours in number get distant lightness
        lightness = 0.22 + 0.62 * order / 15
        shifted = (hue + 0.035 * ((k % 3) - 1)) % 1.0
        parts = colorsys.hls_to_rgb(shifted, lightness, saturation)
        table[value] = argb(
            (round(255 * parts[0]), round(255 * parts[1]), round(255 * parts[2])), opacity
        )
    return table


def reliability_code_colours() -> np.ndarray:
    """Return uint8 [256, 3]: the colour of each reliability code (0 unknown, 1..255 = 0..1)."""
    colours = np.zeros((256, 3), np.uint8)
    colours[0] = (128, 136, 148)
    for code in range(1, 256):
        colours[code] = reliability_colour((code - 1) / 254)
    return colours

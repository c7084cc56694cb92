"""Colour tables: what each value of an overlay looks like."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterable, Mapping, Sequence
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
    return ramp_colour(reliability, _DOUBT_TO_TRUST)


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


def filter_table(alpha: float, label_count: int, opacity: float) -> list[int]:
    """Colour table of a reliability map that shows only what the reliability filter drops.

    A pixel is dropped when its entropy exceeds alpha (RPCM, reliability filter). The map holds
    ``1 - entropy / log L``, so the bound is ``1 - alpha / log L``: with alpha of log L or more
    nothing is dropped.

    Args:
        alpha: Entropy in nats, above 0.
        label_count: L, objects and background.
        opacity: Opacity of the layer in [0, 1].
    """
    bound = 1.0 - alpha / math.log(max(label_count, 2))
    dropped = argb((214, 39, 40), opacity)
    return [dropped if value / 255 < bound else 0 for value in range(256)]


PROBABILITY_STOPS: tuple[tuple[float, Colour], ...] = (
    (0.0, (20, 14, 54)),
    (0.25, (87, 16, 110)),
    (0.5, (188, 55, 84)),
    (0.75, (249, 142, 9)),
    (1.0, (252, 255, 164)),
)
"""Dark violet over red to pale yellow: lightness grows with the value."""


def ramp_colour(value: float, stops: Sequence[tuple[float, Colour]]) -> Colour:
    """Colour of a value in [0, 1] on a ramp of (value, colour) stops from 0 to 1."""
    value = min(max(value, 0.0), 1.0)
    for (low, first), (high, second) in pairwise(stops):
        if value <= high:
            share = (value - low) / (high - low)
            red, green, blue = (
                round(a + (b - a) * share) for a, b in zip(first, second, strict=True)
            )
            return red, green, blue
    return stops[-1][1]


def probability_table(opacity: float) -> list[int]:
    """Colour table of a probability map, 255 certain; what is all but impossible is left out."""
    return [
        argb(ramp_colour(v / 255, PROBABILITY_STOPS), opacity * min(v / 32, 1.0))
        for v in range(256)
    ]


_CUBE = (6, 7, 6)
"""Levels of red, green and blue in 252 colours."""


def quantise_colours(colours: np.ndarray) -> np.ndarray:
    """Nearest of 252 colours of a regular cube.

    Args:
        colours: uint8 [h, w, 3] RGB.

    Returns:
        uint8 [h, w], entries of `cube_table`.
    """
    red, green, blue = (
        np.rint(colours[..., i].astype(np.float32) * ((levels - 1) / 255)).astype(np.uint8)
        for i, levels in enumerate(_CUBE)
    )
    codes: np.ndarray = (red * _CUBE[1] + green) * _CUBE[2] + blue
    return codes


def cube_table(opacity: float) -> list[int]:
    """Colour table for `quantise_colours`; the last four entries are unused."""
    table = [0] * 256
    for code in range(_CUBE[0] * _CUBE[1] * _CUBE[2]):
        rest, blue = divmod(code, _CUBE[2])
        red, green = divmod(rest, _CUBE[1])
        parts = zip((red, green, blue), _CUBE, strict=True)
        levels = [round(255 * value / (count - 1)) for value, count in parts]
        table[code] = argb((levels[0], levels[1], levels[2]), opacity)
    return table


REFERENCE_COLOURS: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (204, 121, 167),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (148, 103, 189),
    (170, 220, 140),
    (140, 86, 75),
)
"""Hues of references in their order, over again beyond ten; the first eight suit colour-blind."""

OWN_RESULT_COLOUR: Colour = (150, 150, 150)
"""A reference that is none of the person's: an own result of the network."""


def reference_colours(frames: Iterable[int]) -> dict[int, Colour]:
    """Give each reference frame its colour, by its place among all of them."""
    count = len(REFERENCE_COLOURS)
    return {frame: REFERENCE_COLOURS[i % count] for i, frame in enumerate(sorted(set(frames)))}


def place_table(colours: Sequence[Colour | None], opacity: float) -> list[int]:
    """Colour table whose value 1, 2, ... has these colours, in order; None is transparent.

    Args:
        colours: At most 255.
        opacity: Opacity of the layer in [0, 1].
    """
    packed = [0 if colour is None else argb(colour, opacity) for colour in colours]
    return [0, *packed, *[0] * (255 - len(packed))]


DIFFERENCE_COLOURS: Mapping[str, Colour] = {
    "only now": (46, 160, 67),
    "only before": (207, 34, 46),
    "another object": (191, 135, 0),
}
"""Code 1, 2, 3 of a difference map."""

FLICKER_COLOURS: Mapping[str, Colour] = {
    "unlike one neighbour": (255, 170, 60),
    "unlike both": (255, 45, 85),
}
"""Code 1 and 2 of a flicker map."""


def code_table(colours: Mapping[str, Colour], opacity: float) -> list[int]:
    """Colour table whose code 1, 2, ... have these colours, in order."""
    return place_table(list(colours.values()), opacity)

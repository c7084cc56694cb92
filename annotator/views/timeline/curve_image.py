"""The reliability curve as pixels, for thousands of columns at once."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from annotator.views.colour_tables import reliability_code_colours

LINE_WIDTH = 1.8
FILL_OPACITY = 70


def curve_pixels(
    values: npt.NDArray[np.float64], height: int, top: float, bottom: float, ratio: float
) -> npt.NDArray[np.uint32]:
    """Draw one column for each value: the line to the value before, and a tint under it.

    Args:
        values: Reliability [W] in [0, 1]; NaN where there is none.
        height: Of the curve, in logical pixels.
        top: Logical pixels above 1.
        bottom: Logical pixels below 0.
        ratio: Device pixels per logical pixel.

    Returns:
        uint32 [round(height * ratio), W] of `QImage.Format_ARGB32_Premultiplied`.
    """
    known = ~np.isnan(values)
    before = np.concatenate([values[:1], values[:-1]])
    before = np.where(np.isnan(before), values, before)
    codes = 1 + np.rint(254 * np.nan_to_num(np.minimum(values, before))).astype(np.intp)
    start, room = top * ratio, (height - top - bottom) * ratio
    here, there = (np.where(known, start + (1 - v) * room, np.inf) for v in (values, before))
    half = LINE_WIDTH * ratio / 2
    upper = np.minimum(here, there) - half
    lower = np.where(known, np.maximum(here, there) + half, -np.inf)
    middle = (here + there) / 2
    table, places = _tinted_colours(), codes * 256
    pixels = np.empty((round(height * ratio), len(values)), np.uint32)
    for row in range(len(pixels)):  # rows are short: nothing large is made on the way
        line = np.clip(np.minimum(row + 1, lower) - np.maximum(row, upper), 0.0, 1.0)
        opacity = np.rint(line * 255).astype(np.intp)
        if row + 0.5 < start + room:
            np.maximum(opacity, FILL_OPACITY, out=opacity, where=row + 0.5 > middle)
        np.take(table, places + opacity, out=pixels[row])
    return pixels


@cache
def _tinted_colours() -> npt.NDArray[np.uint32]:
    """Premultiplied pixel of every reliability code at every opacity, uint32 [256 * 256]."""
    opacity = np.arange(256, dtype=np.uint32)[None]
    colours = reliability_code_colours().astype(np.uint32)[..., None]
    red, green, blue = (colours[:, channel] * opacity // 255 for channel in range(3))
    pixels = opacity << 24 | red << 16 | green << 8 | blue
    return np.asarray(pixels.ravel(), np.uint32)

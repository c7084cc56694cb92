"""The PASCAL VOC colour map, which DAVIS, YouTube-VOS and MOSE label maps carry."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

COLOUR_COUNT = 256


@lru_cache(maxsize=1)
def _voc_palette() -> NDArray[np.uint8]:
    ids = np.arange(COLOUR_COUNT)
    palette = np.zeros((COLOUR_COUNT, 3), np.uint8)
    for step in range(8):
        for channel in range(3):
            bit = (ids >> (3 * step + channel)) & 1
            palette[:, channel] |= (bit << (7 - step)).astype(np.uint8)
    palette.flags.writeable = False
    return palette


def voc_palette() -> NDArray[np.uint8]:
    """Return the colour of every object id, as the VOC development kit's bit formula gives it.

    Bits 0, 1 and 2 of the id are the highest bits of red, green and blue, bits 3, 4 and 5 the next
    ones, and so on: 0 is black, 1 (128, 0, 0), 2 (0, 128, 0), 255 (224, 224, 192).

    Returns:
        uint8 [256, 3], RGB, read-only.
    """
    return _voc_palette()

"""Cells of the object x time matrix as keys: one number says what a person most needs to see.

The high byte of a key is the rank of the state (drawn before corrected before verified before
propagated before empty), the low byte of a propagated cell its doubt (0 unknown, 1 certain .. 255
none to be trusted). The largest key of some cells is then what stands for all of them.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from annotator.model.cells import CellState
from annotator.views.colour_tables import reliability_code_colours

Keys = npt.NDArray[np.uint16]
Colour = tuple[int, int, int]

STATE_COLOURS: dict[CellState, Colour] = {
    CellState.DRAWN: (56, 139, 253),
    CellState.CORRECTED: (163, 113, 247),
    CellState.PROPAGATED: (128, 136, 148),
    CellState.VERIFIED: (63, 185, 80),
}
"""Colour of a state where reliability does not give one."""

RANKED_STATES = (
    CellState.EMPTY,
    CellState.PROPAGATED,
    CellState.VERIFIED,
    CellState.CORRECTED,
    CellState.DRAWN,
)
"""States by rank."""

KEY_COUNT = 256 * len(RANKED_STATES)

_RANKS = np.zeros(256, np.uint8)
for _rank, _state in enumerate(RANKED_STATES):
    _RANKS[_state] = _rank
_DOUBT_COUNTS = np.where(np.arange(256) == CellState.PROPAGATED, 255, 0).astype(np.uint8)


def cell_keys(states: np.ndarray, codes: np.ndarray) -> Keys:
    """Keys of cells.

    Args:
        states: uint8 [T, O] of `CellState`.
        codes: uint8 [T, O] reliability codes, 0 unknown.

    Returns:
        uint16 [T, O].
    """
    if not states.size:
        return np.zeros(states.shape, np.uint16)
    keys = cv2.LUT(states, _RANKS).astype(np.uint16)
    keys <<= 8
    keys |= np.negative(codes) & cv2.LUT(states, _DOUBT_COUNTS)
    return keys


def reduce_keys(keys: Keys, edges: npt.NDArray[np.intp]) -> Keys:
    """The key of each column of some frames.

    Args:
        keys: uint16 [T, O].
        edges: Where columns begin and the last one ends, [columns + 1], rising, within 0 .. T.

    Returns:
        uint16 [columns, O].
    """
    starts, last = edges[:-1], edges[1:] - 1
    result: Keys = np.take(keys, starts, axis=0)
    # columns are nearly of one width: whole columns at a time are quicker than reduceat
    for step in range(1, int(np.diff(edges).max(initial=0))):
        np.maximum(result, np.take(keys, np.minimum(starts + step, last), axis=0), out=result)
    return result


def key_of(state: CellState, code: int = 0) -> int:
    """Key of one cell.

    Args:
        state: Its state.
        code: Its reliability code.
    """
    return int(cell_keys(np.array([[state]], np.uint8), np.array([[code]], np.uint8))[0, 0])


def rgb32(colour: Colour) -> int:
    """An opaque pixel of `QImage.Format_RGB32`."""
    red, green, blue = colour
    return 0xFF000000 | red << 16 | green << 8 | blue


def cell_pixels(ground: Colour) -> npt.NDArray[np.uint32]:
    """Pixel of each key, uint32 [KEY_COUNT]; empty cells have the colour of the ground."""
    pixels = np.full((len(RANKED_STATES), 256), rgb32(ground), np.uint32)
    for rank, state in enumerate(RANKED_STATES[1:], start=1):
        pixels[rank] = rgb32(STATE_COLOURS[state])
    pixels[RANKED_STATES.index(CellState.PROPAGATED), 1:] = _doubt_pixels()
    return pixels.ravel()


def tick_pixels() -> npt.NDArray[np.uint32]:
    """Pixel of a tick for each key, uint32 [KEY_COUNT]: where a person was, 0 for no tick."""
    pixels = np.zeros((len(RANKED_STATES), 256), np.uint32)
    for rank, state in enumerate(RANKED_STATES):
        if state.is_from_a_person:
            pixels[rank] = rgb32(STATE_COLOURS[state])
    return pixels.ravel()


@cache
def _doubt_pixels() -> npt.NDArray[np.uint32]:
    """Pixels of the doubts 1 .. 255: doubt d is reliability code 256 - d."""
    colours = reliability_code_colours().astype(np.uint32)
    pixels = 0xFF000000 | colours[:, 0] << 16 | colours[:, 1] << 8 | colours[:, 2]
    return np.asarray(pixels[:0:-1], np.uint32)

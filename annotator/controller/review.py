"""Which frames need a person most: plain functions on the cell table."""

from __future__ import annotations

import numpy as np

from annotator.model.cells import CellState

SUPPRESSED_FRAMES = 5
"""So many neighbours on each side are left out: they are doubtful for the same reason."""


def frame_reliability(states: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Lowest reliability code among a frame's propagated cells.

    Args:
        states: uint8 [T, 256] of `CellState`.
        codes: uint8 [T, 256], 0 unknown, else 1 + 254 * reliability.

    Returns:
        int16 [T]: 1..255, or 256 where no propagated cell of known reliability is.
    """
    counted = (states == CellState.PROPAGATED) & (codes > 0)
    wide = np.where(counted, codes.astype(np.int16), np.int16(256))
    lowest: np.ndarray = wide.min(axis=1)
    return lowest


def doubtful_frames(states: np.ndarray, codes: np.ndarray) -> list[int]:
    """List frames from the most doubtful on, each standing for its neighbours.

    Args:
        states: uint8 [T, 256] of `CellState`.
        codes: uint8 [T, 256], 0 unknown, else 1 + 254 * reliability.
    """
    reliability = frame_reliability(states, codes)
    taken = np.zeros(len(reliability), bool)
    chosen = []
    for frame in np.argsort(reliability, kind="stable"):
        if reliability[frame] > 255:
            break
        if not taken[frame]:
            chosen.append(int(frame))
            taken[max(frame - SUPPRESSED_FRAMES, 0) : frame + SUPPRESSED_FRAMES + 1] = True
    return chosen

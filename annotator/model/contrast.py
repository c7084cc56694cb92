"""Levels for looking at dark pictures: only what the screen shows changes, never a frame."""

from __future__ import annotations

import cv2
import numpy as np

_SAMPLES = 250_000
"""About so many pixels are looked at, evenly spread, however large the frame."""


def stretching_levels(frame: np.ndarray, *, left_out: float = 0.005) -> np.ndarray:
    """Return the table that spreads the brightness of a frame over the whole range.

    One table serves all three channels, so that hues stay.

    Args:
        frame: uint8 [H, W, 3] RGB.
        left_out: Share of the values that may be cut off at either end, in [0, 0.5).

    Returns:
        uint8 [256]; the identity for a frame of one brightness.
    """
    step = max(1, round((frame.shape[0] * frame.shape[1] / _SAMPLES) ** 0.5))
    counts = np.bincount(frame[::step, ::step].ravel(), minlength=256)
    share = np.cumsum(counts) / max(counts.sum(), 1)
    low = int(np.searchsorted(share, left_out, side="right"))
    high = int(np.searchsorted(share, 1.0 - left_out, side="left"))
    if high <= low:
        return np.arange(256, dtype=np.uint8)
    values = (np.arange(256) - low) * (255.0 / (high - low))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def with_levels(frame: np.ndarray, levels: np.ndarray | None) -> np.ndarray:
    """Return a frame seen through a table of levels.

    Args:
        frame: uint8 [H, W, 3] RGB; not changed.
        levels: uint8 [256], or ``None`` to give the frame back as it is.

    Returns:
        uint8 [H, W, 3], C-contiguous.
    """
    if levels is None:
        return frame
    return np.asarray(cv2.LUT(frame, levels), np.uint8)

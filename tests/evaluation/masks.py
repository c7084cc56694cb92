"""Masks for tests: drawn with characters, or discs that move by a rule."""

from __future__ import annotations

import numpy as np


def drawn(*rows: str) -> np.ndarray:
    """bool [H, W] from rows of '#' and '.'."""
    return np.array([[character == "#" for character in row] for row in rows])


def discs(frame: int, *, wrong: bool) -> np.ndarray:
    """uint8 [120, 160] with three moving discs; wrong ones drift away and change their size."""
    y, x = np.mgrid[:120, :160]
    label_map = np.zeros((120, 160), np.uint8)
    tracks = [(40, 40, 22, 4, 1), (110, 60, 30, -3, 1), (70, 95, 14, 1, -2)]
    for object_id, (left, top, radius, right, down) in enumerate(tracks, start=1):
        away = (frame * object_id) // 4 if wrong else 0
        change = frame % 5 - 2 if wrong else 0
        across = x - left - right * frame - away
        along = y - top - down * frame
        label_map[across**2 + along**2 <= (radius + change) ** 2] = object_id
    return label_map

"""Colours of objects on the screen: told apart side by side, by most eyes."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np

from annotator.model.objects import display_colour

# Machado, Oliveira & Fernandes (2009), "A physiologically-based model for simulation of color
# vision deficiency", severity 1.0; for linear RGB.
_DEUTERANOPE = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]


def distances(count: int, vision: np.ndarray) -> list[float]:
    """CIELAB distances between the colours of the first objects, as some eyes see them."""
    rgb = np.array([display_colour(i) for i in range(1, count + 1)], np.float32) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ vision.T, 0, 1)
    shown = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = cv2.cvtColor(shown.astype(np.float32)[None], cv2.COLOR_RGB2LAB)[0]
    return [float(np.linalg.norm(a - b)) for a, b in combinations(lab, 2)]


def test_ten_objects_are_told_apart() -> None:
    assert min(distances(10, np.eye(3))) > 25, "a just noticeable difference is about 2.3"
    assert min(distances(10, np.array(_DEUTERANOPE))) > 15

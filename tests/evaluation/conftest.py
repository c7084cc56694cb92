"""A benchmark tree with two short sequences, one of which gets a second object later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vos_core.media import write_label_map

FRAMES = 10
HEIGHT, WIDTH = 72, 96


def textured(seed: int) -> np.ndarray:
    """uint8 [H, W + 60, 3] with detail that optical flow can follow."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (HEIGHT // 4, (WIDTH + 60) // 4, 3)).astype(np.uint8)
    return np.kron(coarse, np.ones((4, 4, 1), np.uint8))


def labels(name: str, index: int) -> np.ndarray:
    """What the annotation of a frame is."""
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    label_map[20:50, 10 + 3 * index : 40 + 3 * index] = 1
    if name == "pair" and index >= 3:
        label_map[55:70, 60:90] = 2
    return label_map


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with frames/ and annotations/ of 'pair' and 'single'; do not change it."""
    root = tmp_path_factory.mktemp("davis")
    for seed, name in enumerate(("pair", "single")):
        ground, thing = textured(seed), textured(seed + 10)
        for index in range(FRAMES):
            label_map = labels(name, index)
            frame = ground[:, :WIDTH].copy()
            moved = np.roll(thing, 3 * index, axis=1)[:, :WIDTH]
            frame[label_map == 1] = moved[label_map == 1]
            frame[label_map == 2] = (250, 250, 20)
            folder = root / "frames" / name
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(frame).save(folder / f"{index:05d}.png")
            write_label_map(root / "annotations" / name / f"{index:05d}.png", label_map)
    return root

"""A small data folder of coloured objects on grey ground: the colour of a pixel tells its label."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

RED, GREEN, BLUE, YELLOW = (230, 20, 20), (20, 230, 20), (20, 20, 230), (230, 230, 20)
SEQUENCES = {"runner": RED, "swimmer": GREEN, "held_out": YELLOW}
FRAMES = 14


def ground(height: int, width: int, seed: int) -> np.ndarray:
    """Grey noise, coarse enough to survive WebP and resampling."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(70, 150, (height // 8 + 1, width // 8 + 1)).astype(np.uint8)
    gray = np.kron(coarse, np.ones((8, 8), np.uint8))[:height, :width]
    return np.repeat(gray[..., None], 3, axis=2)


def picture(
    height: int, width: int, seed: int, boxes: list[tuple[int, int, int, int, tuple[int, int, int]]]
) -> tuple[np.ndarray, np.ndarray]:
    """A picture with (top, left, bottom, right, colour) objects, ids 1.. in this order."""
    image, labels = ground(height, width, seed), np.zeros((height, width), np.uint8)
    for object_id, (top, left, bottom, right, colour) in enumerate(boxes, start=1):
        image[top:bottom, left:right] = colour
        labels[top:bottom, left:right] = object_id
    return image, labels


def png(labels: np.ndarray) -> bytes:
    """Encode a label map as a palette PNG."""
    stream, map_ = io.BytesIO(), Image.fromarray(labels)
    map_.putpalette(list(range(256)) * 3)
    map_.save(stream, format="PNG")
    return stream.getvalue()


def lossless(image: np.ndarray) -> bytes:
    """Encode a picture without loss."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="WEBP", lossless=True)
    return stream.getvalue()


def write_archive(path: Path, pictures: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Write a zip of pictures and label maps; names with a slash make a video."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, (image, labels) in pictures.items():
            archive.writestr(f"JPEGImages/{name}.webp", lossless(image))
            archive.writestr(f"Annotations/{name}.png", png(labels))


def write_data_folder(folder: Path) -> None:
    """Write two archives of video and two of single pictures."""
    for number, names in enumerate((["runner", "swimmer"], ["held_out"]), start=1):
        pictures = {
            f"{name}/{t:05d}": picture(
                120, 200, t // 4, [(40, 20 + 6 * t, 90, 60 + 6 * t, SEQUENCES[name])]
            )
            for name in names
            for t in range(FRAMES)
        }
        write_archive(folder / f"davis2016_train_{number}.zip", pictures)
    coco = {
        f"{i:03d}": picture(140, 180, i, [(20, 20, 70, 70, BLUE), (60, 90, 120, 150, RED)])
        for i in range(4)
    }
    write_archive(folder / "static_coco482_1.zip", coco)
    regions = {
        f"r{i}": picture(100, 160, i, [(0, 0, 100, 160, (128, 128, 128)), (30, 40, 80, 100, GREEN)])
        for i in range(3)
    }
    write_archive(folder / "static_bsds_regions_1.zip", regions)

"""A rendered clip in which the right mask of every frame is known: a disc and a turning square.

The background pans slowly, the square turns and passes in front of the disc. It stands in for the
real sample footage where that is not installed, and serves tests that need exact masks.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vos_core.media.overlay import OverlayVideoWriter

HEIGHT = 360
WIDTH = 640
FRAME_COUNT = 60
FRAMES_PER_SECOND = 25.0
_DISC_ID, _SQUARE_ID = 1, 2
_SEED = 20
_PAN_PIXELS = 2


def synthetic_label_map(index: int) -> NDArray[np.uint8]:
    """Return the exact label map of one frame: 1 = disc, 2 = square, which is in front.

    Args:
        index: Frame number, from 0 to ``FRAME_COUNT - 1``.

    Returns:
        uint8 [HEIGHT, WIDTH].
    """
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(label_map, _disc_centre(index), 60, _DISC_ID, thickness=-1)
    cv2.fillConvexPoly(label_map, _square_corners(index), _SQUARE_ID)
    return label_map


def synthetic_frame(index: int) -> NDArray[np.uint8]:
    """Return one frame of the clip.

    Args:
        index: Frame number, from 0 to ``FRAME_COUNT - 1``.

    Returns:
        uint8 [HEIGHT, WIDTH, 3], RGB.
    """
    pan = _PAN_PIXELS * index
    frame = _texture((70, 120, 60), _SEED)[:, pan : pan + WIDTH].copy()
    label_map = synthetic_label_map(index)
    for object_id, colour in ((_DISC_ID, (200, 90, 60)), (_SQUARE_ID, (70, 90, 200))):
        inside = label_map == object_id
        frame[inside] = _texture(colour, _SEED + object_id)[:, :WIDTH][inside]
    return frame


def write_synthetic_clip(path: str | Path) -> None:
    """Render the clip into an MP4 file.

    Args:
        path: The file to make or replace.

    Raises:
        OutputError: It cannot be written.
    """
    with OverlayVideoWriter(path, HEIGHT, WIDTH, FRAMES_PER_SECOND) as writer:
        for index in range(FRAME_COUNT):
            writer.write(synthetic_frame(index))


def _disc_centre(index: int) -> tuple[int, int]:
    return 170 + 4 * index, 200 + round(30 * np.sin(index / 9))


def _square_corners(index: int) -> NDArray[np.int32]:
    angles = np.deg2rad(2.5 * index + np.array([45, 135, 225, 315]))
    centre = np.array([470 - 4 * index, 170])
    corners = centre + 75 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.rint(corners).astype(np.int32)


def _texture(colour: tuple[int, int, int], seed: int) -> NDArray[np.uint8]:
    """Return a blotchy surface around a colour, wide enough to pan over."""
    width = WIDTH + _PAN_PIXELS * FRAME_COUNT
    noise = np.random.default_rng(seed).normal(0, 1, (HEIGHT // 12, width // 12))
    blotches = cv2.resize(noise, (width, HEIGHT), interpolation=cv2.INTER_CUBIC) * 22
    return np.clip(np.array(colour) + blotches[:, :, None], 0, 255).astype(np.uint8)

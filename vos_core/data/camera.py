"""Where the crop lies in a picture and how the camera moves along a clip."""

from __future__ import annotations

import numpy as np

from vos_core.data.motion import about, mirror, zoom_about
from vos_core.data.spec import ClipSpec


def frame_picture(
    rng: np.random.Generator,
    spec: ClipSpec,
    height: int,
    width: int,
    target: tuple[float, float] | None,
) -> np.ndarray:
    """Draw the matrix that puts a picture into the crop.

    The size is log-uniform in ``spec.zoom_range``, 1 meaning that the short side fills the crop.
    The target falls anywhere in the middle 70 % of the crop, as far as the picture then still
    covers the crop; a picture smaller than the crop lies anywhere inside it.

    Args:
        rng: Source of randomness.
        spec: Crop size and zoom range.
        height: Rows of the picture.
        width: Columns of the picture.
        target: (x, y) of what should be seen, or None for anything.

    Returns:
        float64 [3, 3], picture to crop.
    """
    size = spec.crop_size
    low, high = np.log(spec.zoom_range)
    scale = size / min(height, width) * float(np.exp(rng.uniform(low, high)))
    if target is None:
        target = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
    shift = [
        _place(rng, size, scale * extent, scale * t)
        for extent, t in ((width, target[0]), (height, target[1]))
    ]
    matrix = np.diag([scale, scale, 1.0])
    matrix[:2, 2] = shift
    aspect = float(np.exp(rng.normal(0.0, 0.04)))
    angle = float(rng.normal(0.0, 0.05))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (size - 1) / 2
    return about(turn @ np.diag([aspect, 1 / aspect]), (middle, middle)) @ matrix


def _place(rng: np.random.Generator, size: int, extent: float, target: float) -> float:
    """Offset of a picture of ``extent`` pixels in a crop of ``size`` along one axis."""
    if extent <= size:
        return float(rng.uniform(0.0, size - extent))
    offset = float(rng.uniform(0.15, 0.85)) * size - target
    return float(np.clip(offset, size - extent, 0.0))


def camera_path(rng: np.random.Generator, spec: ClipSpec, times: np.ndarray) -> list[np.ndarray]:
    """Draw what happens to all layers together: mirroring, a zoom along the clip, small jitter.

    Args:
        rng: Source of randomness.
        spec: Shares and sizes.
        times: float64 [T], frames relative to the previous frame.

    Returns:
        T matrices, float64 [3, 3], crop to crop.
    """
    size = spec.crop_size
    base = mirror(size) if rng.random() < spec.flip else np.eye(3)
    change = 0.0
    if rng.random() < spec.zoom_change_share:
        change = float(np.log1p(rng.uniform(*spec.zoom_change)) * rng.choice([-1, 1]))
    span = max(1.0, float(times[1:].max() - times[1:].min()))
    focus = tuple(rng.uniform(0.35, 0.65, size=2) * size)
    path = []
    for time in times:
        share = float(np.clip(time / span, -0.5, 1.5)) - 0.5
        jitter_angle, jitter_zoom = rng.normal(0.0, 0.006), rng.normal(0.0, 0.006)
        cosine, sine = np.cos(jitter_angle), np.sin(jitter_angle)
        turn = np.array([[cosine, -sine], [sine, cosine]]) * np.exp(jitter_zoom)
        jitter = about(turn, (size / 2, size / 2), tuple(rng.normal(0.0, 0.004 * size, size=2)))
        path.append(base @ jitter @ zoom_about(float(np.exp(change * share)), focus))
    return path

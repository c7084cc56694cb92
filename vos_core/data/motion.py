"""Smooth random motion over time: frame times, affine tracks and low-frequency displacement fields.

Time is in frames; time 0 is the clip's previous frame, where every motion is the identity. Matrices
are float64 [3, 3], act on column vectors (x, y, 1) and map source pixels to crop pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# Linear drift levels off after this many frames, so that a far-away reference stays in reach.
_DRIFT_FRAMES = 12.0


def sample_frame_indices(
    rng: np.random.Generator,
    length: int,
    frame_count: int,
    max_gap: int,
    *,
    random_reference: float,
    reverse: float,
) -> np.ndarray:
    """Draw the frames of a clip from a sequence.

    Gaps between neighbours are uniform in 1..max_gap (less when the sequence is short), the
    previous frame is uniform among those that fit, and the order runs backwards with probability
    ``reverse``.

    Args:
        rng: Source of randomness.
        length: Frames of the sequence, at least ``frame_count - 1``.
        frame_count: Frames of the clip with its reference.
        max_gap: Largest gap.
        random_reference: Probability that the reference is any frame of the sequence. Otherwise it
            is one gap before the previous frame or, once in three, the previous frame itself as at
            test time.
        reverse: Probability of playing backwards.

    Returns:
        int64 [T]: reference, previous, target 1, ... as indices 0..length-1.
    """
    steps = frame_count - 2
    limit = max(1, min(max_gap, (length - 1) // max(1, steps)))
    gaps = rng.integers(1, limit + 1, size=steps)
    span = int(gaps.sum())
    previous = int(rng.integers(0, max(1, length - span)))
    targets = np.minimum(previous + np.cumsum(gaps), length - 1)
    if rng.random() < random_reference:
        reference = int(rng.integers(0, length))
    elif rng.random() < 1 / 3:
        reference = previous
    else:
        reference = max(0, previous - int(rng.integers(1, limit + 1)))
    indices = np.concatenate([[reference, previous], targets]).astype(np.int64)
    return length - 1 - indices if rng.random() < reverse else indices


@dataclass(frozen=True)
class Track:
    """One parameter over time: bounded drift plus a slow swing; 0 at time 0."""

    drift: float
    swing: float
    frequency: float
    phase: float

    @classmethod
    def draw(cls, rng: np.random.Generator, drift: float, swing: float) -> Track:
        """Draw a track; ``drift`` is the scale per frame, ``swing`` that of the amplitude."""
        return cls(
            float(rng.normal(0.0, drift)),
            float(rng.normal(0.0, swing)),
            float(rng.uniform(0.1, 0.5)),
            float(rng.uniform(0.0, 2 * np.pi)),
        )

    def at(self, time: float) -> float:
        """Value at a time in frames."""
        linear = self.drift * _DRIFT_FRAMES * np.tanh(time / _DRIFT_FRAMES)
        wave = np.sin(self.frequency * time + self.phase) - np.sin(self.phase)
        return float(linear + self.swing * wave)


@dataclass(frozen=True)
class AffineMotion:
    """Smooth affine walk about a centre.

    Attributes:
        x: Horizontal shift in pixels.
        y: Vertical shift in pixels.
        zoom: Natural logarithm of the scale.
        angle: Rotation in radians.
        shear: Horizontal shear.
    """

    x: Track
    y: Track
    zoom: Track
    angle: Track
    shear: Track

    @classmethod
    def draw(cls, rng: np.random.Generator, size: float, strength: float) -> AffineMotion:
        """Draw a walk for something of ``size`` pixels; 1 is a lively object, 0.3 a hand camera."""
        return cls(
            Track.draw(rng, 0.014 * size * strength, 0.04 * size * strength),
            Track.draw(rng, 0.010 * size * strength, 0.03 * size * strength),
            Track.draw(rng, 0.010 * strength, 0.06 * strength),
            Track.draw(rng, 0.012 * strength, 0.08 * strength),
            Track.draw(rng, 0.004 * strength, 0.05 * strength),
        )

    def matrix(self, time: float, centre: tuple[float, float]) -> np.ndarray:
        """float64 [3, 3], the walk at a time about ``centre`` = (x, y)."""
        scale = np.exp(self.zoom.at(time))
        angle, shear = self.angle.at(time), self.shear.at(time)
        cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
        linear = np.array([[cosine, -sine + shear * cosine], [sine, cosine + shear * sine]])
        return about(linear, centre, (self.x.at(time), self.y.at(time)))


def about(
    linear: np.ndarray, centre: tuple[float, float], shift: tuple[float, float] = (0.0, 0.0)
) -> np.ndarray:
    """Return the [3, 3] matrix of a [2, 2] map about ``centre`` followed by ``shift``."""
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    middle = np.asarray(centre)
    matrix[:2, 2] = middle - linear @ middle + np.asarray(shift)
    return matrix


def zoom_about(factor: float, centre: tuple[float, float]) -> np.ndarray:
    """Return the [3, 3] matrix that scales by ``factor`` about ``centre``."""
    return about(np.eye(2) * factor, centre)


def mirror(size: int) -> np.ndarray:
    """Return the [3, 3] matrix that mirrors a crop of ``size`` columns left to right."""
    return np.array([[-1.0, 0.0, size - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def shift_by(x: float, y: float) -> np.ndarray:
    """Return the [3, 3] matrix that moves by (x, y)."""
    matrix = np.eye(3)
    matrix[:2, 2] = (x, y)
    return matrix


class ElasticField:
    """A displacement field that changes smoothly with place and time; not zero at time 0."""

    def __init__(self, rng: np.random.Generator, amplitude: float, cells: int = 4) -> None:
        """Draw a field.

        Args:
            rng: Source of randomness.
            amplitude: Standard deviation of the displacement in output pixels.
            cells: Control cells on a side; more is wigglier.
        """
        nodes = (2, cells, cells, 2)
        self._nodes = rng.normal(0.0, amplitude / np.sqrt(2.0), size=nodes).astype(np.float32)
        self._frequency = float(rng.uniform(0.1, 0.4))
        self._phase = float(rng.uniform(0.0, 2 * np.pi))

    def displacement(self, time: float, height: int, width: int) -> np.ndarray:
        """float32 [H, W, 2] of (x, y) displacements at a time in frames."""
        angle = self._frequency * time + self._phase
        nodes = self._nodes[0] * float(np.cos(angle)) + self._nodes[1] * float(np.sin(angle))
        return cv2.resize(nodes, (width, height), interpolation=cv2.INTER_CUBIC)

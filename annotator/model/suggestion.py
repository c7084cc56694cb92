"""Which frame a person should correct next: plain functions on reliabilities and references."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def reference_distances(frame_count: int, references: Collection[int]) -> FloatArray:
    """Distance of every frame to its nearest reference, in frames.

    Args:
        frame_count: T.
        references: Reference frames; without any, every distance is T.

    Returns:
        float64 [T].
    """
    distances = np.full(frame_count, float(frame_count))
    frames = np.arange(frame_count)
    for reference in references:
        np.minimum(distances, np.abs(frames - reference), out=distances)
    return distances


def correction_gains(doubt: FloatArray, references: Collection[int]) -> FloatArray:
    """What the correction of each frame should gain over the whole sequence.

    A frame s that lies d(s) frames from its nearest reference is mended by a correction of frame t
    the more, the nearer t is::

        gain(t) = sum over s of doubt(s) * max(0, 1 - |s - t| / d(s))

    It is the reliability times the area (both in ``doubt``) times the distance to a reference of
    the frame itself, added up over every frame that the correction brings nearer to a reference.
    Doubt that is the same everywhere gives the middle of the largest gap, which is the best that
    can be said without reliability; a single bad frame among good ones gains little, because its
    correction mends that frame only.

    Args:
        doubt: float64 [T], expected error of each frame, 0 for what a person made.
        references: Reference frames.

    Returns:
        float64 [T]; 0 at references.
    """
    count = len(doubt)
    distances = reference_distances(count, references).astype(np.int64)
    frames = np.flatnonzero((doubt > 0) & (distances > 0))
    reach = distances[frames]
    slopes = doubt[frames] / reach
    # each summand is a triangle over frames: three changes of slope, added up twice
    bends = np.zeros(3 * count + 1)
    np.add.at(bends, count + frames - reach, slopes)
    np.add.at(bends, count + frames, -2 * slopes)
    np.add.at(bends, count + frames + reach, slopes)
    gains: FloatArray = np.cumsum(np.cumsum(bends))[count - 1 : 2 * count - 1].clip(min=0.0)
    gains[[r for r in references if 0 <= r < count]] = 0.0
    return gains

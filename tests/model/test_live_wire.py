"""Paths that follow the edges of a picture."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from annotator.model.live_wire import EdgeMap


def disc_picture(size: int, radius: float) -> np.ndarray:
    """A bright disc in the middle of a dark picture."""
    rows, columns = np.mgrid[:size, :size] + 0.5
    inside = np.hypot(rows - size / 2, columns - size / 2) <= radius
    return np.repeat(np.where(inside, 220, 30).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize("scale", [1, 3])
def test_between_two_points_of_a_circle_the_path_goes_along_it(scale: int) -> None:
    size, radius = 120 * scale, 40.0 * scale
    middle = size / 2
    edges = EdgeMap(disc_picture(size, radius), (middle + radius, middle), size, working_side=120)
    path = edges.path_to((middle, middle + radius))
    assert path[0] == (middle + radius, middle) and path[-1] == (middle, middle + radius)
    far = [abs(math.dist(point, (middle, middle)) - radius) for point in path]
    assert max(far) <= 3 * scale, "within three pixels of the picture that is searched"
    chord = math.sqrt(2) * radius
    length = sum(math.dist(a, b) for a, b in itertools.pairwise(path))
    assert length > chord * 1.05, "not the straight line"


def test_a_path_to_itself_and_out_of_the_window_still_ends_where_it_was_asked_to() -> None:
    edges = EdgeMap(disc_picture(100, 30), (10.0, 10.0), 40)
    assert edges.path_to((10.0, 10.0))[0] == edges.path_to((10.0, 10.0))[-1]
    path = edges.path_to((95.0, 90.0))
    assert path[-1] == (95.0, 90.0)
    assert all(x <= 31 and y <= 31 for x, y in path[:-1]), "searched in the window only"


def test_only_the_window_is_searched_however_large_the_frame() -> None:
    frame = np.zeros((2160, 3840, 3), np.uint8)
    frame[:, 2000:] = 255
    edges = EdgeMap(frame, (2000.0, 900.0), 600, working_side=200)
    path = edges.path_to((2000.0, 1100.0))
    assert all(abs(x - 2000) <= 6 for x, _ in path)
    assert len(path) < 120, "at the lower resolution"


def test_an_anchor_outside_the_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="outside a frame of 50 x 50"):
        EdgeMap(np.zeros((50, 50, 3), np.uint8), (50.0, 3.0), 40)

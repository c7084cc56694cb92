"""Laws of times, tracks and matrices."""

from __future__ import annotations

import numpy as np
import pytest

from vos_core.data.camera import camera_path, frame_picture
from vos_core.data.motion import (
    AffineMotion,
    ElasticField,
    Track,
    about,
    mirror,
    sample_frame_indices,
)
from vos_core.data.spec import ClipSpec


@pytest.mark.parametrize(
    ("length", "count", "gap"), [(60, 4, 4), (8, 4, 10), (3, 4, 2), (90, 8, 10)]
)
def test_frames_stay_inside_and_gaps_within_the_limit(length: int, count: int, gap: int) -> None:
    rng = np.random.default_rng(0)
    directions = set()
    for _ in range(300):
        indices = sample_frame_indices(rng, length, count, gap, random_reference=0.65, reverse=0.5)
        assert indices.shape == (count,)
        assert indices.min() >= 0
        assert indices.max() < length
        steps = np.diff(indices[1:])
        assert (np.abs(steps) <= gap).all()
        assert (np.abs(steps) >= 1).all()
        assert len(set(np.sign(steps))) == 1
        directions.add(int(np.sign(steps[0])))
    assert directions == {-1, 1}


def test_a_reference_is_before_the_previous_frame_when_it_is_not_random() -> None:
    rng = np.random.default_rng(0)
    same = 0
    for _ in range(200):
        indices = sample_frame_indices(rng, 50, 4, 4, random_reference=0.0, reverse=0.0)
        assert 0 <= indices[1] - indices[0] <= 4
        same += int(indices[0] == indices[1])
    assert 30 < same < 110  # a third, as at test time, plus those cut off at the first frame


def test_a_random_reference_reaches_the_whole_sequence() -> None:
    rng = np.random.default_rng(0)
    seen = {
        int(sample_frame_indices(rng, 12, 3, 2, random_reference=1.0, reverse=0.0)[0])
        for _ in range(400)
    }
    assert seen == set(range(12))


def test_tracks_are_still_at_time_zero_and_bounded_far_away() -> None:
    track = Track(drift=2.0, swing=3.0, frequency=0.3, phase=0.7)
    assert track.at(0.0) == pytest.approx(0.0)
    assert abs(track.at(1e6)) <= 2.0 * 12 + 2 * 3.0
    assert track.at(1.0) == pytest.approx(24 * np.tanh(1 / 12) + 3 * (np.sin(1.0) - np.sin(0.7)))


def test_an_affine_walk_starts_at_the_identity() -> None:
    motion = AffineMotion.draw(np.random.default_rng(3), 200.0, 1.0)
    assert np.allclose(motion.matrix(0.0, (30.0, 40.0)), np.eye(3))
    assert not np.allclose(motion.matrix(3.0, (30.0, 40.0)), np.eye(3))


def test_about_keeps_its_centre_and_mirror_swaps_the_edges() -> None:
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert np.allclose(about(turn, (5.0, 7.0)) @ [5, 7, 1], [5, 7, 1])
    assert np.allclose(about(turn, (5.0, 7.0)) @ [6, 7, 1], [5, 8, 1])
    assert np.allclose(mirror(100) @ [0, 3, 1], [99, 3, 1])


def test_an_elastic_field_is_smooth_in_place_and_time() -> None:
    field = ElasticField(np.random.default_rng(0), amplitude=5.0)
    now, soon = field.displacement(0.0, 100, 120), field.displacement(0.1, 100, 120)
    assert now.shape == (100, 120, 2)
    assert now.dtype == np.float32
    assert np.abs(np.diff(now, axis=1)).max() < 1.0
    assert np.abs(soon - now).max() < 1.0
    assert now.std() > 1.0


def test_a_picture_that_is_larger_than_the_crop_covers_it() -> None:
    spec = ClipSpec(crop_size=97, zoom_range=(1.3, 1.7))
    rng = np.random.default_rng(0)
    for _ in range(50):
        matrix = frame_picture(rng, spec, 120, 200, (190.0, 10.0))
        middle = np.linalg.solve(matrix, [48.0, 48.0, 1.0])[:2]
        assert 0 < middle[0] < 200
        assert 0 < middle[1] < 120


def test_zoom_range_sets_the_size_of_the_picture() -> None:
    spec = ClipSpec(crop_size=97, zoom_range=(0.5, 2.0))
    rng = np.random.default_rng(0)
    zooms = []
    for _ in range(400):
        matrix = frame_picture(rng, spec, 100, 150, None)
        zooms.append(np.sqrt(np.linalg.det(matrix[:2, :2])) * 100 / 97)
    assert 0.5 - 1e-6 <= min(zooms) < 0.55
    assert 1.9 < max(zooms) <= 2.0 + 1e-6
    assert np.median(zooms) == pytest.approx(1.0, abs=0.1)


def test_a_camera_without_zoom_or_mirror_only_trembles() -> None:
    spec = ClipSpec(flip=0.0, zoom_change_share=0.0)
    for matrix in camera_path(np.random.default_rng(0), spec, np.array([-4.0, 0.0, 2.0, 5.0])):
        assert np.abs(matrix - np.eye(3))[:2, :2].max() < 0.05
        assert np.abs(matrix[:2, 2]).max() < 20


def test_a_camera_with_zoom_changes_size_by_a_quarter_to_a_half() -> None:
    spec = ClipSpec(flip=0.0, zoom_change_share=1.0)
    times = np.array([0.0, 0.0, 2.0, 5.0])
    for seed in range(20):
        path = camera_path(np.random.default_rng(seed), spec, times)
        sizes = [np.sqrt(np.linalg.det(m[:2, :2])) for m in path]
        change = sizes[3] / sizes[1]
        assert 1.2 < max(change, 1 / change) < 1.56

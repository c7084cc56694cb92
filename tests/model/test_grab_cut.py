"""A rough mask made to follow the picture inside a box."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.model.geometry import Box
from annotator.model.grab_cut import refine, surroundings


def picture(height: int, width: int, thing: Box) -> tuple[np.ndarray, np.ndarray]:
    """A red thing on a blue ground, both a little noisy; and its true mask."""
    rng = np.random.default_rng(5)
    truth = np.zeros((height, width), bool)
    truth[thing.slices] = True
    colours = np.where(truth[:, :, None], (200, 60, 40), (30, 60, 160))
    noisy = colours + rng.integers(-15, 16, (height, width, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8), truth


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / max((first | second).sum(), 1))


def test_the_surroundings_are_cut_at_the_frame() -> None:
    assert surroundings(Box(0, 5, 20, 30), 24, 100) == Box(0, 0, 24, 42)
    assert surroundings(Box(300, 300, 500, 500), 1000, 1000) == Box(270, 270, 530, 530)


@pytest.mark.parametrize("working_pixels", [160_000, 3_000])
def test_a_mask_that_is_too_large_shrinks_to_the_thing(working_pixels: int) -> None:
    pixels, truth = picture(80, 100, Box(25, 30, 55, 70))
    rough = np.zeros_like(truth)
    rough[19:62, 23:78] = True
    box = Box(10, 12, 70, 90)
    refined = refine(pixels, rough, box, working_pixels=working_pixels)
    assert refined is not None and refined.shape == (60, 78)
    assert overlap(refined, truth[box.slices]) > (0.98 if working_pixels > 8_000 else 0.9)


def test_a_box_around_nothing_yet_finds_the_thing() -> None:
    pixels, truth = picture(80, 100, Box(25, 30, 55, 70))
    box = Box(15, 20, 65, 80)
    refined = refine(pixels, np.zeros_like(truth), box)
    assert refined is not None and overlap(refined, truth[box.slices]) > 0.98


def test_the_same_box_gives_the_same_mask_again() -> None:
    pixels, truth = picture(60, 60, Box(20, 20, 40, 40))
    rough = np.roll(truth, 3, axis=1)
    box = Box(10, 10, 50, 50)
    first, second = refine(pixels, rough, box), refine(pixels, rough, box)
    assert first is not None and second is not None
    np.testing.assert_array_equal(first, second)


def test_cancelled_between_rounds_it_gives_nothing() -> None:
    pixels, truth = picture(60, 60, Box(20, 20, 40, 40))
    answers = iter([False, True])
    assert refine(pixels, truth, Box(5, 5, 55, 55), is_cancelled=lambda: next(answers)) is None


def test_a_mask_with_nothing_to_tell_from_stays() -> None:
    pixels, _ = picture(30, 30, Box(10, 10, 20, 20))
    everything = np.ones((30, 30), bool)
    box = Box(0, 0, 30, 30)
    refined = refine(pixels, everything, box)
    assert refined is not None and refined.all()
    assert refine(pixels, everything, Box(5, 5, 5, 9)) is not None, "an empty box is no fault"


def test_ground_of_the_object_s_colour_far_from_a_rough_mask_is_left_alone() -> None:
    pixels, truth = picture(90, 160, Box(30, 20, 60, 60))
    twin, _ = picture(90, 160, Box(30, 110, 60, 150))
    pixels[:, 90:] = twin[:, 90:]
    refined = refine(pixels, np.roll(truth, 3, axis=0), Box(5, 5, 85, 155))
    assert refined is not None
    assert overlap(refined, truth[5:85, 5:155]) > 0.95 and not refined[:, 95:].any()

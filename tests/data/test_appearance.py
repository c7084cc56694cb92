"""Colour, noise and damage to label maps."""

from __future__ import annotations

import numpy as np
import pytest

from vos_core.data.appearance import (
    ColourChange,
    add_gaussian_noise,
    add_salt_and_pepper,
    draw_effect,
    perturb_label_map,
)


def test_grey_leaves_no_colour() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (20, 20, 3)).astype(np.uint8)
    gray = ColourChange.draw(rng, gray=True).apply(image).astype(int)
    assert np.abs(gray.max(axis=2) - gray.min(axis=2)).max() <= 1


def test_strength_zero_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 20, 3)).astype(np.uint8)
    changed = ColourChange.draw(np.random.default_rng(1), strength=0.0).apply(image)
    assert np.abs(changed.astype(int) - image).max() <= 1


def test_alpha_is_kept() -> None:
    rgba = np.random.default_rng(0).integers(0, 256, (9, 9, 4)).astype(np.uint8)
    changed = ColourChange.draw(np.random.default_rng(1)).apply(rgba)
    assert np.array_equal(changed[..., 3], rgba[..., 3])
    assert not np.array_equal(changed[..., :3], rgba[..., :3])


def test_gaussian_noise_has_its_standard_deviation() -> None:
    image = np.full((200, 200, 3), 128, np.uint8)
    noisy = add_gaussian_noise(image, 10.0, np.random.default_rng(0)).astype(float) - 128
    assert noisy.std() == pytest.approx(10.0, rel=0.02)
    assert noisy.mean() == pytest.approx(0.0, abs=0.1)


def test_salt_and_pepper_sets_whole_pixels_black_or_white() -> None:
    image = np.full((300, 300, 3), 128, np.uint8)
    noisy = add_salt_and_pepper(image, 1000, np.random.default_rng(0))
    changed = (noisy != 128).any(axis=2)
    assert 980 <= changed.sum() <= 1000  # drawn with repetition
    assert set(np.unique(noisy[changed])) == {0, 255}
    assert (noisy[changed].min(axis=1) == noisy[changed].max(axis=1)).all()


def test_effects_keep_shape_and_are_repeatable() -> None:
    image = np.random.default_rng(0).integers(0, 256, (65, 65, 3)).astype(np.uint8)
    for seed in range(30):
        made = [
            draw_effect(np.random.default_rng(seed))(image, np.random.default_rng(5))
            for _ in range(2)
        ]
        assert made[0].shape == image.shape
        assert made[0].dtype == np.uint8
        assert np.array_equal(*made)
        assert not np.array_equal(made[0], image)


def two_objects() -> np.ndarray:
    label_map = np.zeros((100, 120), np.uint8)
    label_map[20:60, 20:60] = 1
    label_map[30:80, 70:110] = 4
    label_map[90:, :] = 255
    return label_map


def test_a_perturbed_label_map_keeps_ids_and_void_and_resembles_the_original() -> None:
    label_map = two_objects()
    before = label_map.copy()
    changes = 0
    for seed in range(40):
        changed = perturb_label_map(label_map, np.random.default_rng(seed))
        assert set(np.unique(changed)) <= {0, 1, 4, 255}
        assert np.array_equal(changed == 255, label_map == 255)
        for object_id in (1, 4):
            both = np.count_nonzero((changed == object_id) & (label_map == object_id))
            either = np.count_nonzero((changed == object_id) | (label_map == object_id))
            assert both / either > 0.5
        changes += int(not np.array_equal(changed, label_map))
    assert changes >= 38
    assert np.array_equal(label_map, before)


def test_an_empty_label_map_stays_empty() -> None:
    empty = np.zeros((30, 30), np.uint8)
    assert not perturb_label_map(empty, np.random.default_rng(0)).any()

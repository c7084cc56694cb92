"""Levels for looking at dark pictures."""

from __future__ import annotations

import numpy as np

from annotator.model.contrast import stretching_levels, with_levels


def test_the_range_of_the_frame_becomes_the_whole_range() -> None:
    frame = np.repeat(np.array([[10, 20, 30]], np.uint8), 3, axis=0)[:, :, None].repeat(3, axis=2)
    levels = stretching_levels(frame, left_out=0.0)
    assert levels[[10, 20, 30]].tolist() == [0, 128, 255]
    assert levels[5] == 0 and levels[200] == 255
    assert with_levels(frame, levels)[0, :, 0].tolist() == [0, 128, 255]
    assert frame[0, :, 0].tolist() == [10, 20, 30], "the frame stays"


def test_a_few_bright_pixels_do_not_keep_the_rest_dark() -> None:
    frame = np.zeros((100, 100, 3), np.uint8)
    frame[:, 50:] = 20
    frame[0, 0] = 255
    assert stretching_levels(frame)[20] == 255


def test_a_frame_of_one_brightness_stays() -> None:
    frame = np.full((4, 5, 3), 77, np.uint8)
    assert (stretching_levels(frame) == np.arange(256)).all()
    assert with_levels(frame, None) is frame

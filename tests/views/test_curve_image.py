"""The curve of thousands of frames: pixels by hand, and the same picture as the painter's."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from annotator.views.actions import ActionTable
from annotator.views.timeline.curve_image import FILL_OPACITY, curve_pixels
from annotator.views.timeline.matrix import HEADER_WIDTH, TimelineMatrix
from annotator.views.timeline.reliability_curve import CURVE_HEIGHT, ReliabilityCurve

pytestmark = pytest.mark.gui


def opacities(values: list[float], ratio: float = 1.0) -> np.ndarray:
    return curve_pixels(np.array(values), 44, 4.0, 4.0, ratio) >> 24


def test_the_line_lies_at_its_value_with_a_tint_below() -> None:
    column = opacities([0.5])[:, 0]
    # 0.5 lies at 4 + 0.5 * 36 = 22; the line of 1.8 px covers 21.1 to 22.9
    assert column[:21].max() == 0 and column[21] == column[22]
    assert column[21] == pytest.approx(0.9 * 255, abs=1)
    assert (column[23:40] == FILL_OPACITY).all() and column[40:].max() == 0


def test_a_fall_is_joined_and_a_gap_is_not() -> None:
    drawn = opacities([1.0, 0.0, np.nan, 0.5])
    assert (drawn[6:38, 1] == 255).all(), "from 1 down to 0 without a break"
    assert not drawn[:, 2].any()
    assert drawn[10, 3] == 0, "after a gap the line begins anew"


def test_doubt_is_red_and_trust_is_blue() -> None:
    pixels = curve_pixels(np.array([0.02, 0.02, 0.98, 0.98]), 44, 4.0, 4.0, 1.0)
    doubt, trust = (int(pixels[:, column].max()) for column in (1, 3))
    assert doubt >> 16 & 255 > doubt & 255 and trust & 255 > trust >> 16 & 255


def test_twice_the_pixels_at_twice_the_ratio() -> None:
    assert opacities([0.3] * 5, 2.0).shape == (88, 5)


def test_one_frame_more_than_pixels_looks_as_one_less(qtbot: QtBot) -> None:
    """Numpy draws where frames are denser than pixels, the painter elsewhere: no jump between."""
    matrix = TimelineMatrix()
    curve = ReliabilityCurve(matrix, ActionTable(matrix))
    qtbot.addWidget(matrix)
    qtbot.addWidget(curve)
    width = HEADER_WIDTH + 8 + 300
    matrix.resize(width, 120)
    curve.resize(width, CURVE_HEIGHT)
    pictures = []
    for frames in (299, 301):
        states = np.zeros((frames, 256), np.uint8)
        matrix.set_cells(states, states)
        curve.set_reliability(0.5 + 0.4 * np.sin(np.linspace(0, 6, frames)))
        curve.set_current_frame(0)
        image = curve.grab().toImage()
        pictures.append(
            [
                [image.pixelColor(x, y).lightness() for y in range(CURVE_HEIGHT)]
                for x in range(HEADER_WIDTH + 10, width - 20)
            ]
        )
    few, many = (np.array(picture, float) for picture in pictures)
    assert np.abs(few - many).mean() < 6.0
    lines = [np.abs(np.diff(picture, axis=1)).argmax(axis=1) for picture in (few, many)]
    assert np.median(np.abs(lines[0] - lines[1])) <= 1

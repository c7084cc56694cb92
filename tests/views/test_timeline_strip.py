"""The kept picture of the cells: keys by hand; a part drawn anew fits the whole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from annotator.model.cells import CellState
from annotator.views.timeline.cell_keys import (
    STATE_COLOURS,
    cell_keys,
    cell_pixels,
    key_of,
    reduce_keys,
    rgb32,
    tick_pixels,
)
from annotator.views.timeline.scale import HEADER_WIDTH, ROW_HEIGHT, RULER_HEIGHT, TimeScale
from annotator.views.timeline.strip import CellStrip, StripLook

pytestmark = pytest.mark.gui

D, C, P, V, E = (
    CellState.DRAWN,
    CellState.CORRECTED,
    CellState.PROPAGATED,
    CellState.VERIFIED,
    CellState.EMPTY,
)
LOOK = StripLook(base=(1, 2, 3), ground=(30, 30, 30), dot=(90, 90, 90), ratio=1.0)


def random_cells(frames: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    states = np.zeros((frames, 256), np.uint8)
    codes = np.zeros((frames, 256), np.uint8)
    states[:, 1:6] = rng.integers(0, 5, (frames, 5))
    codes[:, 1:6] = rng.integers(0, 256, (frames, 5))
    return states, codes


def test_the_largest_key_is_what_a_person_most_needs_to_see() -> None:
    order = [key_of(E), key_of(P, 255), key_of(P, 200), key_of(P, 1), key_of(V), key_of(C)]
    assert [*order, key_of(D)] == sorted({*order, key_of(D)})
    assert key_of(P, 0) < key_of(P, 255), "what is unknown hides nothing that is known"
    assert key_of(D, 7) == key_of(D, 250), "only of propagated cells the reliability counts"


def test_a_column_stands_for_its_frames() -> None:
    states = np.array([[P], [P], [P], [P], [C], [P], [E]], np.uint8)
    codes = np.array([[200], [90], [210], [255], [250], [240], [0]], np.uint8)
    keys = cell_keys(states, codes)
    reduced = reduce_keys(keys, np.array([0, 3, 6, 7]))
    assert reduced[:, 0].tolist() == [key_of(P, 90), key_of(C), key_of(E)]


def test_columns_of_any_width_hold_the_largest_key() -> None:
    keys = cell_keys(*random_cells(500))
    edges = np.unique(np.append(np.random.default_rng(3).integers(0, 500, 40), [0, 500]))
    plain = [keys[a:b].max(axis=0) for a, b in pairwise(edges)]
    assert np.array_equal(reduce_keys(keys, edges), plain)


def test_pixels_tell_states_and_reliability_apart() -> None:
    pixels = cell_pixels((7, 7, 7))
    keys = [key_of(E), key_of(D), key_of(C), key_of(P), key_of(P, 1), key_of(P, 255), key_of(V)]
    assert len({int(pixels[key]) for key in keys}) == len(keys)
    assert pixels[key_of(E)] == rgb32((7, 7, 7))
    assert pixels[key_of(D)] == rgb32(STATE_COLOURS[D])
    doubt, trust = QColor(int(pixels[key_of(P, 1)])), QColor(int(pixels[key_of(P, 255)]))
    assert doubt.red() > doubt.blue() and trust.blue() > trust.red()
    ticks = tick_pixels()
    assert [bool(ticks[key_of(state)]) for state in (E, D, C, P, V)] == [0, 1, 1, 0, 1]


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
@pytest.mark.parametrize(
    ("first", "span"),
    [(0.0, 3000.0), (17.3, 1900.5), (100.0, 400.0), (33.7, 90.0), (2960.0, 40.0), (5.2, 12.0)],
)
def test_drawing_changed_columns_gives_what_drawing_all_gives(
    qtbot: QtBot, ratio: float, first: float, span: float
) -> None:
    """Whatever cells change, at every zoom: the kept picture is the one drawn from nothing."""
    states, codes = random_cells(3000)
    scale = TimeScale(first, span, 467, 3000)
    look = StripLook(LOOK.base, LOOK.ground, LOOK.dot, ratio)
    strip = CellStrip(states, codes, range(1, 6), scale, look)
    rng = np.random.default_rng(7)
    for round_ in range(6):
        frames = {
            0: rng.integers(0, 3000, 1),
            1: np.array([int(first), int(first) + 1]),
            2: np.array([min(int(first + span), 2999)]),
            3: rng.integers(0, 3000, 200),
            4: int(first) + rng.integers(0, int(span), 5),
            5: np.arange(3000),
        }[round_]
        states[frames, 1:6] = rng.integers(0, 5, (len(frames), 5))
        codes[frames, 1:6] = rng.integers(0, 256, (len(frames), 5))
        strip.update(frames.tolist())
        fresh = CellStrip(states, codes, range(1, 6), scale, look)
        assert np.array_equal(strip.pixels, fresh.pixels), f"round {round_}"


def test_one_changed_frame_costs_a_few_columns(qtbot: QtBot) -> None:
    states, codes = random_cells(3000)
    strip = CellStrip(states, codes, range(1, 6), TimeScale(0.0, 3000.0, 1000, 3000), LOOK)
    assert strip.update([1500]) <= 6
    assert strip.update([10, 2900]) <= 12
    assert strip.update([]) == 0
    zoomed = CellStrip(states, codes, range(1, 6), TimeScale(0.0, 100.0, 1000, 3000), LOOK)
    assert zoomed.update([50]) <= 16 and zoomed.update([500]) == 0


def test_rows_lie_where_the_matrix_has_them(qtbot: QtBot) -> None:
    states = np.zeros((20, 256), np.uint8)
    codes = np.zeros_like(states)
    states[:10, 1], states[10:, 2] = D, V
    scale = TimeScale(0.0, 20.0, 100, 20)
    strip = CellStrip(states, codes, [1, 2], scale, LOOK)
    image = QImage(300, 100, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    painter = QPainter(image)
    strip.paint(painter)
    painter.end()

    def colour(frame: int, row: int, y: int) -> tuple[int, ...]:
        place = QColor(
            image.pixel(round(scale.x(frame + 0.5)), RULER_HEIGHT + row * ROW_HEIGHT + y)
        )
        return place.red(), place.green(), place.blue()

    assert colour(5, 0, 10) == STATE_COLOURS[D] and colour(15, 0, 10) == LOOK.ground
    assert colour(5, 1, 10) == LOOK.ground and colour(15, 1, 10) == STATE_COLOURS[V]
    assert colour(5, 0, 1) == STATE_COLOURS[D], "a tick reaches above the cell"
    assert colour(15, 0, 1) == LOOK.base and colour(5, 0, 0) == LOOK.base
    assert image.pixelColor(HEADER_WIDTH - 1, RULER_HEIGHT + 5) == QColor("red")
    assert image.pixelColor(HEADER_WIDTH + 100, RULER_HEIGHT + 5) == QColor("red")

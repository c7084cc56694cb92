"""Which frames need a person."""

from __future__ import annotations

import numpy as np

from annotator.controller.review import doubtful_frames, frame_reliability
from annotator.model.cells import CellState


def table(codes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    states = np.zeros((len(codes), 256), np.uint8)
    values = np.zeros((len(codes), 256), np.uint8)
    states[:, 1] = CellState.PROPAGATED
    values[:, 1] = codes
    return states, values


def test_a_frame_is_as_reliable_as_its_worst_object() -> None:
    states, codes = table([200, 200])
    states[1, 2], codes[1, 2] = CellState.PROPAGATED, 90
    assert frame_reliability(states, codes).tolist() == [200, 90]


def test_what_a_person_made_and_what_is_unknown_is_not_in_doubt() -> None:
    states, codes = table([10, 20, 0, 30])
    states[0, 1] = CellState.VERIFIED
    states[1, 1] = CellState.CORRECTED
    assert frame_reliability(states, codes).tolist() == [256, 256, 256, 30]
    assert doubtful_frames(states, codes) == [3]


def test_the_most_doubtful_comes_first_and_stands_for_its_neighbours() -> None:
    values = [250] * 40
    values[10], values[11], values[30] = 50, 40, 60
    frames = doubtful_frames(*table(values))
    assert frames[:2] == [11, 30]
    assert 10 not in frames
    assert all(abs(a - b) > 5 for i, a in enumerate(frames) for b in frames[:i])


def test_nothing_propagated_means_nothing_in_doubt() -> None:
    assert doubtful_frames(np.zeros((5, 256), np.uint8), np.zeros((5, 256), np.uint8)) == []

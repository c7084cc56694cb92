"""Which frames need a person."""

from __future__ import annotations

import numpy as np

from annotator.controller.review import (
    checked_frames,
    doubtful_frames,
    frame_reliability,
    reliability_curve,
    suggest_correction,
)
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


def test_places_that_were_looked_at_are_left_out_with_their_neighbours() -> None:
    values = [250] * 40
    values[10], values[11], values[30] = 50, 40, 60
    frames = doubtful_frames(*table(values), checked=[11])
    assert frames[0] == 30
    assert not set(frames) & set(range(6, 17))


def test_frames_are_checked_when_nothing_in_them_is_only_propagated() -> None:
    states, _ = table([9, 9, 9, 9])
    states[0, 1] = CellState.DRAWN
    states[1, 1], states[1, 2] = CellState.VERIFIED, CellState.PROPAGATED
    states[2, 1], states[2, 2] = CellState.VERIFIED, CellState.CORRECTED
    states[3] = CellState.EMPTY
    assert checked_frames(states) == (2, 3)


def test_the_curve_is_the_lowest_reliability_and_nan_where_nothing_is_in_doubt() -> None:
    states, codes = table([1, 128, 255, 0])
    curve = reliability_curve(states, codes)
    assert curve[:3].tolist() == [0.0, 0.5, 1.0]
    assert np.isnan(curve[3])


def test_a_suggestion_says_why() -> None:
    states, codes = table([255] + [240] * 29)
    states[0, 1] = CellState.DRAWN
    states[10:21, 2], codes[10:21, 2] = CellState.PROPAGATED, 128
    codes[19, 2] = 26
    found = suggest_correction(states, codes, [0])
    assert found is not None
    assert found.object_id == 2 and 14 <= found.frame <= 19
    assert found.reference == 0
    assert found.reach == (found.frame // 2 + 1, 29)
    reason = found.reason("cup")
    assert reason.startswith(f"Frame {found.frame}: cup has reliability ")
    assert f"{found.frame} frames from the nearest reference (0)" in reason
    assert f"frames {found.frame // 2 + 1} to 29" in reason
    if found.frame != 19:
        assert "among them frame 19 at 0.10" in reason


def test_what_a_person_made_is_never_suggested() -> None:
    states, codes = table([5] * 9)
    states[4, 1] = CellState.VERIFIED
    found = suggest_correction(states, codes, [0, 8])
    assert found is not None and found.frame not in (0, 4, 8)
    states[:, 1] = CellState.DRAWN
    assert suggest_correction(states, codes, [0]) is None

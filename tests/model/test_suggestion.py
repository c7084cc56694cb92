"""What a correction should gain, against the formula written out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotator.model.suggestion import correction_gains, reference_distances


def written_out(doubt: np.ndarray, references: list[int]) -> np.ndarray:
    distances = reference_distances(len(doubt), references)
    gains = np.zeros(len(doubt))
    for t in range(len(doubt)):
        for s in range(len(doubt)):
            if distances[s] > 0:
                gains[t] += doubt[s] * max(0.0, 1 - abs(s - t) / distances[s])
    gains[references] = 0
    return gains


def test_distances_by_hand() -> None:
    assert reference_distances(6, [1, 4]).tolist() == [1, 0, 1, 1, 0, 1]
    assert reference_distances(3, []).tolist() == [3, 3, 3]


def test_a_single_doubtful_frame_by_hand() -> None:
    doubt = np.array([0, 0, 0, 0, 0.8, 0, 0, 0])  # four frames from the reference
    gains = correction_gains(doubt, [0])
    assert np.allclose(gains, 0.8 * np.array([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25]))


@given(
    arrays(np.float64, st.integers(1, 24), elements=st.floats(0, 1)),
    st.sets(st.integers(0, 23), max_size=4),
)
def test_the_quick_sum_is_the_formula(doubt: np.ndarray, references: set[int]) -> None:
    known = sorted(r for r in references if r < len(doubt))
    assert np.allclose(correction_gains(doubt, known), written_out(doubt, known), atol=1e-9)


def test_without_any_difference_the_middle_of_the_largest_gap_wins() -> None:
    gains = correction_gains(np.full(41, 0.3), [0, 10, 40])
    assert np.argmax(gains) == 25
    assert gains[5] < gains[25]


def test_many_doubtful_frames_far_from_a_reference_beat_one_that_is_worse() -> None:
    doubt = np.full(60, 0.05)
    doubt[3] = 1.0  # bad, but three frames from a reference
    doubt[40:50] = 0.5
    assert 40 <= int(np.argmax(correction_gains(doubt, [0]))) < 50


def test_a_reference_gains_nothing() -> None:
    gains = correction_gains(np.full(9, 0.5), [0, 4])
    assert gains[0] == 0 and gains[4] == 0 and (np.delete(gains, [0, 4]) > 0).all()

"""Which reference explained what, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.model.reference_shares import ReferenceShares


def test_shares_over_a_run_and_in_a_frame() -> None:
    shares = ReferenceShares()
    assert shares.share(0) is None and shares.share_in(1, 0) is None
    shares.note(1, np.array([[0, 0], [0, 1]], np.uint8), (0, 8))
    shares.note(2, np.array([[1, 1], [1, 1]], np.uint8), (0, 8))
    assert shares.share(0) == pytest.approx(3 / 8) and shares.share(8) == pytest.approx(5 / 8)
    assert shares.share_in(1, 0) == 0.75 and shares.share_in(2, 0) == 0
    assert shares.frames_of(0) == {1: 0.75} and shares.frames_of(8) == {1: 0.25, 2: 1.0}


def test_a_frame_that_comes_again_counts_once_and_a_forgotten_one_not_at_all() -> None:
    shares = ReferenceShares()
    for _ in range(3):
        shares.note(1, np.zeros((2, 2), np.uint8), (0, 8))
    shares.note(1, np.ones((2, 2), np.uint8), (0, 8))
    assert shares.share(0) == 0 and shares.share(8) == 1
    shares.forget(1)
    assert shares.share(8) is None

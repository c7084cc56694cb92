"""Mean, recall and decay by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vos_core.evaluation.statistics import Summary, summarise


def test_recall_counts_values_above_a_half_only() -> None:
    assert summarise(np.array([0.5, 0.51, 0.2, 0.9])).recall == 0.5


def test_decay_is_first_quarter_minus_last_with_shared_ends() -> None:
    # nine values: ends are round(linspace(1, 9, 5)) - 1 = 0, 2, 4, 6, 8; the bins are 0..2 and 6..8
    values = np.array([1.0, 0.9, 0.8, 0.0, 0.0, 0.0, 0.5, 0.4, 0.3])
    assert summarise(values).decay == pytest.approx(0.9 - 0.4)


def test_bin_ends_round_halves_as_the_benchmark_does() -> None:
    # three values: linspace(1, 3, 5) = 1, 1.5, 2, 2.5, 3; plus 1e-10 both halves round up:
    # ends 0, 1, 1, 2, 2, so the first bin is values 0..1 and the last value 2 alone
    assert summarise(np.array([1.0, 0.5, 0.25])).decay == pytest.approx(0.75 - 0.25)


def test_long_sequences_do_not_wrap_at_256_frames() -> None:
    values = np.linspace(1.0, 0.0, 1001)
    assert summarise(values).decay == pytest.approx(0.75, abs=0.001)


def test_one_frame_has_no_decay_and_none_has_nothing() -> None:
    assert summarise(np.array([0.7])) == Summary(0.7, 1.0, 0.0)
    assert math.isnan(summarise(np.array([])).mean)


def test_objects_count_alike() -> None:
    average = Summary.average([Summary(1.0, 1.0, 0.0), Summary(0.5, 0.0, 0.2)])
    assert (average.mean, average.recall, average.decay) == pytest.approx((0.75, 0.5, 0.1))

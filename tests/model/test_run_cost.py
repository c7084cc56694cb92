"""Costs of runs, by hand."""

from __future__ import annotations

import json

import pytest

from annotator.model.run_cost import Forecast, RunCosts, run_key

KEY = run_key("net · cpu · float32", 480, 854)


def test_before_anything_was_measured_the_time_is_marked_as_a_guess() -> None:
    found = RunCosts().forecast(KEY, visits=100, frames=100, object_count=1, reference_count=1)
    assert found.seconds == pytest.approx(100 * 0.19) and not found.is_measured
    assert "perhaps 0:19" in found.text and found.text.startswith("100 frames · ")


def test_measured_time_is_used_and_scaled_to_the_number_of_objects() -> None:
    costs = RunCosts()
    costs.note(KEY, 1, 0.38, 50_000)  # twice as slow as the machine of the benchmarks
    one, is_measured = costs.seconds_per_visit(KEY, 1)
    assert one == pytest.approx(0.38) and is_measured
    ten, _ = costs.seconds_per_visit(KEY, 10)
    assert ten == pytest.approx(2 * (0.15 + 0.4))
    costs.note(KEY, 10, 2.0, 50_000)
    assert costs.seconds_per_visit(KEY, 9)[0] == pytest.approx(2.0 * 0.51 / 0.55)
    assert costs.seconds_per_visit(KEY, 2)[0] == pytest.approx(0.38 * 0.23 / 0.19)


def test_newer_visits_count_more_and_one_outlier_does_not_decide() -> None:
    costs = RunCosts()
    for seconds in (1.0, 1.0, 11.0):
        costs.note(KEY, 1, seconds, 1000)
    assert costs.seconds_per_visit(KEY, 1)[0] == pytest.approx(4.0)


def test_memory_grows_with_frames_objects_and_references() -> None:
    costs = RunCosts()
    costs.note(KEY, 1, 0.2, 100_000)

    def size(**changes: int) -> int:
        wish = {"visits": 10, "frames": 10, "object_count": 1, "reference_count": 1} | changes
        return costs.forecast(KEY, **wish).nbytes

    assert size(visits=1010, frames=1010) - size() == 1000 * 100_000
    assert size(object_count=5) - size() == 4 * (8 << 20)
    assert size(reference_count=3) - size() == 2 * (13 << 20)


def test_costs_survive_as_json_and_nonsense_is_left_out() -> None:
    costs = RunCosts()
    costs.note(KEY, 3, 0.25, 40_000)
    again = RunCosts(json.loads(json.dumps(costs.values)))
    assert again.values == costs.values
    seconds, is_measured = again.seconds_per_visit(KEY, 3)
    assert seconds == pytest.approx(0.25) and is_measured
    broken = {KEY: {"1": "soon", "x": 2, "3": -1}, "other": 5, "third": {}}
    assert RunCosts(broken).values == {}
    costs.note(KEY, 3, float("nan"), 1)
    assert costs.values == again.values


@pytest.mark.parametrize(("seconds", "text"), [(9.2, "0:10"), (61.0, "1:01"), (3725.0, "1:02:05")])
def test_the_text_of_a_time(seconds: float, text: str) -> None:
    assert f"about {text} · 0.2 GB" in Forecast(2, seconds, 200_000_000, True).text

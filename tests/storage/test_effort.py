"""What the work cost, by hand."""

from __future__ import annotations

from annotator.storage.effort import LONGEST_THOUGHT_S, effort_of


def test_steps_corrections_and_seconds_of_each_object() -> None:
    lines = [
        {"e": "open"},
        {"e": "edit", "t": 4.0, "objects": [1], "corrected": []},
        {"e": "edit", "t": 10.0, "objects": [1, 2], "corrected": [2]},
        {"e": "run", "t": 12.0},
        {"e": "result", "t": 13.0},
        {"e": "result", "t": 14.0},
        {"e": "over", "t": 15.0},
        {"e": "undo", "t": 16.0},
        {"e": "edit", "t": 500.0, "objects": [2], "corrected": [2]},
        {"e": "open", "t": 0.0},
        {"e": "edit", "t": 1.0, "objects": [3], "corrected": []},
    ]
    total = effort_of(lines)
    assert (total.sessions, total.runs, total.results, total.undone) == (2, 1, 2, 1)
    first, second, third = (total.objects[i] for i in (1, 2, 3))
    assert (first.interactions, first.corrections, first.seconds) == (2, 0, 4.0 + 3.0)
    assert (second.interactions, second.corrections) == (2, 2)
    assert second.seconds == 3.0 + LONGEST_THOUGHT_S  # the long pause is capped
    assert third.seconds == 1.0
    assert total.seconds == 4 + 6 + 2 + 4 + LONGEST_THOUGHT_S + 1


def test_an_empty_log_costs_nothing() -> None:
    assert effort_of([]).seconds == 0 and effort_of([]).objects == {}

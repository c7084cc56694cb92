"""Which frames a run visits, by hand."""

from __future__ import annotations

import pytest

from annotator.controller.propagation_plan import (
    passes_after,
    passes_resting_on,
    plan_propagation,
)
from annotator.worker.jobs import Direction, PropagationPass

FORWARD, BACKWARD, BOTH = Direction.FORWARD, Direction.BACKWARD, Direction.BOTH


def targets(plan) -> list[tuple[int, ...]]:  # type: ignore[no-untyped-def]
    return [one.targets for one in plan.passes]


@pytest.mark.parametrize(
    ("direction", "frame", "references", "start", "expected"),
    [
        (FORWARD, 0, [0], 0, [(1, 2, 3, 4, 5)]),
        (FORWARD, 4, [0, 2], 2, [(3, 4, 5)]),
        (FORWARD, 1, [3], 3, [(4, 5)]),  # none before: the nearest after
        (BACKWARD, 3, [3], 3, [(2, 1, 0)]),
        (BACKWARD, 1, [0, 4], 4, [(3, 2, 1)]),
        (BOTH, 3, [3], 3, [(4, 5), (2, 1, 0)]),
        (BOTH, 3, [0, 4], 4, [(5,), (3, 2, 1)]),
        (FORWARD, 0, [0, 3], 0, [(1, 2, 4, 5)]),  # a reference on the way is not visited
        (FORWARD, 5, [5], 5, []),
    ],
)
def test_start_and_targets(direction, frame, references, start, expected) -> None:  # type: ignore[no-untyped-def]
    plan = plan_propagation(direction, frame, {r: [1] for r in references}, 6)
    assert plan is not None
    assert plan.start == start and targets(plan) == expected
    assert plan.frame_count == sum(len(t) for t in expected)


def test_without_a_reference_there_is_no_plan() -> None:
    assert plan_propagation(FORWARD, 0, {}, 6) is None


def test_a_single_target_backward_keeps_its_direction() -> None:
    plan = plan_propagation(BACKWARD, 1, {1: [1]}, 6)
    assert plan is not None and plan.passes == (PropagationPass((0,), -1),)


def test_a_reference_that_says_nothing_of_a_travelling_object_is_visited() -> None:
    plan = plan_propagation(FORWARD, 0, {0: [1], 2: [2], 4: [1, 2]}, 6)
    assert plan is not None and plan.incomplete == {2}
    assert targets(plan) == [(1, 2, 3, 5)]


def test_an_object_that_comes_later_makes_no_earlier_reference_incomplete() -> None:
    plan = plan_propagation(FORWARD, 0, {0: [1], 2: [1, 2], 4: [1, 2]}, 6)
    assert plan is not None and plan.incomplete == set() and targets(plan) == [(1, 3, 5)]


def test_incomplete_references_are_judged_in_the_direction_of_travel() -> None:
    plan = plan_propagation(BOTH, 2, {0: [1], 2: [1, 2], 4: [1]}, 6)
    assert plan is not None and plan.incomplete == {0, 4}
    assert targets(plan) == [(3, 4, 5), (1, 0)]


PASSES = (PropagationPass((4, 5, 6, 7), 1), PropagationPass((2, 1, 0), -1))


@pytest.mark.parametrize(
    ("corrected", "visited", "resting"),
    [
        (5, [4, 5, 6], PASSES[:1]),
        (6, [4, 5, 6], ()),  # nothing beyond it is done yet
        (7, [4, 5], ()),  # ahead
        (3, [4, 5], PASSES[:1]),  # the reference that the pass came from
        (1, [4, 5, 6, 7, 2], ()),
        (2, [4, 5, 6, 7, 2, 1], PASSES[1:]),
    ],
)
def test_passes_resting_on_a_frame(corrected, visited, resting) -> None:  # type: ignore[no-untyped-def]
    assert passes_resting_on(corrected, PASSES, visited) == resting


def test_what_is_left_after_a_correction_behind_a_finished_pass() -> None:
    left = passes_after(5, PASSES, [4, 5, 6, 7, 2])
    assert left == (PropagationPass((6, 7), 1), PropagationPass((2, 1, 0), -1))


def test_the_shared_reference_of_both_passes_begins_both_again() -> None:
    assert passes_after(3, PASSES, [4, 5, 6, 7, 2, 1, 0]) == PASSES


def test_done_passes_that_do_not_rest_on_it_stay() -> None:
    assert passes_after(2, PASSES, [4, 5, 6, 7, 2, 1]) == (PropagationPass((1, 0), -1),)

"""Which frames a run covers, by hand."""

from __future__ import annotations

import pytest

from annotator.controller.propagation_plan import (
    PropagationPlan,
    plan_propagation,
    plan_range,
    plan_to_barrier,
)
from annotator.worker.jobs import Direction

FORWARD, BACKWARD, BOTH = Direction.FORWARD, Direction.BACKWARD, Direction.BOTH


def speaking(*frames: int) -> dict[int, list[int]]:
    return {frame: [1] for frame in frames}


@pytest.mark.parametrize(
    ("direction", "frame", "references", "start", "targets", "visits"),
    [
        (FORWARD, 0, [0], 0, (1, 2, 3, 4, 5), 5),
        (FORWARD, 4, [0, 2], 2, (3, 4, 5), 3),
        (FORWARD, 1, [3], 3, (4, 5), 2),  # none before: the nearest after
        (BACKWARD, 3, [3], 3, (0, 1, 2), 3),
        (BACKWARD, 1, [0, 4], 4, (1, 2, 3), 6),  # between two references: from both sides
        (BOTH, 3, [3], 3, (0, 1, 2, 4, 5), 5),
        (BOTH, 3, [0, 4], 4, (1, 2, 3, 5), 7),
        (FORWARD, 0, [0, 3], 0, (1, 2, 4, 5), 6),  # a reference on the way is not visited
        (FORWARD, 5, [5], 5, (), 0),
    ],
)
def test_start_targets_and_cost(direction, frame, references, start, targets, visits) -> None:  # type: ignore[no-untyped-def]
    spoken = speaking(*references)
    plan = plan_propagation(direction, frame, spoken, 6)
    assert plan is not None and plan.start == start
    assert plan.targets(spoken) == targets
    assert plan.visit_count(spoken, both_sides=True) == visits
    assert plan.visit_count(spoken, both_sides=False) == len(targets)


def test_without_a_reference_there_is_no_plan() -> None:
    assert plan_propagation(FORWARD, 0, {}, 6) is None
    assert plan_to_barrier(FORWARD, 0, {}, [], 6) is None


def test_a_reference_that_says_nothing_of_an_object_is_a_target() -> None:
    spoken = {0: [1, 2], 2: [2], 4: [1, 2]}
    plan = plan_propagation(FORWARD, 0, spoken, 6)
    assert plan is not None and plan.targets(spoken) == (1, 2, 3, 5)


@pytest.mark.parametrize(
    ("direction", "frame", "barriers", "expected"),
    [
        (FORWARD, 2, [1, 7, 9], (2, 0, 6)),
        (FORWARD, 2, [1], (2, 0, 9)),
        (BACKWARD, 8, [1, 5], (8, 6, 9)),
        (BACKWARD, 8, [], (8, 0, 9)),
    ],
)
def test_a_verified_frame_is_a_barrier(direction, frame, barriers, expected) -> None:  # type: ignore[no-untyped-def]
    plan = plan_to_barrier(direction, frame, speaking(2, 8), barriers, 10)
    assert plan is not None and (plan.start, plan.first, plan.last) == expected


@pytest.mark.parametrize(
    ("references", "shown", "expected"),
    [
        # masks on both sides: the range joins them
        ([0], range(1, 20), PropagationPlan(BOTH, 4, 5, 8, (4, 9))),
        # masks on one side
        ([0], range(1, 7), PropagationPlan(BOTH, 4, 5, 8, (4,))),
        # a reference right beside the range
        ([4], range(0), PropagationPlan(BOTH, 4, 5, 8)),
        ([9], range(0), PropagationPlan(BOTH, 9, 5, 8)),
        # a reference inside
        ([6], range(0), PropagationPlan(BOTH, 6, 5, 8)),
        # nothing beside it: from the nearest reference, the frames on the way too
        ([1, 15], range(0), PropagationPlan(BOTH, 1, 2, 8)),
        ([15], range(0), PropagationPlan(BOTH, 15, 5, 14)),
        ([], range(0), None),
    ],
)
def test_a_range(references, shown, expected) -> None:  # type: ignore[no-untyped-def]
    assert plan_range(5, 8, speaking(*references), lambda frame: frame in shown) == expected

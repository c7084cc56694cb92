"""Order of visits, anchors, objects and partial references, on maps of one row of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from vos_core.errors import UserError
from vos_core.inference.route import Leg, Route


def row(*ids: int) -> np.ndarray:
    return np.array([ids], np.uint8)


def walk(route: Route, limit: int = 50) -> list[Leg]:
    legs: list[Leg] = []
    while (leg := route.next_leg()) is not None and len(legs) < limit:
        legs.append(leg)
        if leg.open_ids:
            route.complete(leg.target, row(*[max(leg.open_ids)] * route.size[1]), leg.open_ids)
        route.done(leg.target)
    return legs


def short(legs: Sequence[Leg]) -> list[tuple[int, int | None, tuple[int, ...]]]:
    return [(leg.target, leg.anchor, leg.object_ids) for leg in legs]


def test_forward_from_the_first_frame() -> None:
    route = Route({0: row(0, 1)}, range(1, 4), None)
    assert route.targets_left == 3
    assert short(walk(route)) == [(1, 0, (1,)), (2, None, (1,)), (3, None, (1,))]
    assert route.targets_left == 0


def test_backward_is_forward_mirrored() -> None:
    forward = Route({0: row(0, 1), 3: row(2, 1)}, range(1, 6), None)
    backward = Route({9: row(0, 1), 6: row(2, 1)}, range(8, 3, -1), None)
    mirrored = [
        (9 - target, None if anchor is None else 9 - anchor, ids)
        for target, anchor, ids in short(walk(backward))
    ]
    assert short(walk(forward)) == mirrored


def test_reference_frames_are_passed_over_and_become_the_previous_frame() -> None:
    route = Route({0: row(0, 1), 2: row(1, 0)}, range(5), None)
    assert route.targets_left == 3
    assert short(walk(route)) == [(1, 0, (1,)), (3, 2, (1,)), (4, None, (1,))]


def test_an_object_takes_part_once_a_reference_behind_has_shown_it() -> None:
    route = Route({0: row(0, 1), 2: row(1, 7)}, range(1, 5), None)
    assert [leg.object_ids for leg in walk(route)] == [(1,), (1, 7), (1, 7)]


def test_the_other_references_serve_when_none_is_behind() -> None:
    route = Route({5: row(0, 4)}, range(3), None)
    assert short(walk(route))[0] == (0, 5, (4,))


def test_only_the_wanted_objects_travel() -> None:
    route = Route({0: row(1, 2, 3, 255)}, [1], [3, 1, 9])
    assert walk(route)[0].object_ids == (1, 3)


def test_one_target_before_the_references_is_reached_backwards() -> None:
    route = Route({5: row(0, 1), 7: row(0, 2)}, [3], None)
    assert short(walk(route)) == [(3, 5, (1, 2))]


def test_the_map_is_copied() -> None:
    mask = row(0, 1)
    route = Route({0: mask}, [1], None)
    mask[:] = 0
    assert route.label_map(0).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ({}, "no reference frame; paint an object"),
        ({0: row(0, 0)}, "shows an object to carry"),
        ({0: row(0, 255)}, "shows an object to carry"),
        ({0: row(0, 1), 4: row(0, 1, 1)}, "mask of frame 4 is 3x1 pixels, the others are 2x1"),
        ({0: np.zeros((2, 2, 3), np.uint8)}, "frame 0 is an array of uint8 with 3 axes"),
        ({3: np.ones((2, 2), np.int64)}, "frame 3 is an array of int64"),
    ],
)
def test_refusals_name_the_frame(references: dict[int, np.ndarray], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Route(references, [1, 2], None)


def test_objects_that_no_reference_shows_cannot_be_carried() -> None:
    with pytest.raises(UserError, match="shows an object to carry"):
        Route({0: row(0, 1)}, [1], [2])


@pytest.mark.parametrize("targets", [[1, 3, 2], [1, 1], [3, 2, 2]])
def test_targets_must_ascend_or_descend(targets: list[int]) -> None:
    with pytest.raises(ValueError, match="ascend or descend"):
        Route({0: row(0, 1)}, targets, None)


def visited(route: Route, count: int) -> Route:
    for _ in range(count):
        leg = route.next_leg()
        assert leg is not None
        route.done(leg.target)
    return route


def test_a_correction_ahead_waits_until_it_is_reached() -> None:
    route = visited(Route({0: row(0, 1)}, range(1, 7), None), 2)
    assert route.correct(4, row(1, 0)) == {4}
    assert route.targets_left == 3
    assert short(walk(route)) == [(3, None, (1,)), (5, 4, (1,)), (6, None, (1,))]


def test_a_correction_of_the_next_frame_replaces_it() -> None:
    route = visited(Route({0: row(0, 1)}, range(1, 5), None), 2)
    route.correct(3, row(1, 0))
    assert short(walk(route)) == [(4, 3, (1,))]


def test_a_correction_of_a_passed_frame_goes_back_to_it() -> None:
    route = visited(Route({0: row(0, 1)}, range(1, 7), None), 5)
    route.correct(2, row(1, 0))
    assert route.targets_left == 4
    assert short(walk(route))[:2] == [(3, 2, (1,)), (4, None, (1,))]


def test_a_correction_of_the_first_reference_starts_anew() -> None:
    route = visited(Route({0: row(0, 1)}, range(1, 5), None), 3)
    route.correct(0, row(1, 0))
    assert short(walk(route))[0] == (1, 0, (1,))


def test_a_correction_behind_the_range_is_taken_up_from_its_first_frame() -> None:
    route = visited(Route({0: row(0, 1)}, range(5, 9), None), 2)
    route.correct(3, row(1, 0))
    assert short(walk(route))[0] == (5, 3, (1,))


def test_a_correction_can_bring_an_object() -> None:
    route = visited(Route({0: row(0, 1)}, range(1, 7), None), 4)
    route.correct(3, row(2, 1))
    assert [leg.object_ids for leg in walk(route)] == [(1, 2)] * 3


def test_a_correction_of_another_size_changes_nothing() -> None:
    route = visited(Route({0: row(0, 1)}, range(1, 4), None), 1)
    with pytest.raises(UserError, match="mask of frame 2"):
        route.correct(2, row(0, 1, 1))
    assert short(walk(route)) == [(2, None, (1,)), (3, None, (1,))]


def test_a_closed_route_stays_closed() -> None:
    route = Route({0: row(0, 1)}, range(1, 4), None)
    route.close()
    assert route.targets_left == 0
    assert route.correct(1, row(0, 1)) == frozenset()
    assert route.next_leg() is None


def test_a_partial_reference_stays_a_target_for_what_it_does_not_speak_of() -> None:
    route = Route({0: row(0, 0, 1), 3: row(2, 0, 0)}, range(1, 6), None, {0: {1}, 3: {2}})
    assert route.targets_left == 5
    legs = walk(route)
    assert short(legs) == [
        (1, 0, (1,)),
        (2, None, (1,)),
        (3, None, (1,)),
        (4, 3, (1, 2)),
        (5, None, (1, 2)),
    ]
    assert [leg.open_ids for leg in legs] == [set(), set(), {1}, set(), set()]
    # completed: object 1 under what the person drew, and now the frame speaks of both
    assert route.label_map(3).tolist() == [[2, 1, 1]]
    assert route.speaks_of(3, [1, 2])
    assert not route.speaks_of(0, [1, 2])
    assert route.targets_left == 0


def test_a_reference_that_speaks_of_all_travelling_objects_is_no_target() -> None:
    route = Route({0: row(0, 1), 2: row(2, 0)}, range(1, 4), None, {2: {1, 2}})
    assert short(walk(route)) == [(1, 0, (1,)), (3, 2, (1, 2))]


def test_by_default_a_map_speaks_of_what_was_shown_on_the_way_to_it() -> None:
    route = Route({0: row(0, 1), 2: row(0, 2), 4: row(3, 0)}, range(1, 6), None)
    assert [route.speaks_of(0, [i]) for i in (1, 2, 3)] == [True, False, False]
    assert [route.speaks_of(2, [i]) for i in (1, 2, 3)] == [True, True, False]
    assert route.speaks_of(4, [1, 2, 3])
    backward = Route({0: row(0, 1), 2: row(0, 2)}, range(3, -1, -1), None)
    assert backward.speaks_of(0, [1, 2])
    assert not backward.speaks_of(2, [1])


def test_completion_keeps_the_persons_pixels_and_nobodys() -> None:
    route = Route({0: row(0, 0, 0, 1), 1: row(2, 0, 255, 255)}, range(1, 3), None, {0: {1}, 1: {2}})
    leg = route.next_leg()
    assert leg is not None
    assert leg.open_ids == {1}
    # the prediction says 1 everywhere but the second pixel, where it says 2: person's say, not its
    merged = route.complete(1, row(1, 2, 1, 0), leg.open_ids)
    assert merged.tolist() == [[2, 0, 1, 0]]
    assert route.label_map(1).tolist() == [[2, 0, 1, 255]]


def test_a_correction_behind_a_completed_reference_undoes_the_completion() -> None:
    route = Route({0: row(0, 1), 3: row(2, 0)}, range(1, 6), None, {0: {1}, 3: {2}})
    walk(route)
    assert route.correct(1, row(1, 1), {1}) == {1, 3}
    assert route.label_map(3).tolist() == [[2, 0]]
    assert [leg.target for leg in walk(route)] == [2, 3, 4, 5]


def test_a_partial_correction_of_a_passed_frame_is_visited_again() -> None:
    route = visited(Route({0: row(0, 1)}, range(1, 5), None), 3)
    route.correct(2, row(2, 0), {2})
    legs = walk(route)
    assert short(legs) == [(2, 0, (1,)), (3, 2, (1, 2)), (4, None, (1, 2))]
    assert legs[0].open_ids == {1}


def test_a_partial_correction_of_the_frame_just_visited_is_visited_again() -> None:
    route = visited(Route({0: row(0, 1)}, range(1, 5), None), 2)
    route.correct(2, row(2, 0), {2})
    legs = walk(route)
    assert [leg.target for leg in legs] == [2, 3, 4]
    assert legs[0].open_ids == {1}

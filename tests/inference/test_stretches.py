"""Which visits a wish needs: by hand, and laws over random references."""

from __future__ import annotations

import random

import pytest

from vos_core.inference.stretches import BACKWARD, FORWARD, Spoken, Stretch, Visit, VisitPlan, Wish

A, B = frozenset({1}), frozenset({2})
BOTH = A | B


def plan(direction: str, start: int, references: dict[int, Spoken], last: int = 6, **wish: object):  # type: ignore[no-untyped-def]
    return VisitPlan(Wish.of(direction, start, 0, last, **wish), references)  # type: ignore[arg-type]


def text(passes: list[tuple[Visit, ...]]) -> list[str]:
    """Passes as ``>1 2 3`` (forward) and ``<3 2 1``."""
    return [
        (">" if one[0].side == FORWARD else "<") + " ".join(str(v.frame) for v in one)
        for one in passes
    ]


@pytest.mark.parametrize(
    ("direction", "start", "references", "expected"),
    [
        ("forward", 0, [0], [">1 2 3 4 5 6"]),
        ("forward", 0, [0, 3], [">1 2", "<2 1", ">4 5 6"]),
        ("forward", 3, [0, 3], [">4 5 6"]),
        ("backward", 6, [6], ["<5 4 3 2 1 0"]),
        ("backward", 6, [2, 6], ["<5 4 3", ">3 4 5", "<1 0"]),
        ("both", 3, [3], [">4 5 6", "<2 1 0"]),
        ("both", 0, [0, 4], [">1 2 3", "<3 2 1", ">5 6"]),
        ("both", 4, [0, 4], [">5 6", "<3 2 1", ">1 2 3"]),
        ("both", 2, [2, 5], [">3 4", "<4 3", ">6", "<1 0"]),
        ("forward", 6, [6], []),
    ],
)
def test_passes(direction, start, references, expected) -> None:  # type: ignore[no-untyped-def]
    made = plan(direction, start, {i: Spoken(A) for i in references})
    assert text(made.passes()) == expected


def test_one_side_only_when_asked() -> None:
    made = plan("forward", 0, {0: Spoken(A), 3: Spoken(A)}, both_sides=False)
    assert text(made.passes()) == [">1 2", ">4 5 6"]
    made = plan("both", 3, {0: Spoken(A), 3: Spoken(A)}, both_sides=False)
    assert text(made.passes()) == [">4 5 6", "<2 1"]


def test_a_range_stops_where_it_ends() -> None:
    wish = Wish.of("both", 2, 2, 4)
    assert text(VisitPlan(wish, {2: Spoken(A), 6: Spoken(A)}).passes()) == [">3 4", "<4 3"]


def test_a_later_object_comes_back_only_on_a_run_both_ways() -> None:
    references = {0: Spoken(A, A), 3: Spoken(BOTH, BOTH)}
    forward = plan("forward", 0, references)
    assert forward.carried(2) == A and text(forward.passes()) == [">1 2", "<2 1", ">4 5 6"]
    both = plan("both", 0, references)
    assert both.carried(2) == BOTH
    # frame 0 says nothing of object 2: it is visited for it
    assert text(both.passes()) == [">1 2", "<2 1 0", ">4 5 6"]


def test_a_reference_that_does_not_speak_of_a_traveller_is_visited_and_ends_no_stretch() -> None:
    references = {0: Spoken(A, A), 3: Spoken(B, B), 5: Spoken(BOTH, BOTH)}
    made = plan("forward", 0, references)
    assert made.full == (0, 5)
    # at frame 3 object 1 alone is open; from the right object 1 comes back as far as frame 1
    assert text(made.passes()) == [">1 2 3 4", "<4 3 2 1", ">6"]


def test_only_the_wanted_objects_count() -> None:
    references = {0: Spoken(BOTH), 3: Spoken(B)}
    made = plan("forward", 0, references, object_ids=[1])
    assert text(made.passes()) == [">1 2", ">4 5 6"]  # 3 shows no object 1: nothing comes back
    assert made.carried(5) == A


def test_sources_are_the_nearest_references_that_show_each_object() -> None:
    made = plan("both", 0, {0: Spoken(BOTH), 2: Spoken(A), 5: Spoken(B)})
    assert made.sources(4, FORWARD) == {1: 2, 2: 0}
    assert made.sources(4, BACKWARD) == {2: 5}
    assert made.sources(0, FORWARD) == {}


def test_done_visits_are_left_out() -> None:
    made = plan("forward", 0, {0: Spoken(A), 3: Spoken(A)})
    assert text(made.passes([Visit(1, FORWARD), Visit(2, FORWARD)])) == ["<2 1", ">4 5 6"]


def test_what_rests_on_a_reference() -> None:
    made = plan("both", 0, {0: Spoken(A), 3: Spoken(A), 6: Spoken(A)})
    assert made.resting_on(3, FORWARD) == Stretch(3, 6)
    assert made.resting_on(3, BACKWARD) == Stretch(0, 3)
    assert made.resting_on(6, FORWARD) == Stretch(6, None)


def test_laws_over_random_references() -> None:
    draw = random.Random(3)
    for _ in range(300):
        last = draw.randint(1, 12)
        frames = draw.sample(range(last + 1), draw.randint(1, min(4, last + 1)))
        references = {}
        for index in frames:
            shown = frozenset(draw.sample([1, 2, 3], draw.randint(1, 3)))
            known = None if draw.random() < 0.3 else shown | set(draw.sample([1, 2, 3], 1))
            references[index] = Spoken(shown, known)
        start = draw.choice(frames)
        direction = draw.choice(["forward", "backward", "both"])
        made = plan(direction, start, references, last)
        passes = made.passes()
        visits = [visit for one in passes for visit in one]
        assert len(visits) == len(set(visits))
        asked = {*made.wish.ahead, *made.wish.behind}
        assert {visit.frame for visit in visits} <= asked
        for one in passes:
            side = one[0].side
            assert all(v.side == side for v in one)
            order = [v.frame * side for v in one]
            assert order == sorted(order)
            # no pass crosses a full reference
            for full in made.full:
                assert len({(v.frame - full) * side > 0 for v in one}) == 1
        for visit in visits:
            assert visit.frame not in made.full
            assert made.sources(visit.frame, visit.side)
        for frame in asked - set(references):
            if made.carried(frame):
                assert Visit(frame, made.main_side(frame)) in visits

"""What a person says is not there: it weighs like a mask, and holds between two such frames."""

from __future__ import annotations

import numpy as np

from tests.support.tiny_network import colour_propagator, moving_squares
from vos_core.inference import FrameResult, PropagatorOptions, TwoSidedPropagation, Wish
from vos_core.inference.fusion import Nearness, without_objects
from vos_core.inference.stretches import ABSENT_FRAMES, BACKWARD, FORWARD, Spoken, VisitPlan


def spoken(*shown: int, known: set[int] | None = None) -> Spoken:
    return Spoken(frozenset(shown), None if known is None else frozenset(known))


def plan(references: dict[int, Spoken], last: int = 99) -> VisitPlan:
    return VisitPlan(Wish.of("both", 0, 0, last), references)


def test_the_nearest_word_is_of_the_reference_that_says_it_is_not_there() -> None:
    found = plan({0: spoken(1, 2), 10: spoken(2), 20: spoken(1, 2)})
    assert found.nearest_words(5, FORWARD) == {1: 0, 2: 0}
    assert found.nearest_words(5, BACKWARD) == {1: 10, 2: 10}  # frame 20 is the next to show 1
    assert found.sources(5, BACKWARD) == {1: 20, 2: 10}
    # whoever does not speak of an object is passed over
    silent = plan({0: spoken(1, 2), 10: spoken(2, known={2}), 20: spoken(1, 2)})
    assert silent.nearest_words(5, BACKWARD) == {1: 20, 2: 10}
    # a side that nothing brings the object from has no word to weigh
    gone = plan({0: spoken(1, 2), 10: spoken(2)})
    assert gone.nearest_words(5, BACKWARD) == {2: 10}


def test_beside_the_frame_without_the_object_its_side_weighs_more() -> None:
    found = plan({0: spoken(1), 10: spoken(), 30: spoken(1)})
    weights = Nearness.of(9, found.nearest_words(9, FORWARD), found.nearest_words(9, BACKWARD))
    assert weights.backward[1] == 1.0
    assert weights.forward[1] == np.float32((1 - np.exp(-1 / 3)) / (1 - np.exp(-9 / 3)))


def test_an_object_is_absent_between_two_references_that_say_so() -> None:
    found = plan({0: spoken(1, 2), 10: spoken(2), 20: spoken(2), 30: spoken(1, 2)})
    assert [sorted(found.absent(i)) for i in (5, 15, 25)] == [[], [1], []]
    # beyond a second it may have come and gone
    last = 10 + ABSENT_FRAMES
    assert plan({0: spoken(1), 10: spoken(), last: spoken(), 50: spoken(1)}).absent(12) == {1}
    assert not plan({0: spoken(1), 10: spoken(), last + 1: spoken(), 50: spoken(1)}).absent(12)
    # a reference that does not speak of it says nothing
    mixed = {0: spoken(1, 2), 10: spoken(2, known={2}), 20: spoken(2), 30: spoken(1)}
    assert not plan(mixed).absent(15)


def test_what_is_left_out_becomes_background_and_is_surely_absent() -> None:
    label_map = np.array([[0, 1, 2]], np.uint8)
    result = FrameResult(3, label_map, np.full((1, 3), 99, np.uint8), {1: 0.3, 2: 0.6}, None, 0.0)
    found = without_objects(result, {1})
    assert found.label_map.tolist() == [[0, 0, 2]]
    assert found.object_reliability == {1: 1.0, 2: 0.6}
    assert label_map.tolist() == [[0, 1, 2]]
    assert without_objects(result, ()) is result


def test_a_run_leaves_out_what_both_neighbours_deny_and_keeps_the_others() -> None:
    frames, masks = moving_squares(9, objects=2)
    references = {0: masks[0], 2: np.where(masks[2] == 1, 0, masks[2]).astype(np.uint8)}
    references[6] = np.where(masks[6] == 1, 0, masks[6]).astype(np.uint8)
    references[8] = masks[8]
    run = TwoSidedPropagation.start(
        colour_propagator(),
        frames.__getitem__,
        references,
        Wish.of("forward", 0, 0, 8),
        options=PropagatorOptions(),
    )
    shown: dict[int, set[int]] = {}
    while (result := run.step()) is not None:
        shown[result.index] = set(np.unique(result.label_map).tolist())
    for frame in (3, 4, 5):
        assert shown[frame] == {0, 2}, frame
    assert 1 in shown[1] and 1 in shown[7]

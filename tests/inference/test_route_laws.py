"""Laws of the route under any order of steps and corrections."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vos_core.inference.known_masks import shown_ids
from vos_core.inference.route import Route

FRAMES, WIDTH = 8, 4
masks = st.lists(st.sampled_from([0, 0, 1, 2, 3, 255]), min_size=WIDTH, max_size=WIDTH).map(
    lambda ids: np.array([ids], np.uint8)
)
knowns = st.none() | st.sets(st.sampled_from([1, 2, 3]))
corrections = st.tuples(st.integers(0, FRAMES - 1), masks, knowns)
acts = st.lists(st.none() | corrections, max_size=25)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.integers(0, FRAMES - 1), st.tuples(masks, knowns), min_size=1, max_size=4),
    acts,
    st.booleans(),
)
def test_any_order_of_steps_and_corrections(
    references: dict[int, tuple[np.ndarray, set[int] | None]],
    actions: list[tuple[int, np.ndarray, set[int] | None] | None],
    is_backward: bool,
) -> None:
    first = next(iter(references))
    references[first][0][0, 0] = 1  # something to carry
    order = list(range(FRAMES))[:: -1 if is_backward else 1]
    direction = -1 if is_backward else 1
    drawn = {index: label_map.copy() for index, (label_map, _) in references.items()}
    route = Route(
        drawn, order, None, {i: known for i, (_, known) in references.items() if known is not None}
    )
    fresh: dict[int, bool] = {}  # visited since the last correction that concerns the frame

    def step() -> bool:
        left = route.targets_left
        leg = route.next_leg()
        assert (leg is None) == (left == 0)
        if leg is None:
            return False
        assert leg.target in order
        assert leg.open_ids <= set(leg.object_ids)
        assert (leg.target in drawn) == bool(leg.open_ids)
        behind = [i for i in drawn if (leg.target - i) * direction > 0]
        shown = frozenset[int]().union(*(shown_ids(drawn[i]) for i in behind or drawn))
        assert shown <= set(leg.object_ids) | {0}
        if leg.anchor is not None:
            assert leg.anchor in drawn
            assert not behind or leg.anchor == max(behind, key=lambda i: i * direction)
        if leg.open_ids:
            predicted = np.full((1, WIDTH), max(leg.open_ids), np.uint8)
            merged = route.complete(leg.target, predicted, leg.open_ids)
            person = drawn[leg.target]
            kept = (person != 0) & (person != 255)
            np.testing.assert_array_equal(merged[kept], person[kept])
            assert shown_ids(merged) <= shown_ids(person) | leg.open_ids
            assert route.speaks_of(leg.target, leg.object_ids)
        route.done(leg.target)
        fresh[leg.target] = True
        assert route.targets_left == left - 1
        return True

    for action in actions:
        if action is None:
            step()
            continue
        index, label_map, known = action
        drawn[index] = label_map.copy()
        changed = route.correct(index, label_map, known)
        assert index in changed
        for target in list(fresh):
            if (target - index) * direction >= 0:
                del fresh[target]
    for _ in range(FRAMES + 1):
        if not step():
            break
    assert route.targets_left == 0
    for target in order:
        if target not in drawn:
            assert fresh.get(target), f"frame {target} was not visited after the last correction"

"""Multi-local matching: fast == plain on odd grids and all factors, hand-derived numbers, laws."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vos_core.matching.distance import FAR, distance_at
from vos_core.matching.local_matching import (
    local_matching,
    local_matching_index,
    plain_local_matching,
)

TOLERANCE = {"atol": 3e-5, "rtol": 1e-5}


def random_problem(
    seed: int, size: tuple[int, int], label_count: int, channels: int = 5
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(channels, *size, generator=generator)
    keys = torch.randn(channels, *size, generator=generator)
    labels = torch.randint(-1, label_count, size, generator=generator)
    return query, keys, labels


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (8, 8), (9, 13), (16, 7)])
@pytest.mark.parametrize(
    ("halves", "atrous"),
    [((2, 4, 6), 1), ((2, 4, 8), 1), ((1,), 1), ((2, 4), 2), ((3, 6), 3), ((0, 4), 4)],
)
def test_fast_equals_plain(size: tuple[int, int], halves: tuple[int, ...], atrous: int) -> None:
    query, keys, labels = random_problem(sum(size), size, 3)
    fast = local_matching(query, keys, labels, 4, halves, atrous=atrous)
    plain = plain_local_matching(query, keys, labels, 4, halves, atrous=atrous)
    torch.testing.assert_close(fast, plain, **TOLERANCE)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 4),
    st.sets(st.integers(0, 4), min_size=1).map(sorted),
    st.sampled_from([1, 2, 3, 4, 6]),
)
def test_fast_equals_plain_anywhere(
    seed: int, height: int, width: int, label_count: int, windows: list[int], atrous: int
) -> None:
    query, keys, labels = random_problem(seed, (height, width), label_count, channels=3)
    halves = [half * atrous for half in windows]
    fast = local_matching(query, keys, labels, label_count, halves, atrous=atrous)
    plain = plain_local_matching(query, keys, labels, label_count, halves, atrous=atrous)
    torch.testing.assert_close(fast, plain, **TOLERANCE)


def test_unsorted_windows_keep_their_order() -> None:
    query, keys, labels = random_problem(1, (10, 11), 2)
    fast = local_matching(query, keys, labels, 2, (6, 2, 4))
    torch.testing.assert_close(
        fast, plain_local_matching(query, keys, labels, 2, (6, 2, 4)), **TOLERANCE
    )


def test_forty_objects_of_one_pixel_each() -> None:
    query, keys, _ = random_problem(2, (14, 15), 1)
    labels = torch.zeros(14, 15, dtype=torch.int64)
    spots = torch.randperm(14 * 15, generator=torch.Generator().manual_seed(0))[:40]
    labels.view(-1)[spots] = torch.arange(1, 41)
    fast = local_matching(query, keys, labels, 41, (2, 4))
    torch.testing.assert_close(
        fast, plain_local_matching(query, keys, labels, 41, (2, 4)), **TOLERANCE
    )
    # each object is seen exactly from the squares around its pixel
    for channel, spot in enumerate(spots.tolist(), start=1):
        row, column = divmod(spot, 15)
        near = torch.zeros(14, 15, dtype=torch.bool)
        near[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = True
        assert torch.equal(fast[channel, 0] < FAR, near)


def test_hand_numbers() -> None:
    # one row of keys 0 1 2 3 4; labels 0 0 1 1 0; target key 2.5 everywhere
    keys = torch.arange(5.0).view(1, 1, 5)
    query = torch.full((1, 1, 5), 2.5)
    labels = torch.tensor([[0, 0, 1, 1, 0]])
    result = local_matching(query, keys, labels, 2, (1, 2))[:, :, 0]
    far = FAR
    background = [[2.25, 2.25, 2.25, 2.25, 2.25], [2.25, 2.25, 2.25, 2.25, 2.25]]
    background[0] = [2.25, 2.25, 2.25, 2.25, 2.25]  # neighbours 0..1, 0..2, 1..3, 2..4, 3..4
    foreground = [[far, 0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25, 0.25]]
    torch.testing.assert_close(result, torch.tensor([background, foreground]))


def test_neighbours_outside_of_the_frame_or_of_nobody_do_not_count() -> None:
    query = torch.zeros(1, 3, 3)
    keys = torch.zeros(1, 3, 3)  # padding would be zero too: a false match at distance 0
    labels = torch.full((3, 3), -1)
    assert (local_matching(query, keys, labels, 2, (1, 2)) == FAR).all()
    labels[0, 0] = 1
    result = local_matching(query, keys, labels, 2, (1, 2))
    assert (result[0] == FAR).all()
    assert (result[1, 0] < FAR).tolist() == [[True, True, False], [True, True, False], [False] * 3]
    assert (result[1, 1] < FAR).all()


def test_larger_windows_are_never_farther() -> None:
    query, keys, labels = random_problem(7, (20, 19), 3)
    result = local_matching(query, keys, labels, 3, (0, 1, 3, 6))
    assert (result[:, 1:] <= result[:, :-1]).all()


def test_permuting_labels_permutes_the_maps() -> None:
    query, keys, labels = random_problem(9, (12, 10), 4)
    order = torch.tensor([3, 1, 0, 2])
    moved = torch.where(labels >= 0, order[labels.clamp(min=0)], labels)
    result = local_matching(query, keys, labels, 4, (2, 4))
    assert torch.equal(local_matching(query, keys, moved, 4, (2, 4))[order], result)


def test_a_window_that_is_no_multiple_of_the_factor_is_refused() -> None:
    query, keys, labels = random_problem(0, (5, 5), 2)
    with pytest.raises(ValueError, match="multiples of 2"):
        local_matching(query, keys, labels, 2, (2, 3), atrous=2)


@pytest.mark.parametrize("size", [(9, 11), (8, 8), (3, 2)])
def test_index_wins_its_window_and_its_gradient_is_that_of_the_minimum(
    size: tuple[int, int],
) -> None:
    query, keys, labels = random_problem(4, size, 3)
    halves = (1, 3)
    index = local_matching_index(query, keys, labels, 4, halves)
    query.requires_grad_(True)
    keys.requires_grad_(True)
    chosen = distance_at(query.flatten(1).T, keys.flatten(1).T, index.flatten(2)).view(index.shape)
    plain = plain_local_matching(query, keys, labels, 4, halves)
    torch.testing.assert_close(chosen, plain, **TOLERANCE)
    upstream = torch.randn(chosen.shape) * (plain.detach() < FAR)
    (chosen * upstream).sum().backward()
    ours = [query.grad, keys.grad]
    query.grad = keys.grad = None
    (plain * upstream).sum().backward()
    torch.testing.assert_close(ours, [query.grad, keys.grad], atol=1e-4, rtol=1e-4)


def test_inputs_are_left_as_they_were() -> None:
    query, keys, labels = random_problem(3, (9, 9), 2)
    before = [query.clone(), keys.clone(), labels.clone()]
    local_matching(query, keys, labels, 2, (2, 4))
    assert all(
        torch.equal(old, new) for old, new in zip(before, [query, keys, labels], strict=True)
    )


def test_inference_first_and_training_afterwards_share_no_state() -> None:
    query, keys, labels = random_problem(13, (10, 9), 2)
    with torch.inference_mode():
        first = local_matching(query, keys, labels, 2, (2, 3))
    learning = query.clone().requires_grad_(True)
    second = local_matching(learning, keys, labels, 2, (2, 3))
    torch.testing.assert_close(second.detach(), first.clone())
    second[second < FAR].sum().backward()
    assert learning.grad is not None

"""Global matching: fast == plain, hand-derived numbers, laws of segments and atrous sampling."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vos_core.matching import global_matching as module
from vos_core.matching.distance import FAR, distance_at
from vos_core.matching.global_matching import (
    atrous_mask,
    build_segments,
    global_matching,
    global_matching_index,
    join_segments,
    plain_global_matching,
)


def random_problem(
    seed: int, pixels: int, references: int, label_count: int, channels: int = 8
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(pixels, channels, generator=generator)
    keys = torch.randn(references, channels, generator=generator)
    labels = torch.randint(-1, label_count, (references,), generator=generator)
    return query, keys, labels


@pytest.mark.parametrize("label_count", [1, 2, 4, 41])
@pytest.mark.parametrize(("pixels", "references"), [(1, 1), (13, 7), (300, 211)])
def test_fast_equals_plain(pixels: int, references: int, label_count: int) -> None:
    query, keys, labels = random_problem(pixels, pixels, references, label_count)
    fast = global_matching(query, build_segments(keys, labels, label_count))
    plain = plain_global_matching(query, keys, labels, label_count)
    torch.testing.assert_close(fast, plain, atol=2e-5, rtol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(0, 40), st.integers(1, 6))
def test_fast_equals_plain_on_any_labels(
    seed: int, pixels: int, references: int, label_count: int
) -> None:
    query, keys, labels = random_problem(seed, pixels, references, label_count)
    fast = global_matching(query, build_segments(keys, labels, label_count))
    plain = plain_global_matching(query, keys, labels, label_count)
    torch.testing.assert_close(fast, plain, atol=2e-5, rtol=1e-5)


def test_hand_numbers() -> None:
    keys = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0], [9.0, 9.0]])
    labels = torch.tensor([0, 1, 1, -1])
    query = torch.tensor([[0.0, 0.0], [3.0, 0.0]])
    result = global_matching(query, build_segments(keys, labels, 3))
    # label 0: 0 and 9; label 1: nearest is (1, 0): 1 and 4; label 2 is absent, (9, 9) is nobody's
    torch.testing.assert_close(result, torch.tensor([[0.0, 9.0], [1.0, 4.0], [FAR, FAR]]))


def test_one_reference_pixel_of_a_label_is_found() -> None:
    query, keys, labels = random_problem(0, 50, 200, 1)
    labels[:] = 0
    labels[123] = 1
    result = global_matching(query, build_segments(keys, labels, 2))
    expected = (query - keys[123]).square().sum(1)
    torch.testing.assert_close(result[1], expected, atol=2e-5, rtol=1e-5)


def test_no_reference_pixel_at_all_is_far() -> None:
    keys, labels = torch.randn(5, 3), torch.full((5,), -1)
    segments = build_segments(keys, labels, 2)
    assert torch.equal(global_matching(torch.randn(4, 3), segments), torch.full((2, 4), FAR))
    assert torch.equal(global_matching_index(torch.randn(4, 3), segments), torch.full((2, 4), -1))


def test_chunk_size_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    query, keys, labels = random_problem(3, 500, 90, 3)
    segments = build_segments(keys, labels, 3)
    whole, index = global_matching(query, segments), global_matching_index(query, segments)
    monkeypatch.setattr(module, "CHUNK_ELEMENTS", 1)  # the smallest chunk: 64 target pixels
    torch.testing.assert_close(global_matching(query, segments), whole, atol=2e-5, rtol=1e-5)
    assert torch.equal(global_matching_index(query, segments), index)


def test_index_points_at_the_nearest_and_its_gradient_is_that_of_the_minimum() -> None:
    query, keys, labels = random_problem(5, 40, 60, 3)
    query.requires_grad_(True)
    keys.requires_grad_(True)
    segments = build_segments(keys, labels, 4)
    index = global_matching_index(query.detach(), segments)
    result = distance_at(query, segments.keys, index)
    torch.testing.assert_close(
        result.detach(), global_matching(query.detach(), segments), atol=2e-5, rtol=1e-5
    )
    result[result < FAR].sum().backward()
    ours = [query.grad, keys.grad]
    query.grad = keys.grad = None
    plain = torch.stack(
        [(query[:, None] - keys[labels == label]).square().sum(2).amin(1) for label in range(3)]
    )
    plain.sum().backward()
    torch.testing.assert_close(ours, [query.grad, keys.grad])


def test_permuting_labels_permutes_the_maps() -> None:
    query, keys, labels = random_problem(8, 30, 80, 4)
    order = torch.tensor([2, 0, 3, 1])
    moved = torch.where(labels >= 0, order[labels.clamp(min=0)], labels)
    result = global_matching(query, build_segments(keys, labels, 4))
    permuted = global_matching(query, build_segments(keys, moved, 4))
    torch.testing.assert_close(permuted[order], result, atol=2e-5, rtol=1e-5)


def test_segments_hold_each_known_pixel_once() -> None:
    _, keys, labels = random_problem(1, 1, 100, 5)
    labels[:3] = 9  # outside of 0..L-1: nobody's
    segments = build_segments(keys, labels, 5)
    inside = (labels >= 0) & (labels < 5)
    assert segments.bounds[-1] == int(inside.sum())
    for label in range(5):
        own = segments.keys[segments.bounds[label] : segments.bounds[label + 1]]
        assert torch.equal(own, keys[labels == label])  # in raster order
    torch.testing.assert_close(segments.squared, segments.keys.square().sum(1))


def test_joined_references_equal_one_reference_with_all_pixels() -> None:
    query, *_ = random_problem(2, 25, 1, 1)
    parts = [random_problem(seed, 1, 40, 3)[1:] for seed in (10, 11, 12)]
    joined = join_segments([build_segments(keys, labels, 4) for keys, labels in parts])
    keys = torch.cat([keys for keys, _ in parts])
    labels = torch.cat([labels for _, labels in parts])
    torch.testing.assert_close(
        global_matching(query, joined),
        plain_global_matching(query, keys, labels, 4),
        atol=2e-5,
        rtol=1e-5,
    )
    assert joined.bounds[-1] == int((labels >= 0).sum())


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [(1, 1), (4, 6), (7, 5), (13, 11)])
def test_atrous_keeps_multiples_of_the_factor(factor: int, size: tuple[int, int]) -> None:
    labels = torch.randint(-1, 3, size)
    kept = atrous_mask(labels, factor, 3)
    for row in range(size[0]):
        for column in range(size[1]):
            on_grid = row % factor == 0 and column % factor == 0
            assert bool(kept[row, column]) == (on_grid and int(labels[row, column]) >= 0)


def test_a_small_object_keeps_all_its_pixels() -> None:
    labels = torch.zeros(9, 9, dtype=torch.int64)
    labels[1, 1] = 1  # one pixel, off the grid
    labels[3:6, 3:6] = 2  # nine pixels
    labels[8, 8] = -1
    kept = atrous_mask(labels, 2, 3, min_pixels=2)  # at most 2 * 2**2 = 8 pixels: kept whole
    assert bool(kept[1, 1])
    assert int(kept[3:6, 3:6].sum()) == 1  # (4, 4) alone
    assert not bool(kept[8, 8])
    assert int(atrous_mask(labels, 2, 3)[1, 1]) == 0


def test_global_matching_with_atrous_equals_plain_on_the_kept_pixels() -> None:
    height, width, label_count = 11, 13, 3
    query, keys, _ = random_problem(4, 20, height * width, 1)
    labels = torch.randint(-1, label_count, (height, width))
    kept = atrous_mask(labels, 2, label_count).flatten()
    thinned = torch.where(kept, labels.flatten(), -1)
    fast = global_matching(query, build_segments(keys, thinned, label_count))
    plain = plain_global_matching(query, keys[kept], labels.flatten()[kept], label_count)
    torch.testing.assert_close(fast, plain, atol=2e-5, rtol=1e-5)

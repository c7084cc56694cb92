"""Matching as the published networks arrange it: fast equals plain, and the definitions by hand."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from vos_core.matching import global_matching as global_module
from vos_core.networks.published_matching.guidance import (
    add_sums,
    guidance_vector,
    mean_pair,
    sum_labels,
)
from vos_core.networks.published_matching.maps import (
    FAST,
    PLAIN,
    MatchingMaps,
    Primitives,
    match_local,
    match_scale,
    order_windows,
)
from vos_core.networks.published_matching.reference import (
    ScaleMatching,
    digest_reference,
    join_references,
)

GRID = (13, 17)
SCALES = {
    "atrous": ScaleMatching(channels=6, half_windows=(4, 8, 12), global_atrous=2, local_atrous=2),
    "dense": ScaleMatching(channels=6, half_windows=(1, 2, 5)),
    "half resolution": ScaleMatching(channels=8, half_windows=(1, 2, 3), halve_local=True),
}


def one_pixel_each() -> Tensor:
    labels = torch.zeros(GRID, dtype=torch.long)
    labels[0, 0], labels[12, 16], labels[5, 7] = 1, 2, 3
    return labels


LABELS = {
    "random": (4, torch.randint(0, 5, GRID, generator=torch.Generator().manual_seed(1))),
    "absent objects": (9, torch.randint(0, 3, GRID, generator=torch.Generator().manual_seed(2))),
    "one pixel each": (3, one_pixel_each()),
    "forty objects": (40, torch.randint(0, 41, GRID, generator=torch.Generator().manual_seed(3))),
    "with nobody": (2, torch.randint(-1, 3, GRID, generator=torch.Generator().manual_seed(4))),
    "nobody alone": (2, torch.full(GRID, -1)),
    "no object": (0, torch.zeros(GRID, dtype=torch.long)),
}


def embeddings(count: int, channels: int = 8) -> list[Tensor]:
    generator = torch.Generator().manual_seed(5)
    return [torch.rand(channels, *GRID, generator=generator) for _ in range(count)]


def match(scale: ScaleMatching, labels: Tensor, count: int, primitives: Primitives) -> MatchingMaps:
    target, first, second = embeddings(3)
    reference = join_references(
        [
            digest_reference([first], labels, count + 1, [scale]),
            digest_reference([second], labels.flip(1), count + 1, [scale]),
        ]
    )
    return match_scale(
        target,
        reference.segments[0],
        second,
        labels.flip(0),
        scale,
        foreground_bias=torch.tensor(0.3),
        background_bias=torch.tensor(-0.2),
        primitives=primitives,
    )


@pytest.mark.parametrize("case", LABELS)
@pytest.mark.parametrize("scale", SCALES)
@torch.inference_mode()
def test_fast_equals_plain(scale: str, case: str) -> None:
    count, labels = LABELS[case]
    fast = match(SCALES[scale], labels, count, FAST)
    plain = match(SCALES[scale], labels, count, PLAIN)
    windows = SCALES[scale].window_count
    assert fast.global_foreground.shape == (count + 1, 1, *GRID)
    assert fast.local_foreground.shape == (count + 1, windows, *GRID)
    for one, other in zip(fast, plain, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


@torch.inference_mode()
def test_chunks_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    count, labels = LABELS["random"]
    whole = match(SCALES["dense"], labels, count, FAST)
    monkeypatch.setattr(global_module, "CHUNK_ELEMENTS", 64 * 100)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        pieces = match(SCALES["dense"], labels, count, FAST)
    finally:
        torch.set_num_threads(before)
    for one, other in zip(whole, pieces, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


@torch.inference_mode()
def test_background_is_the_nearest_other_label() -> None:
    count, labels = LABELS["random"]
    maps = match(SCALES["half resolution"], labels, count, FAST)
    for label in range(count + 1):
        others = [other for other in range(count + 1) if other != label]
        expected = maps.local_foreground[others].amin(0)
        assert torch.equal(maps.local_background[label], expected)
        expected = maps.global_foreground[others].amin(0)
        assert torch.equal(maps.global_background[label], expected)


@torch.inference_mode()
def test_without_objects_the_background_map_is_the_map_itself() -> None:
    maps = match(SCALES["dense"], *reversed(LABELS["no object"]), FAST)
    assert torch.equal(maps.global_background, maps.global_foreground)


def test_windows_come_largest_first() -> None:
    windows = (4, 8, 12, 16, 20, 24)
    assert order_windows(windows, largest_first=True) == (24, 4, 8, 12, 16, 20)
    assert order_windows(windows, largest_first=False) == windows
    assert order_windows((2,), largest_first=True) == (2,)


@torch.inference_mode()
def test_the_order_of_windows_is_a_switch() -> None:
    count, labels = LABELS["random"]
    target, previous = embeddings(2)
    biases = {"foreground_bias": torch.tensor(0.0), "background_bias": torch.tensor(0.0)}

    def local(*, largest_first: bool) -> Tensor:
        scale = SCALES["dense"]
        return match_local(
            target, previous, labels, count + 1, scale, largest_first=largest_first, **biases
        )

    torch.testing.assert_close(
        local(largest_first=True), local(largest_first=False)[:, [2, 0, 1]], rtol=0, atol=1e-6
    )


@torch.inference_mode()
def test_a_larger_window_is_never_farther() -> None:
    count, labels = LABELS["absent objects"]
    local = match(SCALES["dense"], labels, count, FAST).local_foreground
    smallest, middle, largest = local.unbind(1)
    assert bool((largest <= middle).all())
    assert bool((middle <= smallest).all())


def test_guidance_by_hand() -> None:
    """Two frames of one row: means over the pixels of both, those of nobody outside."""
    embedding = torch.tensor([[[1.0, 2.0, 4.0, 8.0]]])
    labels = torch.tensor([[0, 1, 1, -1]]), torch.tensor([[1, 0, 0, 0]])
    first = sum_labels(embedding, labels[0], 3, nobody_is_background=True)
    second = sum_labels(10 * embedding, labels[1], 3, nobody_is_background=True)
    pair = mean_pair(add_sums([first, second]))
    # label 1: 2, 4 and 10 inside; 1, 8, 20, 40, 80 outside. Label 2 is absent.
    expected = torch.tensor(
        [
            [(1 + 20 + 40 + 80) / 4, (2 + 4 + 8 + 10) / 4],
            [16 / 3, 149 / 5],
            [0.0, 165 / 8],
        ]
    )
    torch.testing.assert_close(pair, expected, rtol=1e-4, atol=0)
    assert guidance_vector(first, second).shape == (3, 4)
    torch.testing.assert_close(guidance_vector(first, second)[:, :2], mean_pair(first))
    # nobody's pixel of value 8 counts nowhere unless it is asked for
    clean = mean_pair(sum_labels(embedding, labels[0], 3))
    torch.testing.assert_close(
        clean, torch.tensor([[1.0, 3.0], [3.0, 1.0], [0.0, 7 / 3]]), rtol=1e-4, atol=0
    )


def test_small_labels_keep_their_pixels_in_atrous_matching() -> None:
    (embedding,) = embeddings(1)
    labels = torch.zeros(GRID, dtype=torch.long)
    labels[1, 1:4] = 1  # three pixels, none on the even grid
    labels[2:8, 2:8] = 2  # 36 pixels, nine on the grid
    scale = ScaleMatching(channels=8, half_windows=(2,), global_atrous=2)

    def sizes(minimum: int) -> list[int]:
        digest = digest_reference([embedding], labels, 3, [scale], min_matching_pixels=minimum)
        bounds = digest.segments[0].bounds
        return [high - low for low, high in itertools.pairwise(bounds)]

    assert sizes(0) == [7 * 9 - 9, 0, 9]
    assert sizes(1) == [7 * 9 - 9, 3, 9]  # at most 1 * 2**2 pixels
    assert sizes(9) == [7 * 9 - 9, 3, 36]  # at most 9 * 2**2 pixels


def test_the_guidance_vector_sees_the_grid_only_on_request() -> None:
    (embedding,) = embeddings(1)
    labels = torch.ones(GRID, dtype=torch.long)
    scale = ScaleMatching(channels=8, half_windows=(2,), global_atrous=2)
    clean = digest_reference([embedding], labels, 2, [scale])
    mutated = digest_reference([embedding], labels, 2, [scale], guidance_uses_atrous_labels=True)
    assert clean.sums.counts.tolist() == [0, 13 * 17]
    assert mutated.sums.counts.tolist() == [0, 7 * 9]
    torch.testing.assert_close(
        mutated.sums.sums[1], embedding[:, ::2, ::2].sum((1, 2)), rtol=1e-5, atol=1e-5
    )
    # the dropped pixels are "outside", as in the authors' code
    outside = mean_pair(mutated.sums)[1, 8:]
    rest = embedding.sum((1, 2)) - embedding[:, ::2, ::2].sum((1, 2))
    torch.testing.assert_close(outside, rest / (13 * 17 - 63), rtol=1e-4, atol=1e-5)


def test_references_must_agree() -> None:
    (embedding,) = embeddings(1)
    scale = SCALES["dense"]
    parts = [digest_reference([embedding], one_pixel_each(), count, [scale]) for count in (2, 4)]
    with pytest.raises(ValueError, match=r"number of labels: \[2, 4\]"):
        join_references(parts)
    with pytest.raises(ValueError, match="at least one"):
        join_references([])

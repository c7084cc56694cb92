"""Channels at native resolution: equal to the argmax of the full aggregation."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vos_core.inference import native_labels
from vos_core.inference.native_labels import label_map_at, likeliest_at
from vos_core.ops.aggregation import soft_aggregate
from vos_core.ops.resize import resize_bilinear


def plain_label_map(logits: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Argmax of the full aggregation at native resolution."""
    return soft_aggregate(resize_bilinear(logits[None].float(), size)[0]).argmax(0)


@pytest.mark.parametrize("objects", [1, 2, 3, 10, 40])
@pytest.mark.parametrize("spread", [0.3, 4.0, 30.0])
@pytest.mark.parametrize("size", [(33, 65), (50, 47), (9, 9)])
def test_channels_equal_the_argmax_of_the_full_aggregation(
    objects: int, spread: float, size: tuple[int, int]
) -> None:
    generator = torch.Generator().manual_seed(objects)
    logits = torch.randn(objects, 9, 17, generator=generator) * spread - spread
    ours, plain = label_map_at(logits, size), plain_label_map(logits, size)
    # both clamp the odds; where two channels reach the limit the order of rounding may decide
    assert float((ours != plain).float().mean()) < (2e-3 if spread < 10 else 2e-2)


def test_channels_where_whole_regions_are_far_below_zero() -> None:
    # what a trained network gives: large negative logits but for the object's own blob
    logits = torch.full((3, 17, 25), -9.0)
    logits[0, 2:6, 2:8] = 6
    logits[1, 5:12, 6:13] = 3
    logits[2, 14:, 20:] = 0.5
    ours = label_map_at(logits, (65, 97))
    assert torch.equal(ours.long(), plain_label_map(logits, (65, 97)))
    assert set(ours.unique().tolist()) == {0, 1, 2, 3}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 6),
    st.integers(3, 12),
    st.integers(3, 12),
    st.integers(5, 60),
    st.integers(5, 60),
)
def test_channels_equal_the_argmax_anywhere(
    seed: int, objects: int, rows: int, columns: int, height: int, width: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(objects, rows, columns, generator=generator) * 3 - 2
    # blobs far apart, so that objects are absent from most of the frame
    logits = torch.where(torch.rand(logits.shape, generator=generator) < 0.7, -8.0, logits)
    ours = label_map_at(logits, (height, width))
    plain = plain_label_map(logits, (height, width))
    assert int((ours != plain).sum()) <= max(1, height * width // 500)


def test_one_object_is_decided_at_zero() -> None:
    logits = torch.tensor([[[-0.5, -1e-4, 1e-4, 0.5]]])
    assert label_map_at(logits, (1, 4)).tolist() == [[0, 0, 1, 1]]


def test_two_objects_below_one_half_can_still_win_over_the_background() -> None:
    # p = 0.45 twice: the background's probability is 0.55^2 = 0.3025, less than 0.45
    logits = torch.logit(torch.tensor([0.45, 0.44])).view(2, 1, 1)
    assert label_map_at(logits, (1, 1)).tolist() == [[1]]


def test_no_object_is_all_background() -> None:
    assert label_map_at(torch.zeros(0, 3, 3), (6, 6)).sum() == 0


def test_likeliest_is_the_argmax_of_the_grown_probabilities() -> None:
    probabilities = torch.softmax(torch.randn(4, 6, 9) * 3, 0)
    expected = resize_bilinear(probabilities[None], (31, 40))[0].argmax(0)
    assert torch.equal(likeliest_at(probabilities, (31, 40)).long(), expected)


@pytest.mark.parametrize("limit", [0, 1 << 60])
def test_boxes_by_products_equal_boxes_cut_from_the_whole(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    logits = torch.full((4, 15, 22), -7.0)
    logits[0, 0, 0] = 5  # a corner, an edge, an inner blob, everything
    logits[1, 14, 3:9] = 4
    logits[2, 5:9, 10:20] = torch.randn(4, 10) * 3
    logits[3] = torch.randn(15, 22) * 2 - 1
    monkeypatch.setattr(native_labels, "SMALL_BOX_PRODUCTS", limit)
    ours = label_map_at(logits, (57, 85))
    assert int((ours.long() != plain_label_map(logits, (57, 85))).sum()) <= 2


def test_a_shrunk_map_is_decided_too() -> None:
    logits = torch.randn(3, 20, 30) * 3
    ours = label_map_at(logits, (7, 11))
    assert torch.equal(ours.long(), plain_label_map(logits, (7, 11)))

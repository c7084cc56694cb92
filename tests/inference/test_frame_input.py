"""Frames and masks on their way into the network, and channels on their way out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vos_core.inference.frame_input import (
    frame_tensor,
    label_map_at,
    label_tensor,
    likeliest_at,
)
from vos_core.ops.aggregation import soft_aggregate
from vos_core.ops.resize import resize_bilinear

CPU = torch.device("cpu")


def test_a_frame_of_the_right_size_is_not_resampled() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (17, 33, 3), dtype=np.uint8)
    tensor = frame_tensor(frame, (17, 33), flip=False, device=CPU)
    assert tensor.dtype == torch.float32
    np.testing.assert_array_equal(tensor[0].permute(1, 2, 0).numpy(), frame)
    mirrored = frame_tensor(frame, (17, 33), flip=True, device=CPU)
    np.testing.assert_array_equal(mirrored[0].permute(1, 2, 0).numpy(), frame[:, ::-1])


@pytest.mark.parametrize("native", [(40, 80), (9, 12), (40, 12)])
def test_an_even_frame_stays_even_at_any_size(native: tuple[int, int]) -> None:
    frame = np.full((*native, 3), (10, 20, 30), np.uint8)
    tensor = frame_tensor(frame, (17, 33), flip=False, device=CPU)
    assert tensor.shape == (1, 3, 17, 33)
    assert tensor.flatten(2).unique(dim=2).flatten().tolist() == [10, 20, 30]


def test_a_read_only_frame_is_accepted() -> None:
    frame = np.zeros((17, 17, 3), np.uint8)
    frame.setflags(write=False)
    assert frame_tensor(frame, (17, 17), flip=False, device=CPU).sum() == 0
    assert label_tensor(frame[..., 0], (17, 17), flip=False, device=CPU).sum() == 0


def test_labels_take_the_pixel_at_each_centre() -> None:
    labels = np.arange(6, dtype=np.uint8)[None].repeat(2, 0)
    # thirds of six: centres 1, 3, 5 (a centre on a border belongs to the pixel after it)
    assert label_tensor(labels, (1, 3), flip=False, device=CPU).tolist() == [[1, 3, 5]]
    assert label_tensor(labels, (1, 3), flip=True, device=CPU).tolist() == [[5, 3, 1]]
    same = label_tensor(labels, (2, 6), flip=False, device=CPU)
    np.testing.assert_array_equal(same.numpy(), labels)


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

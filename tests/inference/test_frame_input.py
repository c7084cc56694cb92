"""Frames and masks on their way into the network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vos_core.inference.frame_input import frame_tensor, label_tensor

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

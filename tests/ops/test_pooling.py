"""Masked means, hand-derived and against the plain formula."""

from __future__ import annotations

import torch

from vos_core.ops.pooling import group_max, guidance_parts, label_sums


def test_hand_numbers() -> None:
    embedding = torch.tensor([[[1.0, 2.0], [3.0, 6.0]]])  # one channel, 2 x 2
    weights = torch.tensor([[[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    sums, counts = label_sums(embedding, weights)
    assert sums.tolist() == [[3.0], [0.0]]
    assert counts.tolist() == [2.0, 0.0]
    foreground, background = guidance_parts(embedding, weights)
    torch.testing.assert_close(foreground, torch.tensor([[3 / 2.00001], [0.0]]))
    torch.testing.assert_close(background, torch.tensor([[9 / 2.00001], [12 / 4.00001]]))


def test_equals_the_plain_means_with_soft_weights() -> None:
    embedding, weights = torch.randn(5, 6, 7), torch.rand(3, 6, 7)
    foreground, background = guidance_parts(embedding, weights)
    for row, own in enumerate(weights):
        plain = (embedding * own).sum((1, 2)) / (own.sum() + 1e-5)
        others = (embedding * (1 - own)).sum((1, 2)) / ((1 - own).sum() + 1e-5)
        torch.testing.assert_close(foreground[row], plain, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(background[row], others, atol=1e-5, rtol=1e-4)


def test_group_max_stays_inside_its_group() -> None:
    maps = torch.tensor([[1.0, 9.0], [5.0, 2.0], [7.0, 0.0]])
    groups = torch.tensor([0, 1, 0])
    expected = [[7.0, 9.0], [5.0, 2.0], [7.0, 9.0]]
    assert group_max(maps, groups, 2).tolist() == expected
    one = torch.zeros(3, dtype=torch.int64)
    assert group_max(maps, one, 1).tolist() == [[7.0, 9.0]] * 3
    with torch.no_grad():
        assert group_max(maps, one, 1).tolist() == [[7.0, 9.0]] * 3

"""The transform, the background maps and the distance at a chosen key."""

from __future__ import annotations

import math

import pytest
import torch

from vos_core.matching.distance import FAR, background_maps, distance_at, matching_transform


def test_transform_hand_numbers() -> None:
    distances = torch.tensor([[0.0, math.log(3.0), FAR], [0.0, 0.0, FAR]])
    zero, shift = torch.zeros(()), torch.tensor(math.log(3.0))
    # 2 sigmoid(x) - 1: 0 -> 0, ln 3 -> 1/2, FAR -> exactly 1; label 1 with bias ln 3
    result = matching_transform(distances, foreground_bias=shift, background_bias=zero)
    torch.testing.assert_close(result, torch.tensor([[0.0, 0.5, 1.0], [0.5, 0.5, 1.0]]))
    assert (result[:, 2] == 1).all()


def test_transform_uses_the_bias_of_each_kind_of_label() -> None:
    result = matching_transform(torch.zeros(3, 2), torch.tensor(1.0), torch.tensor(-1.0))
    level = 2 / (1 + math.exp(-1)) - 1
    torch.testing.assert_close(result, torch.tensor([[-level] * 2, [level] * 2, [level] * 2]))


@pytest.mark.parametrize("labels", [2, 3, 11, 41])
def test_background_equals_the_plain_minimum_over_all_others(labels: int) -> None:
    maps = torch.rand(labels, 3, 5, 4)
    maps[:, 0, 0, 0] = 0.5  # ties everywhere
    maps[1:] = torch.where(torch.rand(labels - 1, 3, 5, 4) < 0.3, 1.0, maps[1:])  # absent
    result = background_maps(maps)
    for label in range(labels):
        others = torch.cat([maps[:label], maps[label + 1 :]])
        assert torch.equal(result[label], others.amin(0))


def test_background_hand_numbers_and_the_lonely_label() -> None:
    maps = torch.tensor([[0.1, 0.7], [0.3, 0.2], [0.2, 0.9]])
    expected = torch.tensor([[0.2, 0.2], [0.1, 0.7], [0.1, 0.2]])
    assert torch.equal(background_maps(maps), expected)
    assert torch.equal(background_maps(maps[:1]), maps[:1])


def test_distance_at_hand_numbers() -> None:
    query, keys = torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([[3.0, 4.0], [1.0, 0.0]])
    index = torch.tensor([[0, 1], [-1, 0]])
    assert distance_at(query, keys, index).tolist() == [[25.0, 1.0], [FAR, 13.0]]
    none = torch.full((1, 2), -1)
    assert distance_at(query, keys[:0], none).tolist() == [[FAR, FAR]]


def test_distance_at_gives_absent_keys_no_gradient() -> None:
    query = torch.randn(2, 3, requires_grad=True)
    keys = torch.randn(4, 3, requires_grad=True)
    distance_at(query, keys, torch.tensor([[2, -1]])).sum().backward()
    assert query.grad is not None
    assert keys.grad is not None
    assert query.grad[1].abs().sum() == 0
    assert keys.grad[[0, 1, 3]].abs().sum() == 0
    torch.testing.assert_close(query.grad[0], 2 * (query - keys[2])[0].detach())

"""Proxies of a reference and their matching maps: hand numbers, plain forms, absent labels."""

from __future__ import annotations

import pytest
import torch

from vos_core.matching.distance import FAR
from vos_core.matching.global_matching import build_segments
from vos_core.proxies import object_proxies
from vos_core.proxies.object_proxies import build_proxies, cluster_distances, mean_distances


def test_means_and_counts_by_hand() -> None:
    keys = torch.tensor([[1.0, 0.0], [3.0, 2.0], [5.0, 5.0], [7.0, 7.0]])
    labels = torch.tensor([0, 0, 2, -1])
    proxies = build_proxies(build_segments(keys, labels, 3))
    assert proxies.means.tolist() == [[2.0, 1.0], [0.0, 0.0], [5.0, 5.0]]
    assert proxies.has_pixels.tolist() == [True, False, True]
    assert proxies.counts.tolist() == [2.0, 0.0, 1.0]
    assert proxies.valid.sum(1).tolist() == [2, 0, 1]
    assert proxies.centroids[0, :2].tolist() == [[1.0, 0.0], [3.0, 2.0]]


def test_the_cluster_count_of_a_label_does_not_depend_on_the_others() -> None:
    keys = torch.randn(200, 3)
    labels = torch.zeros(200, dtype=torch.int64)
    labels[:3] = 1  # a tiny object before a large one, as in the published code's fault
    labels[100:] = 3
    proxies = build_proxies(build_segments(keys, labels, 5))
    assert proxies.valid.sum(1).tolist() == [16, 3, 0, 16, 0]


def test_permuting_labels_permutes_the_proxies() -> None:
    keys, labels = torch.randn(90, 4), torch.randint(0, 3, (90,))
    order = torch.tensor([2, 0, 1])
    first = build_proxies(build_segments(keys, labels, 3))
    second = build_proxies(build_segments(keys, order[labels], 3))
    torch.testing.assert_close(second.centroids[order], first.centroids)
    torch.testing.assert_close(second.means[order], first.means)


def test_a_large_label_is_clustered_on_evenly_spaced_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(object_proxies, "MAX_POINTS", 8)
    keys = torch.arange(80.0)[:, None]
    proxies = build_proxies(build_segments(keys, torch.zeros(80, dtype=torch.int64), 1))
    assert proxies.centroids[0, :8].flatten().tolist() == [0, 10, 20, 30, 40, 50, 60, 70]
    assert proxies.means.flatten().tolist() == [39.5]  # of all pixels


def test_gradient_flows_through_the_means_alone() -> None:
    keys = torch.randn(30, 3, requires_grad=True)
    proxies = build_proxies(build_segments(keys, torch.zeros(30, dtype=torch.int64), 1))
    assert not proxies.centroids.requires_grad
    proxies.means.sum().backward()
    torch.testing.assert_close(keys.grad, torch.full((30, 3), 1 / 30))


def test_mean_distances_by_hand() -> None:
    query = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    means = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    result = mean_distances(query, means, torch.tensor([True, False]))
    assert result.tolist() == [[25.0, 13.0], [FAR, FAR]]


def test_cluster_distances_equal_the_plain_minimum() -> None:
    query, centroids = torch.randn(33, 5), torch.randn(4, 6, 5)
    valid = torch.rand(4, 6) < 0.6
    valid[2] = False
    valid[3, 0] = True
    distances, index = cluster_distances(query, centroids, valid)
    for label in range(4):
        if not valid[label].any():
            assert (distances[label] == FAR).all()
            continue
        own = torch.nonzero(valid[label]).squeeze(1)
        plain = (query[:, None] - centroids[label, own]).square().sum(2)
        torch.testing.assert_close(distances[label], plain.amin(1), atol=2e-5, rtol=1e-5)
        assert torch.equal(index[label], own[plain.argmin(1)])

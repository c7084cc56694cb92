"""Laws of the clustering, and equality with a plain loop and with scipy's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.vq import kmeans2

from vos_core.proxies.kmeans import evenly_spaced_rows, kmeans


def plain_kmeans(points: np.ndarray, clusters: int, iterations: int) -> np.ndarray:
    """Lloyd's algorithm point by point, from the same rows; float64."""
    count = min(clusters, len(points))
    rows = [(2 * i + 1) * len(points) // (2 * count) for i in range(count)]
    centroids = points[rows].astype(np.float64)
    for _ in range(iterations):
        owner = [
            int(np.argmin([np.square(point - own).sum() for own in centroids])) for point in points
        ]
        for cluster in range(count):
            members = [point for point, own in zip(points, owner, strict=True) if own == cluster]
            if members:
                centroids[cluster] = np.mean(members, axis=0)
    return centroids


def padded(sets: list[torch.Tensor], channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    counts = torch.tensor([len(points) for points in sets])
    result = torch.full((len(sets), max(1, int(counts.max())), channels), torch.nan)
    for row, points in enumerate(sets):
        result[row, : len(points)] = points
    return torch.nan_to_num(result, nan=1e3), counts


def test_equals_the_plain_loop_for_sets_of_any_size() -> None:
    generator = torch.Generator().manual_seed(3)
    sets = [torch.randn(n, 4, generator=generator) for n in (0, 1, 3, 5, 6, 50, 200)]
    centroids, valid, _ = kmeans(*padded(sets, 4), 6, iterations=7)
    for points, own, there in zip(sets, centroids, valid, strict=True):
        assert int(there.sum()) == min(6, len(points))
        if len(points):
            expected = plain_kmeans(points.double().numpy(), 6, 7)
            np.testing.assert_allclose(own[there].numpy(), expected, atol=1e-4)


def test_equals_scipys_from_the_same_start() -> None:
    points = torch.randn(300, 5, generator=torch.Generator().manual_seed(1))
    start = points[evenly_spaced_rows(torch.tensor([300]), 16)[0]]
    expected, owner = kmeans2(
        points.double().numpy(), start.double().numpy(), iter=20, minit="matrix"
    )
    centroids, valid, assignment = kmeans(points[None], torch.tensor([300]), 16, iterations=20)
    assert valid.all()
    np.testing.assert_allclose(centroids[0].numpy(), expected, atol=1e-4)
    assert (assignment[0].numpy() == owner).mean() > 0.99


def test_finds_separated_clusters_exactly() -> None:
    # in raster order the clusters lie one after the other, so each start row is in another one
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    offsets = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    points = (centres[:, None] + offsets).reshape(1, 12, 2)
    centroids, _, assignment = kmeans(points, torch.tensor([12]), 3)
    torch.testing.assert_close(centroids[0], centres)
    assert assignment[0].tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_is_deterministic_and_does_not_see_the_padding() -> None:
    points = torch.randn(1, 40, 3)
    first = kmeans(points, torch.tensor([40]), 8)
    more = torch.cat([points, torch.randn(1, 25, 3)], 1)
    for one, other in zip(first[:2], kmeans(more, torch.tensor([40]), 8)[:2], strict=True):
        torch.testing.assert_close(one, other)
    assert torch.equal(first[0], kmeans(points, torch.tensor([40]), 8)[0])


def test_as_many_clusters_as_points_reproduces_the_points() -> None:
    points = torch.randn(1, 5, 3)
    centroids, valid, assignment = kmeans(points, torch.tensor([5]), 16)
    torch.testing.assert_close(centroids[0, :5], points[0])
    assert valid[0].tolist() == [True] * 5 + [False] * 11
    assert assignment[0].tolist() == [0, 1, 2, 3, 4]


def test_an_empty_cluster_keeps_its_centroid() -> None:
    # start rows are 1, 3, 5: rows 3 and 5 are equal, so the last cluster gets no point
    points = torch.tensor([[[0.0], [0.0], [5.0], [5.0], [5.0], [5.0]]])
    centroids, valid, assignment = kmeans(points, torch.tensor([6]), 3)
    assert valid.all()
    assert centroids[0].flatten().tolist() == [0.0, 5.0, 5.0]
    assert assignment[0].tolist() == [0, 0, 1, 1, 1, 1]


def test_nothing_at_all() -> None:
    centroids, valid, assignment = kmeans(torch.zeros(2, 0, 3), torch.tensor([0, 0]), 4)
    assert centroids.shape == (2, 4, 3)
    assert not valid.any()
    assert assignment.shape == (2, 0)


def test_carries_no_gradient() -> None:
    points = torch.randn(1, 10, 2, requires_grad=True)
    assert not kmeans(points, torch.tensor([10]), 3)[0].requires_grad


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 20))
def test_more_steps_never_raise_the_cost(seed: int, count: int, clusters: int) -> None:
    points = torch.randn(1, count, 3, generator=torch.Generator().manual_seed(seed))
    costs = []
    for iterations in (0, 1, 2, 5, 20):
        centroids, valid, _ = kmeans(points, torch.tensor([count]), clusters, iterations=iterations)
        own = centroids[0][valid[0]]
        costs.append(float(torch.cdist(points[0], own).square().amin(1).sum()))
    assert all(after <= before + 1e-3 for before, after in pairwise(costs))


@pytest.mark.parametrize(
    ("count", "clusters", "rows"),
    [(0, 2, [0, 0]), (1, 2, [0, 0]), (2, 2, [0, 1]), (10, 2, [2, 7]), (7, 3, [1, 3, 5])],
)
def test_start_rows(count: int, clusters: int, rows: list[int]) -> None:
    assert evenly_spaced_rows(torch.tensor([count]), clusters)[0].tolist() == rows


@given(st.integers(1, 5000), st.integers(1, 20))
def test_start_rows_differ(count: int, clusters: int) -> None:
    rows = evenly_spaced_rows(torch.tensor([count]), clusters)[0, : min(count, clusters)]
    assert len(set(rows.tolist())) == len(rows)
    assert 0 <= int(rows.min()) <= int(rows.max()) < count

"""Object proxies of one reference frame, and their matching maps (AOC section 3.2, AOP)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vos_core.matching.distance import FAR
from vos_core.matching.global_matching import LabelSegments
from vos_core.proxies.kmeans import kmeans

CLUSTERS = 16
MAX_POINTS = 1024


@dataclass(frozen=True)
class ObjectProxies:
    """Cluster representatives of every label of one reference frame.

    Attributes:
        means: float [L, C], the single-proxy level (K = 1); carries a gradient in training.
        has_pixels: bool [L], whether the label shows in the reference.
        counts: float32 [L], pixels behind each mean.
        centroids: float32 [L, K, C], the K = 16 level, without a gradient.
        valid: bool [L, K].
    """

    means: Tensor
    has_pixels: Tensor
    counts: Tensor
    centroids: Tensor
    valid: Tensor


def build_proxies(
    segments: LabelSegments, *, clusters: int = CLUSTERS, iterations: int = 20
) -> ObjectProxies:
    """Proxies of the labels of one reference.

    Args:
        segments: The reference's keys, sorted by label.
        clusters: K of the middle level.
        iterations: Lloyd steps.

    Returns:
        Means and centroids. Labels with more than `MAX_POINTS` pixels are clustered on evenly
        spaced ones, which bounds the cost.
    """
    pieces = [
        segments.keys[segments.bounds[label] : segments.bounds[label + 1]].float()
        for label in range(segments.label_count)
    ]
    channels = segments.keys.shape[1]
    zero = segments.keys.new_zeros(channels, dtype=torch.float32)
    means = torch.stack([piece.mean(0) if len(piece) else zero for piece in pieces])
    thinned = []
    for piece in pieces:
        if len(piece) > MAX_POINTS:
            chosen = torch.arange(MAX_POINTS, device=piece.device) * len(piece) // MAX_POINTS
            piece = piece[chosen]
        thinned.append(piece.detach())
    counts = torch.tensor([len(piece) for piece in thinned], device=means.device)
    points = torch.nn.utils.rnn.pad_sequence(thinned, batch_first=True)
    centroids, valid, _ = kmeans(points, counts, clusters, iterations=iterations)
    totals = torch.tensor([float(len(piece)) for piece in pieces], device=means.device)
    return ObjectProxies(means, totals > 0, totals, centroids, valid)


def mean_distances(query: Tensor, means: Tensor, has_pixels: Tensor) -> Tensor:
    """Squared distance of each target pixel to each label's mean.

    Args:
        query: [P, C].
        means: [L, C].
        has_pixels: bool [L].

    Returns:
        float32 [L, P]; `FAR` for a label without pixels, which the transform sends to 1.
    """
    query = query.float()
    distances = query.square().sum(1) + means.square().sum(1)[:, None] - 2 * means @ query.T
    return torch.where(has_pixels[:, None], distances, FAR)


def cluster_distances(query: Tensor, centroids: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Smallest squared distance to each label's centroids, and which centroid it was.

    Args:
        query: [P, C].
        centroids: float32 [L, K, C].
        valid: bool [L, K].

    Returns:
        (distances float32 [L, P], index int64 [L, P]); `FAR` for a label without centroids.
    """
    labels, clusters, channels = centroids.shape
    query = query.float()
    flat = centroids.reshape(-1, channels)
    squared = flat.square().sum(1) + torch.where(valid, 0.0, FAR).reshape(-1)
    scores = torch.addmm(squared[:, None], flat, query.T, alpha=-2).view(labels, clusters, -1)
    nearest, index = scores.min(1)
    distances = nearest + query.square().sum(1)
    return torch.where(valid.any(1)[:, None], distances, FAR), index

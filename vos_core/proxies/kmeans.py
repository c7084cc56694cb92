"""Lloyd's k-means over many point sets at once, without randomness.

AOC section 3.2 (AOP) clusters each label's reference embeddings with 20 Lloyd iterations from
random pixels. Here the first centroids are evenly spaced rows of the label's pixels in raster
order, so the same mask always gives the same clusters (departure: the published start is random).
"""

from __future__ import annotations

import torch
from torch import Tensor


def evenly_spaced_rows(counts: Tensor, clusters: int) -> Tensor:
    """Rows ``floor((i + 1/2) n / k)`` of sets of n points.

    Args:
        counts: int64 [G], points in each set.
        clusters: k.

    Returns:
        int64 [G, k]; with n < k some rows repeat (those beyond n are to be ignored).
    """
    spots = torch.arange(clusters, device=counts.device) * 2 + 1
    used = counts.clamp(min=1, max=clusters)[:, None]
    rows = spots * counts[:, None] // (2 * used)
    return rows.clamp(max=(counts[:, None] - 1).clamp(min=0))


def kmeans(
    points: Tensor, counts: Tensor, clusters: int, *, iterations: int = 20
) -> tuple[Tensor, Tensor, Tensor]:
    """Cluster G padded point sets.

    Args:
        points: float32 [G, n, C]; set g uses its first ``counts[g]`` rows.
        counts: int64 [G], 0..n.
        clusters: k >= 1; set g gets ``min(k, counts[g])`` clusters.
        iterations: Lloyd steps. An empty cluster keeps its centroid.

    Returns:
        (centroids float32 [G, k, C], valid bool [G, k], assignment int64 [G, n]); no gradient.
    """
    with torch.no_grad():
        points = points.detach().float()
        groups, size, channels = points.shape
        used = counts.clamp(max=clusters)
        valid = torch.arange(clusters, device=points.device)[None] < used[:, None]
        rows = evenly_spaced_rows(counts, clusters)
        index = rows[..., None].expand(groups, clusters, channels)
        centroids = points.gather(1, index) if size else points.new_zeros(index.shape)
        inside = torch.arange(size, device=points.device)[None] < counts[:, None]
        weights = inside.to(points.dtype)[..., None]
        masked = torch.where(valid, 0.0, torch.inf)
        assignment = torch.zeros(groups, size, dtype=torch.int64, device=points.device)
        for _ in range(iterations):
            squared = centroids.square().sum(2) + masked
            scores = torch.baddbmm(squared[:, None], points, centroids.transpose(1, 2), alpha=-2)
            assignment = scores.argmin(2)
            one_hot = torch.zeros(groups, size, clusters, device=points.device)
            one_hot.scatter_(2, assignment[..., None], 1.0)
            one_hot *= weights
            members = one_hot.sum(1)
            means = one_hot.transpose(1, 2) @ points / members.clamp(min=1)[..., None]
            moved = torch.where(members[..., None] > 0, means, centroids)
            if torch.equal(moved, centroids):
                break
            centroids = moved
        return centroids, valid, assignment

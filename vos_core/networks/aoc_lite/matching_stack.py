"""The matching maps of one target frame for all objects: global, multi-local, by proxy."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vos_core.matching.distance import FAR, background_maps, distance_at, matching_transform
from vos_core.matching.global_matching import LabelSegments, global_matching_index
from vos_core.matching.local_matching import local_matching_index
from vos_core.networks.aoc_lite.records import Features, ReferenceSet
from vos_core.networks.published_matching.maps import FAST, Primitives
from vos_core.proxies.object_proxies import cluster_distances, mean_distances

HALF_WINDOWS8 = (2, 4, 6)
HALF_WINDOWS16 = (2, 4, 8)


@dataclass(frozen=True)
class MatchingMaps:
    """Matching maps of every object, lower is closer.

    Attributes:
        stride8: [O, 13, h8, w8].
        stride16: [O, 9, h16, w16].
        cluster_index: int64 [O + 1, h8, w8], nearest proxy of each label.
    """

    stride8: Tensor
    stride16: Tensor
    cluster_index: Tensor


def pool_probabilities(probabilities: Tensor) -> Tensor:
    """Halve the grid of [L, 2 m + 1, 2 n + 1] maps by averaging 3x3 around every other pixel."""
    return F.avg_pool2d(probabilities[None], 3, stride=2, padding=1, count_include_pad=False)[0]


class DistanceScale(nn.Module):
    """Learned scale and biases of one kind of distances (CFBI+ eq 1, biases per scale).

    The distance is the mean over channels of the squared difference times a learned positive
    scale, which keeps the transform from saturating (departure from the sum of the paper).
    """

    def __init__(self, *, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.log_scale = nn.Parameter(torch.zeros(()))
        self.foreground_bias = nn.Parameter(torch.zeros(()))
        self.background_bias = nn.Parameter(torch.zeros(()))

    def forward(self, distances: Tensor) -> Tensor:
        """Transform float32 [L, ...] squared distances; `FAR` gives 1."""
        absent = distances >= FAR / 2
        scaled = distances * (self.log_scale.exp() / self.channels)
        maps = matching_transform(scaled, self.foreground_bias, self.background_bias)
        return torch.where(absent, 1.0, maps)


class MatchingStack(nn.Module):
    """All matching of one target frame (CFBI+ sections 3.2 and 3.3, AOC section 3.2).

    Args:
        key_channels: Channels of the matching keys.
        half_windows8, half_windows16: Half sides of the local windows at strides 8 and 16.
        has_proxies: Whether distances to proxies are among the maps (their index always is).

    Attributes:
        maps8, maps16: Number of maps an object gets at each stride: far, near and proxy distances
            to itself and to the others, and its previous mask.
    """

    def __init__(
        self,
        *,
        key_channels: int = 64,
        half_windows8: tuple[int, ...] = HALF_WINDOWS8,
        half_windows16: tuple[int, ...] = HALF_WINDOWS16,
        has_proxies: bool = True,
    ) -> None:
        super().__init__()
        self.half_windows8, self.half_windows16 = tuple(half_windows8), tuple(half_windows16)
        self.has_proxies = has_proxies
        self.maps8 = 3 + 2 * len(self.half_windows8) + (4 if has_proxies else 0)
        self.maps16 = 3 + 2 * len(self.half_windows16)
        self.primitives: Primitives = FAST
        self.scale8 = DistanceScale(channels=key_channels)
        self.scale16 = DistanceScale(channels=key_channels)
        self.proxy_scale = DistanceScale(channels=key_channels)
        self.mean_scale = DistanceScale(channels=key_channels)

    def _global(self, query: Tensor, segments: LabelSegments) -> Tensor:
        if not torch.is_grad_enabled():
            return self.primitives.find_global(query, segments)
        with torch.no_grad():
            index = global_matching_index(query, segments)
        return distance_at(query, segments.keys, index)

    def _local(
        self, query: Tensor, keys: Tensor, labels: Tensor, count: int, halves: tuple[int, ...]
    ) -> Tensor:
        if not torch.is_grad_enabled():
            return self.primitives.find_local(query, keys, labels, count, halves)
        with torch.no_grad():
            index = local_matching_index(query, keys, labels, count, halves)
        distances = distance_at(query.flatten(1).T, keys.flatten(1).T, index.flatten(2))
        return distances.view(index.shape)

    def forward(
        self,
        target: Features,
        references: ReferenceSet,
        previous: Features,
        probabilities: Tensor,
        *,
        drop_local: bool = False,
    ) -> MatchingMaps:
        """Matching maps of one target frame.

        Args:
            target: Features of the target frame, N = 1.
            references: Joined references.
            previous: Features of the previous frame, N = 1.
            probabilities: float32 [O + 1, h4, w4] of the previous frame. Their argmax says which
                label a pixel belongs to for local matching, the probabilities themselves enter the
                decoder.
            drop_local: Give every local map the value of "no such pixel" (training only).

        Returns:
            The maps, objects only; the background is part of every object's background maps.
        """
        with torch.autocast(probabilities.device.type, enabled=False):
            return self._maps(target, references, previous, probabilities, drop_local)

    def _maps(
        self,
        target: Features,
        references: ReferenceSet,
        previous: Features,
        probabilities: Tensor,
        drop_local: bool,
    ) -> MatchingMaps:
        label_count = probabilities.shape[0]
        # the grids nest, so stride 8 is every other pixel; max is several times faster than argmax
        labels8 = probabilities.detach()[:, ::2, ::2].max(0).indices
        soft8 = pool_probabilities(probabilities)
        soft16 = pool_probabilities(soft8)
        stacks = []
        grids = (
            (target.key8, previous.key8, 1, self.half_windows8, self.scale8, references.segments8),
            (
                target.key16,
                previous.key16,
                2,
                self.half_windows16,
                self.scale16,
                references.segments16,
            ),
        )
        for target_key, previous_key, step, halves, scale, segments in grids:
            query = target_key[0].float()
            keys = previous_key[0].float()
            grid = query.shape[-2:]
            center = keys.detach().mean((1, 2), keepdim=True)
            labels = labels8[::step, ::step].contiguous()
            flat = query.flatten(1).T
            far = scale(self._global(flat, segments)).unflatten(1, grid)
            if not halves:
                near = far.new_ones(label_count, 0, *grid)
            elif drop_local:
                near = far.new_ones(label_count, len(halves), *grid)
            else:
                near = scale(
                    self._local(query - center, keys - center, labels, label_count, halves)
                )
            stacks += [[far[1:, None], background_maps(far)[1:, None]]]
            stacks[-1] += [near[1:], background_maps(near)[1:]]
        flat = target.key8[0].float().flatten(1).T
        grid = target.key8.shape[-2:]
        distances, cluster_index = cluster_distances(flat, references.centroids, references.valid)
        if self.has_proxies:
            clusters = self.proxy_scale(distances).unflatten(1, grid)
            distances = mean_distances(flat, references.means, references.has_pixels)
            means = self.mean_scale(distances).unflatten(1, grid)
            for maps in (clusters, means):
                stacks[0] += [maps[1:, None], background_maps(maps)[1:, None]]
        stacks[0].append(soft8[1:, None])
        stacks[1].append(soft16[1:, None])
        return MatchingMaps(
            torch.cat(stacks[0], 1), torch.cat(stacks[1], 1), cluster_index.unflatten(1, grid)
        )

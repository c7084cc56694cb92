"""AOC: Adaptive Object Calibration for video object segmentation (ACM MM 2022), by its paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import torch
from torch import Tensor, nn

from vos_core.matching.distance import matching_transform
from vos_core.networks.aoc_lite.calibration import ObjectCalibration
from vos_core.networks.blocks.ensembler import GateFactory, Place
from vos_core.networks.blocks.gates import GuidanceGate, NoGate
from vos_core.networks.blocks.object_decoder import ObjectLogits
from vos_core.networks.folded_aoc import run_calibrated
from vos_core.networks.folded_decoder import SharedSkip
from vos_core.networks.published import at_least_single
from vos_core.networks.published_matching.guidance import sum_labels
from vos_core.networks.published_matching.maps import match_local
from vos_core.networks.published_matching.reference import ReferenceDigest
from vos_core.networks.published_records import (
    FrameFeatures,
    Memory,
    PreviousFrame,
    ProxyMaps,
    TargetMatching,
)
from vos_core.networks.shared_input import SharedInput
from vos_core.networks.single_scale import (
    EMBEDDING_CHANNELS,
    SingleScaleNetwork,
    SingleScaleOptions,
)
from vos_core.ops.pooling import mean_of_sums
from vos_core.proxies.object_proxies import build_proxies, cluster_distances, mean_distances

CLUSTERS = 16


class CalibrationGate(nn.Module):
    """Calibration of all objects against each other, where CFBI has a guidance gate.

    ``m_i <- m_i (1 + tanh(c_i))`` with ``c_i`` of AOC, equation 5.
    """

    def __init__(self, *, channels: int, guidance_channels: int, drop_ratio: float) -> None:
        super().__init__()
        self.calibration = ObjectCalibration(
            channels=channels, guidance_channels=guidance_channels, drop_ratio=drop_ratio
        )

    def forward(self, x: Tensor, guidance: Tensor) -> Tensor:
        """Calibrate ``[O, C, h, w]`` by guidance ``[O, G]``; all rows are of one frame."""
        groups = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        result: Tensor = self.calibration(x, guidance, groups, 1)
        return result


def calibration_gates(*, guidance_channels: int, drop_ratio: float) -> GateFactory:
    """Return AOC's gates: calibration before every block of the decoder (N_L = 6).

    The block that makes the proto-maps keeps its guidance gate; the pyramid belongs to the block
    before it and has none.
    """

    def build(place: Place, channels: int) -> nn.Module:
        if place is Place.INPUT:
            return GuidanceGate(guidance_channels, channels)
        if place is Place.PYRAMID:
            return NoGate()
        return CalibrationGate(
            channels=channels, guidance_channels=guidance_channels, drop_ratio=drop_ratio
        )

    return build


class Aoc(SingleScaleNetwork):
    """AOC on any trunk.

    The authors' released code does not run, so the paper decides and the code gives sizes.
    References are matched at three granularities (every pixel, 16 clusters and one mean per
    label), the previous frame at two (every pixel, one mean). The proto-maps are decoded by six
    blocks, each behind a calibration of the objects against each other.

    Args:
        trunk: Backbone trunk at output stride 16.
        clusters: Proxies per label at the middle granularity.
        drop_ratio: Share of positions that the confidence gate drops, the paper's beta; 0 turns
            the gate off. The code keeps the top 30 %: that would be 0.7.
        options: See :class:`SingleScaleOptions`.
    """

    def __init__(
        self,
        trunk: nn.Module,
        *,
        clusters: int = CLUSTERS,
        drop_ratio: float = 0.3,
        **options: Unpack[SingleScaleOptions],
    ) -> None:
        gates = calibration_gates(guidance_channels=4 * EMBEDDING_CHANNELS, drop_ratio=drop_ratio)
        super().__init__(trunk, build_gate=gates, **options)
        self.clusters = clusters

    @staticmethod
    def count_maps(windows: int) -> int:
        """Count the maps per label that enter the matching head: 23 with six windows."""
        return 5 + 3 * windows

    def digest(
        self, features: FrameFeatures, channel_map: Tensor, label_count: int
    ) -> ReferenceDigest:
        """Digest one reference frame; its clusters are worked out here, once."""
        digest = super().digest(features, channel_map, label_count)
        proxies = build_proxies(digest.segments[0], clusters=self.clusters)
        return ReferenceDigest(
            segments=digest.segments,
            sums=digest.sums,
            label_count=label_count,
            centroids=proxies.centroids,
            valid=proxies.valid,
        )

    def match(
        self, target: FrameFeatures, reference: ReferenceDigest, previous: PreviousFrame
    ) -> TargetMatching:
        """Match pixels as CFBI does, and proxies (AOC, section 3.2)."""
        matching = super().match(target, reference, previous)
        labels = matching.previous_labels[0]
        query = at_least_single(target.embeddings[0][0])
        near = at_least_single(previous.features.embeddings[0][0])
        return matching._replace(proxies=self._match_proxies(query, reference, near, labels))

    def _match_proxies(
        self, query: Tensor, reference: ReferenceDigest, previous: Tensor, labels: Tensor
    ) -> ProxyMaps:
        if reference.centroids is None or reference.valid is None:
            raise ValueError("AOC matches against proxies, which this reference digest lacks")
        count = reference.label_count
        grid = (count, 1, *query.shape[-2:])
        rows = query.flatten(1).T
        biases = (self.foreground_bias.view(()), self.background_bias.view(()))
        clusters, _ = cluster_distances(rows, reference.centroids, reference.valid)
        sums = reference.sums
        means = mean_of_sums(sums.sums, sums.counts)
        single = mean_distances(rows, means.float(), sums.counts > 0)
        before = sum_labels(previous, labels, count)
        prototypes = mean_of_sums(before.sums, before.counts)
        # every pixel of the previous frame takes its label's mean; nobody's keep their own
        painted = torch.where(labels >= 0, prototypes.T[:, labels.clamp(min=0)], previous)
        return ProxyMaps(
            clusters=matching_transform(clusters.view(grid), *biases),
            means=matching_transform(single.view(grid), *biases),
            local_means=match_local(
                query,
                painted,
                labels,
                count,
                self.scales[0],
                foreground_bias=biases[0],
                background_bias=biases[1],
                primitives=self.primitives,
                largest_first=self.behaviour.largest_window_first,
            ),
        )

    def stack_maps(self, matching: TargetMatching, members: Tensor) -> Tensor:
        """Stack 23 maps per label in the order of the authors' code.

        Global by pixel, cluster and mean; local by pixel and mean; previous mask; local and
        global background by pixel. (The code has 24: its cluster map twice.)
        """
        maps, proxies = matching.maps[0], matching.proxies
        if proxies is None:
            raise ValueError("AOC needs maps by proxy, which this matching lacks")
        return torch.cat(
            [
                maps.global_foreground,
                proxies.clusters,
                proxies.means,
                maps.local_foreground,
                proxies.local_means,
                members,
                maps.local_background,
                maps.global_background,
            ],
            dim=1,
        ).to(members.dtype)

    def run_folded(
        self,
        inputs: Sequence[SharedInput | None],
        low: SharedSkip,
        guidance: Tensor,
        memory: Memory | None,
    ) -> tuple[ObjectLogits, Memory | None]:
        """Run ensembler and decoder for all labels at once; see :mod:`.folded_aoc`."""
        joined = inputs[0]
        if joined is None:
            raise ValueError("the first stage of the ensembler needs an input")
        return run_calibrated(self.ensembler, self.decoder, joined, low, guidance), memory

"""`aoc-lite`, the default network: CFBI+ matching, AOC proxies and calibration, light backbone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vos_core.backbones.efficientnet_lite import EfficientNetLite
from vos_core.matching.global_matching import atrous_mask, build_segments, join_segments
from vos_core.networks.aoc_lite.decoder import ObjectDecoder
from vos_core.networks.aoc_lite.matching_stack import (
    HALF_WINDOWS8,
    HALF_WINDOWS16,
    MatchingStack,
)
from vos_core.networks.aoc_lite.pyramid import FeaturePyramid
from vos_core.networks.aoc_lite.records import (
    Features,
    Reference,
    ReferenceSet,
    State,
    StepResult,
    channel_labels,
)
from vos_core.networks.aoc_lite.window_decoding import WindowRules, decode_by_plan, make_plan
from vos_core.ops.aggregation import soft_aggregate
from vos_core.ops.pooling import guidance_parts, label_sums, mean_of_sums
from vos_core.proxies.object_proxies import CLUSTERS, build_proxies

GLOBAL_ATROUS = 2
GLOBAL_MIN_PIXELS = 64


class AocLite(nn.Module):
    """Network of the contract "encode, reference, begin, step, absorb"; holds no state of a video.

    Args:
        backbone_width: Channel multiplier of the backbone (Lite0: 1.0).
        backbone_depth: Depth multiplier of the backbone (Lite0: 1.0).
        embedding_widths: Pyramid channels at strides 4, 8, 16.
        decoder_widths: Decoder channels at strides 4, 8, 16.
        key_channels: Channels of the matching keys.
        half_windows8, half_windows16: Half sides of the local windows at strides 8 and 16.
        global_atrous: Atrous factor of global matching at stride 8 (CFBI+ section 3.3).
        clusters: K of the adaptive proxies.
        has_proxies: Whether the decoder is given distances to proxies.
        calibrations: Calibrations before the stride-16 blocks, 0 to 3.
        drop_ratio: Share of positions that the calibration's confidence gate drops.
        frozen_stages: Backbone stages that are not trained.
    """

    def __init__(
        self,
        *,
        backbone_width: float = 1.0,
        backbone_depth: float = 1.0,
        embedding_widths: tuple[int, int, int] = (32, 96, 128),
        decoder_widths: tuple[int, int, int] = (32, 64, 128),
        key_channels: int = 64,
        half_windows8: tuple[int, ...] = HALF_WINDOWS8,
        half_windows16: tuple[int, ...] = HALF_WINDOWS16,
        global_atrous: int = GLOBAL_ATROUS,
        clusters: int = CLUSTERS,
        has_proxies: bool = True,
        calibrations: int = 2,
        drop_ratio: float = 0.3,
        frozen_stages: int = 2,
    ) -> None:
        super().__init__()
        self.backbone = EfficientNetLite(
            width=backbone_width, depth=backbone_depth, frozen_stages=frozen_stages
        )
        low, middle, high, top = self.backbone.tap_channels
        self.pyramid = FeaturePyramid(
            tap_channels=(low, middle, high, top),
            widths=embedding_widths,
            key_channels=key_channels,
            decoder_widths=decoder_widths,
        )
        self.global_atrous, self.clusters = global_atrous, clusters
        self.matching = MatchingStack(
            key_channels=key_channels,
            half_windows8=half_windows8,
            half_windows16=half_windows16,
            has_proxies=has_proxies,
        )
        self.decoder = ObjectDecoder(
            widths=decoder_widths,
            maps8=self.matching.maps8,
            maps16=self.matching.maps16,
            guidance_channels=4 * embedding_widths[2],
            drop_ratio=drop_ratio,
            calibrations=calibrations,
        )

        self.window_rules: WindowRules | None = WindowRules()

    joins_objects = False
    samples_masks = False

    def encode(self, images: Tensor) -> Features:
        """Features of frames.

        Args:
            images: [N, 3, H, W] RGB in 0..255, H and W of the form 16 n + 1.
        """
        features: Features = self.pyramid(self.backbone(images))
        return features

    def reference(
        self, features: Features, label_map: Tensor, object_ids: Sequence[int]
    ) -> Reference:
        """Digest one reference frame.

        Args:
            features: Its features, N = 1.
            label_map: integer [H, W] of object ids at the network's input size; 255 is nobody's.
            object_ids: Ids of channels 1..O; an id without a pixel here is simply absent.
        """
        with torch.autocast(label_map.device.type, enabled=False):
            return self._digest(features, label_map, tuple(object_ids))

    def _digest(self, features: Features, label_map: Tensor, ids: tuple[int, ...]) -> Reference:
        label_count = len(ids) + 1
        channels = channel_labels(label_map, ids)
        labels8 = channels[::8, ::8].contiguous()  # sides are 16 n + 1, so the grids nest
        labels16 = channels[::16, ::16].contiguous()
        flat8 = features.key8[0].float().flatten(1).T
        flat16 = features.key16[0].float().flatten(1).T
        kept = atrous_mask(labels8, self.global_atrous, label_count, min_pixels=GLOBAL_MIN_PIXELS)
        thinned = torch.where(kept, labels8, -1).flatten()
        segments8 = build_segments(flat8, thinned, label_count)
        segments16 = build_segments(flat16, labels16.flatten(), label_count)
        iterations = 6 if torch.is_grad_enabled() else 20
        weights = torch.stack([labels16 == channel for channel in range(1, label_count)]).float()
        known = (labels16 >= 0).float()
        sums, counts = label_sums(features.embedding[0], weights)
        others, other_counts = label_sums(features.embedding[0], known[None] - weights)
        return Reference(
            object_ids=ids,
            segments8=segments8,
            segments16=segments16,
            proxies=build_proxies(segments8, clusters=self.clusters, iterations=iterations),
            foreground_sums=sums,
            foreground_counts=counts,
            background_sums=others,
            background_counts=other_counts,
        )

    def join(self, references: Sequence[Reference]) -> ReferenceSet:
        """Join the digests of several reference frames; sums and counts are added."""
        counts = torch.stack([r.proxies.counts for r in references])
        share = counts / counts.sum(0).clamp(min=1)
        means = torch.stack([r.proxies.means for r in references])
        foreground = torch.stack([r.foreground_sums for r in references]).sum(0)
        foreground_counts = torch.stack([r.foreground_counts for r in references]).sum(0)
        background = torch.stack([r.background_sums for r in references]).sum(0)
        background_counts = torch.stack([r.background_counts for r in references]).sum(0)
        return ReferenceSet(
            segments8=join_segments([r.segments8 for r in references]),
            segments16=join_segments([r.segments16 for r in references]),
            means=(means * share[..., None]).sum(0),
            has_pixels=counts.sum(0) > 0,
            centroids=torch.cat([r.proxies.centroids for r in references], 1),
            valid=torch.cat([r.proxies.valid for r in references], 1),
            foreground=mean_of_sums(foreground, foreground_counts),
            background=mean_of_sums(background, background_counts),
        )

    def begin(
        self, references: Sequence[Reference], previous: Features, previous_labels: Tensor
    ) -> State:
        """State at a frame whose mask is known.

        Args:
            references: Digests that share one tuple of object ids.
            previous: Features of the known frame, N = 1.
            previous_labels: integer [H, W] of object ids at the network's input size.

        Raises:
            ValueError: If there is no reference or their object ids differ.
        """
        if len({reference.object_ids for reference in references}) != 1:
            raise ValueError("the references must exist and share one list of object ids")
        ids = references[0].object_ids
        probabilities = known_probabilities(channel_labels(previous_labels, ids), len(ids) + 1)
        return State(ids, self.join(references), previous, probabilities)

    def guidance(self, state: State) -> Tensor:
        """Guidance vectors [O, 4 C]: reference fg, bg, previous fg, bg (CFBI, section 3.3)."""
        with torch.autocast(state.probabilities.device.type, enabled=False):
            return self._guidance(state)

    def _guidance(self, state: State) -> Tensor:
        soft16 = F.avg_pool2d(
            state.probabilities[None, 1:], 5, stride=4, padding=2, count_include_pad=False
        )[0]
        foreground, background = guidance_parts(state.previous.embedding[0], soft16)
        parts = [state.references.foreground, state.references.background, foreground, background]
        return torch.cat(parts, dim=1)

    def step_clips(
        self, targets: Features, states: Sequence[State], *, drop_local: Sequence[bool] = ()
    ) -> list[StepResult]:
        """Segment one target frame of each clip; the decoder's batch is all (clip, object) pairs.

        Args:
            targets: Features of one target frame per clip, N = number of clips.
            states: One state per clip, each with at least one object.
            drop_local: Per clip, hide the local maps (training only).
        """
        dropped = drop_local or [False] * len(states)
        stacks = [
            self.matching(
                targets.frame(index),
                state.references,
                state.previous,
                state.probabilities,
                drop_local=dropped[index],
            )
            for index, state in enumerate(states)
        ]
        counts = [len(state.object_ids) for state in states]
        device = targets.shared4.device
        groups = torch.repeat_interleave(
            torch.arange(len(states), device=device), torch.tensor(counts, device=device)
        )
        logits = self.decoder(
            targets,
            torch.cat([stack.stride8 for stack in stacks]),
            torch.cat([stack.stride16 for stack in stacks]),
            torch.cat([self.guidance(state) for state in states]),
            groups,
        )
        return [
            StepResult(own, stack.cluster_index)
            for own, stack in zip(logits.split(counts), stacks, strict=True)
        ]

    def step(self, target: Features, state: State) -> StepResult:
        """Segment one target frame: one logit map per object at stride 4.

        Many objects are decoded by `window_rules`, where there are any.
        """
        rules = self.window_rules
        if rules is None or len(state.object_ids) < max(2, rules.fewest) or torch.is_grad_enabled():
            return self.step_clips(target, [state])[0]
        stack = self.matching(target, state.references, state.previous, state.probabilities)
        plan = make_plan(stack.stride16, state.probabilities[1:], state.memories, rules)
        logits, memories = decode_by_plan(
            self.decoder,
            target,
            stack.stride8,
            stack.stride16,
            self.guidance(state),
            state.memories,
            plan,
        )
        return StepResult(logits, stack.cluster_index, memories)

    def aggregate(self, logits: Tensor) -> Tensor:
        """float32 [O + 1, h4, w4] probabilities of one logit map per object."""
        return stride4_probabilities(logits)

    def absorb(
        self,
        target: Features,
        probabilities: Tensor,
        state: State,
        step: StepResult | None = None,
    ) -> State:
        """The state after a frame: it becomes the previous frame.

        Args:
            target: Features of the frame.
            probabilities: float32 [O + 1, h4, w4].
            state: State before the frame.
            step: The network's own result for the frame; without it, the next frame is decoded
                whole.
        """
        memories = None if step is None else step.memories
        return State(state.object_ids, state.references, target, probabilities, memories)


def known_probabilities(channels: Tensor, label_count: int) -> Tensor:
    """Soft stride-4 probabilities of a known mask: shares of each channel in 5x5 around the grid.

    Args:
        channels: int64 [H, W] with -1 for nobody's pixels (they count as background).
        label_count: L.

    Returns:
        float32 [L, h4, w4], sums to 1 along L.
    """
    one_hot = F.one_hot(channels.clamp(min=0), label_count).permute(2, 0, 1).float()
    return F.avg_pool2d(one_hot[None], 5, stride=4, padding=2, count_include_pad=False)[0]


def stride4_probabilities(logits: Tensor) -> Tensor:
    """float32 [O + 1, h4, w4] probabilities from [O, h4, w4] logits by soft aggregation."""
    return soft_aggregate(logits).softmax(dim=0)

"""What CFBI, CFBI+ and RPCM have in common: from features to matching maps to joined logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vos_core.backbones.deeplab import BackboneFeatures, DeepLab
from vos_core.networks.blocks.ensembler import Ensembler, GateFactory
from vos_core.networks.blocks.object_decoder import ObjectDecoder, ObjectLogits, join_objects
from vos_core.networks.folded_decoder import SharedSkip, run_decoder
from vos_core.networks.folded_head import run_ensembler
from vos_core.networks.published_matching.guidance import guidance_vector, sum_labels
from vos_core.networks.published_matching.maps import (
    FAST,
    MatchingMaps,
    Primitives,
    match_scale,
)
from vos_core.networks.published_matching.reference import (
    ReferenceDigest,
    ScaleMatching,
    digest_reference,
)
from vos_core.networks.published_records import (
    FrameFeatures,
    Memory,
    PreviousFrame,
    Segmentation,
    TargetMatching,
)
from vos_core.networks.shared_input import SharedInput
from vos_core.networks.stage_input import StageInput
from vos_core.ops.resize import resize_labels


@dataclass(frozen=True)
class ReleasedBehaviour:
    """Switches that released weights depend on, and that new training leaves off.

    Attributes:
        bgr_input: Whether the image planes are blue, green, red (normalised with the statistics
            of red, green, blue all the same), as the authors' loaders deliver them.
        min_matching_pixels: A label with at most this times the squared atrous factor pixels in
            a reference keeps all of them in atrous global matching.
        guidance_uses_atrous_labels: Whether the reference part of the guidance vector sees only
            the pixels that survive the atrous grid, a side effect in the authors' code.
        largest_window_first: Whether the maps of the largest local window come before the others,
            as the authors' code computes them, instead of in ascending order.
        nobody_is_background: Whether pixels of nobody (255, RPCM's 125) count in the background
            means of the guidance vector.
    """

    bgr_input: bool = False
    min_matching_pixels: int = 0
    guidance_uses_atrous_labels: bool = False
    largest_window_first: bool = False
    nobody_is_background: bool = False


class PublishedNetwork(nn.Module):
    """Shared body of the published networks; stateless.

    Labels are channels: 0 is the background, treated like any object, 1..K are objects, every
    other value belongs to nobody.

    Args:
        backbone: DeepLabV3+ on any trunk.
        scales: How each scale is matched, stride 4 first.
        embedding_channels: Channels of the stride-4 embedding, which the guidance vector averages.
        input_channels: Channels that enter each stage of the ensembler.
        behaviour: Switches for released weights.
        build_gate: Builds the gates of ensembler and decoder; guidance gates when None.
    """

    def __init__(
        self,
        backbone: DeepLab,
        *,
        scales: Sequence[ScaleMatching],
        embedding_channels: int,
        input_channels: Sequence[int],
        behaviour: ReleasedBehaviour | None = None,
        build_gate: GateFactory | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.scales = tuple(scales)
        self.behaviour = behaviour or ReleasedBehaviour()
        self.primitives: Primitives = FAST
        self.is_folded = True
        guidance_channels = 4 * embedding_channels
        self.foreground_bias = nn.Parameter(torch.zeros(len(self.scales), 1, 1, 1))
        self.background_bias = nn.Parameter(torch.zeros(len(self.scales), 1, 1, 1))
        self.ensembler = Ensembler(
            guidance_channels=guidance_channels,
            input_channels=input_channels,
            build_gate=build_gate,
        )
        self.decoder = ObjectDecoder(
            guidance_channels=guidance_channels,
            low_channels=backbone.low_channels,
            build_gate=build_gate,
        )

    def extract(self, image: Tensor) -> BackboneFeatures:
        """Run the backbone alone on ``[1, 3, H, W]``."""
        features: BackboneFeatures = self.backbone(image)
        return features

    def encode(self, image: Tensor) -> FrameFeatures:
        """Extract features that no object influences.

        Args:
            image: ``[1, 3, H, W]``, normalised, H and W of the form 16n+1.
        """
        raise NotImplementedError

    def digest(
        self, features: FrameFeatures, channel_map: Tensor, label_count: int
    ) -> ReferenceDigest:
        """Digest one reference frame; see :func:`digest_reference`."""
        return digest_reference(
            [at_least_single(embedding[0]) for embedding in features.embeddings],
            channel_map,
            label_count,
            self.scales,
            min_matching_pixels=self.behaviour.min_matching_pixels,
            guidance_uses_atrous_labels=self.behaviour.guidance_uses_atrous_labels,
            nobody_is_background=self.behaviour.nobody_is_background,
        )

    def match(
        self, target: FrameFeatures, reference: ReferenceDigest, previous: PreviousFrame
    ) -> TargetMatching:
        """Match the target frame at every scale and average the guidance vector."""
        maps: list[MatchingMaps] = []
        labels = []
        label_count = reference.label_count
        for index, scale in enumerate(self.scales):
            embedding = at_least_single(target.embeddings[index][0])
            known = previous.channel_map.long()
            known = known.masked_fill((known < 0) | (known >= label_count), -1)
            grid = resize_labels(known, (embedding.shape[-2], embedding.shape[-1]))
            labels.append(grid)
            maps.append(
                match_scale(
                    embedding,
                    reference.segments[index],
                    at_least_single(previous.features.embeddings[index][0]),
                    grid,
                    scale,
                    foreground_bias=self.foreground_bias[index].view(()),
                    background_bias=self.background_bias[index].view(()),
                    primitives=self.primitives,
                    largest_first=self.behaviour.largest_window_first,
                )
            )
        averaged = at_least_single(previous.features.embeddings[0][0])
        previous_sums = sum_labels(
            averaged,
            labels[0],
            label_count,
            nobody_is_background=self.behaviour.nobody_is_background,
        )
        return TargetMatching(
            maps=tuple(maps),
            guidance=guidance_vector(reference.sums, previous_sums),
            previous_labels=tuple(labels),
        )

    def stage_inputs(
        self, target: FrameFeatures, previous: PreviousFrame, matching: TargetMatching
    ) -> tuple[StageInput | None, ...]:
        """Gather what enters each stage of the ensembler, None for a stage without input."""
        raise NotImplementedError

    def forward(
        self,
        target: FrameFeatures,
        reference: ReferenceDigest,
        previous: PreviousFrame,
        memory: Memory | None = None,
    ) -> Segmentation:
        """Segment one frame.

        Args:
            target: Features of the frame to segment.
            reference: Digest of all reference frames.
            previous: The frame before, with its hard labels.
            memory: RPCM's buffers; None for the other networks and at the start of a video.
        """
        matching = self.match(target, reference, previous)
        return self.decide(target, previous, matching, memory)

    def decide(
        self,
        target: FrameFeatures,
        previous: PreviousFrame,
        matching: TargetMatching,
        memory: Memory | None = None,
    ) -> Segmentation:
        """Turn matching maps into joined logits: ensembler, memory, decoder."""
        inputs = self.stage_inputs(target, previous, matching)
        guidance = matching.guidance.to(target.low.dtype)
        if self.is_folded and not torch.is_grad_enabled():
            shared = [None if stage is None else SharedInput.of(stage) for stage in inputs]
            own, memory = self.run_folded(shared, SharedSkip(target.low), guidance, memory)
            return Segmentation(logits=join_objects(own), matching=matching, memory=memory)
        written = [None if stage is None else stage.write_out() for stage in inputs]
        code = self.ensembler(written, guidance)
        modulated, memory = self.modulate(code.out, memory, guidance)
        logits = self.decoder(modulated, code.low, target.low, guidance)
        return Segmentation(logits=join_objects(logits), matching=matching, memory=memory)

    def run_folded(
        self,
        inputs: Sequence[SharedInput | None],
        low: SharedSkip,
        guidance: Tensor,
        memory: Memory | None,
    ) -> tuple[ObjectLogits, Memory | None]:
        """Run ensembler, memory and decoder label by label; see :mod:`.folded_head`."""
        own, memories = [], []
        for label in range(guidance.shape[0]):
            vector = guidance[label : label + 1]
            code = run_ensembler(self.ensembler, inputs, label, vector)
            kept = None if memory is None else Memory(*(m[label : label + 1] for m in memory))
            out, kept = self.modulate_folded(code.out, kept, vector)
            if kept is not None:
                memories.append(kept)
            own.append(run_decoder(self.decoder, out, code.low, low, vector))
        joined = None
        if memories:
            joined = Memory(*(torch.cat(parts) for parts in zip(*memories, strict=True)))
        return ObjectLogits(*(torch.stack(maps) for maps in zip(*own, strict=True))), joined

    def modulate_folded(
        self, code: Tensor, memory: Memory | None, guidance: Tensor
    ) -> tuple[Tensor, Memory | None]:
        """Do what :meth:`modulate` does, for one label with folded gates."""
        return code, None

    def modulate(
        self, code: Tensor, memory: Memory | None, guidance: Tensor
    ) -> tuple[Tensor, Memory | None]:
        """Change the ensembler's output with the help of memory; the base changes nothing."""
        return code, None


def at_least_single(x: Tensor) -> Tensor:
    """Bring half precision to single precision: distances need it."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def matching_stack(maps: MatchingMaps, members: Tensor) -> Tensor:
    """Stack a scale's maps in the authors' order, ``[L, 2n + 3, h, w]``, typed as ``members``.

    Global foreground, local foreground, previous mask, local background, global background.
    """
    return torch.cat(
        [
            maps.global_foreground,
            maps.local_foreground,
            members,
            maps.local_background,
            maps.global_background,
        ],
        dim=1,
    ).to(members.dtype)

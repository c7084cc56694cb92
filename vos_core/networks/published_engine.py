"""A published network in the propagator's terms: encode, reference, begin, step, absorb."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from vos_core.matching.global_matching import LabelSegments
from vos_core.networks.published import PublishedNetwork
from vos_core.networks.published_inference import prepare_for_inference, prepare_plain
from vos_core.networks.published_matching.guidance import LabelSums
from vos_core.networks.published_matching.reference import ReferenceDigest, join_references
from vos_core.networks.published_records import FrameFeatures, Memory, PreviousFrame

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
NOBODY = -1
NEVER = -1e4
"""Logit of an object that no reference shows: its probability is exactly 0."""


@dataclass(frozen=True)
class PublishedReference:
    """Digest of one or several reference frames.

    Attributes:
        object_ids: The ids behind channels 1..O.
        digest: What matching and guidance need of them.
    """

    object_ids: tuple[int, ...]
    digest: ReferenceDigest


@dataclass(frozen=True)
class PublishedState:
    """What carries from one frame to the next; never changed in place.

    Attributes:
        object_ids: The ids behind channels 1..O.
        references: The joined references.
        previous: Features of the previous frame.
        channel_map: int64 ``[H, W]`` of the previous frame, -1 for nobody.
        memory: RPCM's buffers for the channels in ``memory_channels``.
        memory_channels: The channels that took part when the memory was made.
    """

    object_ids: tuple[int, ...]
    references: PublishedReference
    previous: FrameFeatures
    channel_map: Tensor
    memory: Memory | None = None
    memory_channels: tuple[int, ...] = ()

    def with_references(self, references: PublishedReference) -> PublishedState:
        """Return the same moment with other references."""
        return replace(self, references=references)


class PublishedStep(NamedTuple):
    """One target frame.

    Attributes:
        logits: ``[O + 1, h4, w4]``, objects joined already: softmax gives probabilities.
        cluster_index: None, these networks have no proxies.
        memory: RPCM's buffers after the frame.
        memory_channels: The channels that took part.
    """

    logits: Tensor
    cluster_index: None
    memory: Memory | None
    memory_channels: tuple[int, ...]


class PublishedEngine:
    """Runs a published network frame by frame; holds nothing of a video.

    Objects that no reference shows take no part in a step: they get no pixel and disturb nobody.
    The networks' own joining of objects would let them.

    Args:
        network: Filled with weights; it is prepared for inference in place.
        device: Where to compute.
        dtype: Type of backbone and head; matching and guidance stay in float32.
        is_plain: Run the network in the authors' way instead, norms as layers of their own, pairs
            of pixels masked per label, inputs written out per label: what the fast form is timed
            against.
    """

    joins_objects = True
    samples_masks = True

    def __init__(
        self,
        network: PublishedNetwork,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        is_plain: bool = False,
    ) -> None:
        prepare = prepare_plain if is_plain else prepare_for_inference
        self.network = prepare(network, device=device, dtype=dtype)
        self._order = torch.contiguous_format if is_plain else torch.channels_last
        self.device, self.dtype = torch.device(device), dtype

    def encode(self, images: Tensor) -> FrameFeatures:
        """Extract a frame's features.

        Args:
            images: ``[1, 3, H, W]`` RGB in 0..255, H and W of the form 16n+1.
        """
        planes = images.to(self.device).float() / 255.0
        if self.network.behaviour.bgr_input:
            planes = planes.flip(1)
        mean = torch.tensor(MEAN, device=self.device).view(1, 3, 1, 1)
        deviation = torch.tensor(DEVIATION, device=self.device).view(1, 3, 1, 1)
        planes = ((planes - mean) / deviation).to(self.dtype)
        return self.network.encode(planes.contiguous(memory_format=self._order))

    def reference(
        self, features: FrameFeatures, label_map: Tensor, object_ids: Sequence[int]
    ) -> PublishedReference:
        """Digest one reference frame.

        Args:
            features: Its features.
            label_map: integer ``[H, W]`` of object ids; 255 is nobody's, ids that are not in
                ``object_ids`` are background.
            object_ids: Ids of channels 1..O; one without a pixel here is simply absent.
        """
        ids = tuple(object_ids)
        channels = channels_of(label_map.to(self.device), ids)
        return PublishedReference(ids, self.network.digest(features, channels, len(ids) + 1))

    def join(self, references: Sequence[PublishedReference]) -> PublishedReference:
        """Join the digests of several reference frames.

        Raises:
            ValueError: If there is none, or their object ids differ.
        """
        if len({reference.object_ids for reference in references}) != 1:
            raise ValueError("the references must exist and share one list of object ids")
        digest = join_references([reference.digest for reference in references])
        return PublishedReference(references[0].object_ids, digest)

    def begin(
        self,
        references: Sequence[PublishedReference],
        previous: FrameFeatures,
        previous_labels: Tensor,
    ) -> PublishedState:
        """Return the state at a frame whose mask is known, with empty memory.

        Args:
            references: Digests that share one list of object ids.
            previous: Features of the known frame.
            previous_labels: integer ``[H, W]`` of object ids.
        """
        joined = self.join(references)
        channels = channels_of(previous_labels.to(self.device), joined.object_ids)
        return PublishedState(joined.object_ids, joined, previous, channels)

    def step(self, target: FrameFeatures, state: PublishedState) -> PublishedStep:
        """Segment one target frame."""
        digest = state.references.digest
        counts = digest.sums.counts[1:].tolist()
        shown = (0, *(channel for channel, count in enumerate(counts, start=1) if count > 0))
        table = torch.full((digest.label_count + 1,), NOBODY, device=self.device)
        table[list(shown)] = torch.arange(len(shown), device=self.device)
        # nobody's pixels look up the last entry
        compact = table[state.channel_map.masked_fill(state.channel_map < 0, digest.label_count)]
        memory = state.memory if state.memory_channels == shown else None
        result = self.network(
            target, keep_labels(digest, shown), PreviousFrame(state.previous, compact), memory
        )
        logits = result.logits.float()
        if len(shown) < digest.label_count:
            full = logits.new_full((digest.label_count, *logits.shape[1:]), NEVER)
            full[list(shown)] = logits
            logits = full
        return PublishedStep(logits, None, result.memory, shown)

    def aggregate(self, logits: Tensor) -> Tensor:
        """Return ``[O + 1, h, w]`` probabilities of joined logits."""
        return logits.float().softmax(dim=0)

    def absorb(
        self,
        target: FrameFeatures,
        probabilities: Tensor,
        state: PublishedState,
        step: PublishedStep | None = None,
    ) -> PublishedState:
        """Return the state after a frame, which becomes the previous one.

        The previous mask is hard. Log-probabilities are enlarged before the decision: they differ
        from logits by a constant per pixel, so it is the decision that logits would give.

        Args:
            target: Features of the frame.
            probabilities: ``[O + 1, h4, w4]``, possibly averaged over branches.
            state: State before the frame.
            step: This branch's own result, for its memory; without it memory starts anew.
        """
        size = (state.channel_map.shape[-2], state.channel_map.shape[-1])
        logs = probabilities.float().clamp(min=1e-37).log()
        grown = F.interpolate(logs[None], size=size, mode="bilinear", align_corners=True)[0]
        return replace(
            state,
            previous=target,
            channel_map=grown.max(dim=0).indices,  # many times faster than argmax
            memory=None if step is None else step.memory,
            memory_channels=() if step is None else step.memory_channels,
        )


def channels_of(label_map: Tensor, object_ids: tuple[int, ...]) -> Tensor:
    """Turn ids into channels: 0 background and ids that are not asked for, 1..O, -1 for 255."""
    table = torch.zeros(256, dtype=torch.int64, device=label_map.device)
    table[255] = NOBODY
    for channel, object_id in enumerate(object_ids, start=1):
        table[object_id] = channel
    return table[label_map.long()]


def keep_labels(digest: ReferenceDigest, labels: tuple[int, ...]) -> ReferenceDigest:
    """Return the digest of some labels only; the others must own no pixel.

    Args:
        digest: All labels.
        labels: Those to keep, ascending.
    """
    if len(labels) == digest.label_count:
        return digest
    rows = list(labels)
    return ReferenceDigest(
        segments=tuple(_keep_segments(part, labels) for part in digest.segments),
        sums=LabelSums(
            sums=digest.sums.sums[rows],
            counts=digest.sums.counts[rows],
            total=digest.sums.total,
            pixels=digest.sums.pixels,
        ),
        label_count=len(labels),
        centroids=None if digest.centroids is None else digest.centroids[rows],
        valid=None if digest.valid is None else digest.valid[rows],
    )


def _keep_segments(segments: LabelSegments, labels: tuple[int, ...]) -> LabelSegments:
    # at a finer grid than that of the sums a dropped label may own a few rows
    pieces = [slice(segments.bounds[label], segments.bounds[label + 1]) for label in labels]
    sizes = [piece.stop - piece.start for piece in pieces]
    keys, squared = segments.keys, segments.squared
    if sum(sizes) < len(squared):
        keys = torch.cat([keys[piece] for piece in pieces])
        squared = torch.cat([squared[piece] for piece in pieces])
    return LabelSegments(keys, squared, (0, *accumulate(sizes)))

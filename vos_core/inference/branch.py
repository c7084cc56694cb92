"""One (scale, flip) view of a propagation: its own inputs, references and previous frame."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vos_core.inference.frame_input import frame_tensor, label_tensor
from vos_core.networks.contract import (
    Features,
    PropagationNetwork,
    Reference,
    State,
    StepResult,
)
from vos_core.ops.resize import network_size, resize_bilinear

LONG_EDGE_FACTOR = 1040 / 480
FEATURE_CACHE_FRAMES = 4


class DigestKey(NamedTuple):
    """What a digest of a reference frame was made for.

    Attributes:
        frame: Index of the frame.
        object_ids: Objects that have a channel.
        has_background: Whether the map's background counts as background.
    """

    frame: int
    object_ids: tuple[int, ...]
    has_background: bool


class Branch:
    """Runs the network at one input size; knows nothing of queues or of other branches.

    Args:
        network: The network, in evaluation mode.
        frame_size: Native (H, W).
        short_edge: Longest allowed shorter side of the input at scale 1.
        scale: Factor on the size that `short_edge` leads to.
        flip: Mirror inputs and masks.
        device: Where to compute.
    """

    def __init__(
        self,
        network: PropagationNetwork,
        frame_size: tuple[int, int],
        *,
        short_edge: int,
        scale: float,
        flip: bool,
        device: torch.device,
    ) -> None:
        self.network, self.flip, self.device = network, flip, device
        self.size = network_size(
            *frame_size,
            short_edge=short_edge,
            long_edge=int(short_edge * LONG_EDGE_FACTOR),
            scale=scale,
        )
        self._features: OrderedDict[int, Features] = OrderedDict()
        self._digests: dict[DigestKey, Reference] = {}
        self._state: State | None = None
        self._joined: tuple[DigestKey, ...] = ()
        self._last: StepResult | None = None

    def encode(self, index: int, frame: np.ndarray) -> Features:
        """Features of a frame, kept for the last few frames."""
        if index in self._features:
            self._features.move_to_end(index)
            return self._features[index]
        images = frame_tensor(frame, self.size, flip=self.flip, device=self.device)
        features = self.network.encode(images)
        self._features[index] = features
        while len(self._features) > FEATURE_CACHE_FRAMES:
            self._features.popitem(last=False)
        return features

    def has_features(self, index: int) -> bool:
        """Whether `encode` would answer without the frame."""
        return index in self._features

    @property
    def digest_count(self) -> int:
        """Digests in memory."""
        return len(self._digests)

    def has_digest(self, key: DigestKey) -> bool:
        """Whether the reference frame is digested for these objects."""
        return key in self._digests

    def digest(self, key: DigestKey, features: Features, label_map: np.ndarray) -> None:
        """Digest a reference frame, replacing what was known of it."""
        labels = label_tensor(label_map, self.size, flip=self.flip, device=self.device)
        self._digests[key] = self.network.reference(features, labels, key.object_ids)
        self._joined = ()

    def forget(self, index: int) -> None:
        """Drop the digests of a reference frame."""
        for key in [key for key in self._digests if key.frame == index]:
            del self._digests[key]
        self._joined = ()

    def forget_all(self) -> None:
        """Drop every digest (the objects changed)."""
        self._digests.clear()
        self._joined = ()

    def begin(
        self, references: Sequence[DigestKey], previous: Features, label_map: np.ndarray
    ) -> None:
        """Start from a frame whose mask is known; every reference must be digested."""
        labels = label_tensor(label_map, self.size, flip=self.flip, device=self.device)
        digests = [self._digests[key] for key in references]
        self._state = self.network.begin(digests, previous, labels)
        self._joined = tuple(references)

    def use_references(self, references: Sequence[DigestKey]) -> None:
        """Match against these references from now on; joins them only when they changed."""
        if self._state is None:
            raise RuntimeError("a branch must begin before its references change")
        if self._joined != tuple(references):
            digests = [self._digests[key] for key in references]
            self._state = self._state.with_references(self.network.join(digests))
            self._joined = tuple(references)

    def step(self, features: Features) -> StepResult:
        """Segment a frame; logits and clusters come back unmirrored."""
        if self._state is None:
            raise RuntimeError("a branch must begin before it steps")
        result = self.network.step(features, self._state)
        self._last = result
        if not self.flip:
            return result
        clusters = result.cluster_index
        return result._replace(
            logits=result.logits.flip(-1),
            cluster_index=None if clusters is None else clusters.flip(-1),
        )

    def absorb(self, features: Features, probabilities: Tensor) -> None:
        """Take a frame with its unmirrored [O + 1, h, w] probabilities as the previous one."""
        if self._state is None:
            raise RuntimeError("a branch must begin before it absorbs")
        own = resize_bilinear(probabilities[None], features.grid(4))[0]
        own = own.flip(-1) if self.flip else own
        self._state = self.network.absorb(features, own, self._state, self._last)
        self._last = None

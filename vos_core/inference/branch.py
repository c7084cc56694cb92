"""One (scale, flip) view of a propagation: its own inputs, references and previous frame."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vos_core.inference.frame_input import frame_tensor, input_size, label_tensor
from vos_core.inference.records import PropagatorOptions
from vos_core.networks.contract import (
    Features,
    PropagationNetwork,
    Reference,
    State,
    StepResult,
)
from vos_core.ops.resize import resize_bilinear

FEATURE_CACHE_FRAMES = 4
REFERENCE_CACHE_BYTES = 128 << 20
SHARED_CACHE_BYTES = 128 << 20


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


def tensor_bytes(value: object) -> int:
    """Memory of all tensors in a tensor, a tuple or a record of them."""
    if isinstance(value, Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, tuple | list):
        return sum(map(tensor_bytes, value))
    if dataclasses.is_dataclass(value):
        return sum(tensor_bytes(getattr(value, part.name)) for part in dataclasses.fields(value))
    return 0


class _FeatureCache:
    """The features of the frames used last, at most so many frames or bytes."""

    def __init__(self, *, frames: int | None = None, size_bytes: int | None = None) -> None:
        self._frames, self._size_bytes = frames, size_bytes
        self._by_frame: OrderedDict[int, tuple[Features, int]] = OrderedDict()
        self._held_bytes = 0

    def _is_full(self) -> bool:
        if self._frames is not None and len(self._by_frame) > self._frames:
            return True
        return self._size_bytes is not None and self._held_bytes > self._size_bytes

    def get(self, index: int) -> Features | None:
        if index not in self._by_frame:
            return None
        self._by_frame.move_to_end(index)
        return self._by_frame[index][0]

    def put(self, index: int, features: Features) -> None:
        _, old_bytes = self._by_frame.pop(index, (None, 0))
        size = tensor_bytes(features)
        self._by_frame[index] = features, size
        self._held_bytes += size - old_bytes
        while len(self._by_frame) > 1 and self._is_full():
            _, (_, freed_bytes) = self._by_frame.popitem(last=False)
            self._held_bytes -= freed_bytes


class FeatureShare:
    """Features of frames at hand, shared by the passes of one run.

    The way back through a stretch finds what the way there has encoded, as far as memory reaches.
    """

    def __init__(self) -> None:
        self._caches: dict[tuple[tuple[int, int], bool], tuple[_FeatureCache, _FeatureCache]] = {}

    def caches(self, size: tuple[int, int], flip: bool) -> tuple[_FeatureCache, _FeatureCache]:
        """Caches of target frames and of references for inputs of a size."""
        if (size, flip) not in self._caches:
            self._caches[size, flip] = (
                _FeatureCache(size_bytes=SHARED_CACHE_BYTES),
                _FeatureCache(size_bytes=REFERENCE_CACHE_BYTES),
            )
        return self._caches[size, flip]

    def clear(self) -> None:
        """Forget everything."""
        self._caches.clear()


class Branch:
    """Runs the network at one input size; knows nothing of queues or of other branches.

    Args:
        network: The network, in evaluation mode.
        frame_size: Native (H, W).
        options: How inputs are sized.
        scale: Factor on the size that this leads to.
        flip: Mirror inputs and masks.
        device: Where to compute.
        share: Features of other passes; None keeps those of the last few frames alone.
    """

    def __init__(
        self,
        network: PropagationNetwork,
        frame_size: tuple[int, int],
        *,
        options: PropagatorOptions,
        scale: float,
        flip: bool,
        device: torch.device,
        share: FeatureShare | None = None,
    ) -> None:
        self.network, self.flip, self.device = network, flip, device
        self.size = input_size(frame_size, options, scale)
        self._frame_size = frame_size
        self._is_bicubic = options.sizing == "long-edge"
        # size that masks enter at; None: the frame's own, the network takes its samples there
        keeps_masks = self._is_bicubic and network.samples_masks
        self._mask_size = None if keeps_masks else self.size
        if share is None:
            self._features = _FeatureCache(frames=FEATURE_CACHE_FRAMES)
            self._reference_features = _FeatureCache(size_bytes=REFERENCE_CACHE_BYTES)
        else:
            self._features, self._reference_features = share.caches(self.size, flip)
        self._digests: dict[DigestKey, Reference] = {}
        self._state: State | None = None
        self._joined: tuple[DigestKey, ...] = ()
        self._last: StepResult | None = None

    def encode(self, index: int, frame: np.ndarray) -> Features:
        """Features of a frame, kept for the last few frames."""
        features = self.known_features(index)
        if features is None:
            images = frame_tensor(
                frame,
                self.size,
                flip=self.flip,
                device=self.device,
                is_bicubic=self._is_bicubic,
            )
            features = self.network.encode(images)
            self._features.put(index, features)
        return features

    def known_features(self, index: int) -> Features | None:
        """Features that are still there, of the last few frames or references; else None."""
        features = self._features.get(index)
        return self._reference_features.get(index) if features is None else features

    @property
    def digest_count(self) -> int:
        """Digests in memory."""
        return len(self._digests)

    @property
    def reference_frames(self) -> tuple[int, ...]:
        """Frames of the references in use, in the order in which they are joined."""
        return tuple(key.frame for key in self._joined)

    def has_digest(self, key: DigestKey) -> bool:
        """Whether the reference frame is digested for these objects."""
        return key in self._digests

    def digest(
        self, key: DigestKey, features: Features, label_map: np.ndarray, *, is_lasting: bool
    ) -> None:
        """Digest a reference frame, replacing what was known of it.

        Args:
            key: What for.
            features: The frame's features.
            label_map: uint8 [H, W] of ids.
            is_lasting: Keep the features at hand: when objects come or go, the frame is digested
                again.
        """
        labels = label_tensor(label_map, self._mask_size, flip=self.flip, device=self.device)
        self._digests[key] = self.network.reference(features, labels, key.object_ids)
        self._joined = ()
        if is_lasting:
            self._reference_features.put(key.frame, features)

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
        labels = label_tensor(label_map, self._mask_size, flip=self.flip, device=self.device)
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
        own = probabilities
        if self._mask_size is not None or own.shape[-2:] != torch.Size(self._frame_size):
            own = resize_bilinear(probabilities[None], features.grid(4))[0]
        own = own.flip(-1) if self.flip else own
        self._state = self.network.absorb(features, own, self._state, self._last)
        self._last = None

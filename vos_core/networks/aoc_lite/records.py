"""The values that pass between the parts of `aoc-lite`; each is explicit, copied never changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from vos_core.matching.global_matching import LabelSegments
from vos_core.proxies.object_proxies import ObjectProxies


class OutsideMoments(NamedTuple):
    """What a group norm saw of an object outside its window.

    Attributes:
        mean: float32 [groups].
        variance: float32 [groups].
        cells: Number of cells of the whole frame.
    """

    mean: Tensor
    variance: Tensor
    cells: int


@dataclass(frozen=True)
class ObjectMemory:
    """What one object's decoder keeps of the last frame on which it was decoded whole.

    Attributes:
        outside: For each group norm, in the order of use, what lay outside the object's window.
        inputs: For each calibration, [C, h16, w16] the object's maps before it.
        vectors: For each calibration, [C] its factors.
        area: Cells of stride 16 that the object covered in the frame before.
        age: Frames since.
    """

    outside: tuple[OutsideMoments, ...]
    inputs: tuple[Tensor, ...]
    vectors: tuple[Tensor, ...]
    area: float
    age: int = 0


class Features(NamedTuple):
    """Embeddings of N frames; no object is in them.

    Attributes:
        shared4: [N, 32, h4, w4] low-level projection that every object's decoder adds.
        shared8: [N, 64, h8, w8] decoder projection, once for all objects.
        shared16: [N, 128, h16, w16] decoder projection, once for all objects.
        key8: [N, 64, h8, w8], key16: [N, 64, h16, w16] matching keys.
        embedding: [N, 128, h16, w16] what guidance vectors average.
    """

    shared4: Tensor
    shared8: Tensor
    shared16: Tensor
    key8: Tensor
    key16: Tensor
    embedding: Tensor

    def frame(self, index: int) -> Features:
        """The features of one frame, as a batch of one."""
        return Features(*(maps[index : index + 1] for maps in self))

    def grid(self, stride: int) -> tuple[int, int]:
        """(h, w) of the maps at stride 4, 8 or 16."""
        maps = {4: self.shared4, 8: self.shared8, 16: self.shared16}[stride]
        return int(maps.shape[-2]), int(maps.shape[-1])


@dataclass(frozen=True)
class Reference:
    """Digest of one reference frame: everything matching needs of it, built once.

    Channels count through `object_ids`; channel 0 is the background.

    Attributes:
        object_ids: The ids behind channels 1..O.
        segments8, segments16: Keys sorted by channel at strides 8 (atrous 2) and 16.
        proxies: Cluster representatives at stride 8.
        foreground_sums, background_sums: float32 [O, 128] sums of the embedding.
        foreground_counts, background_counts: float32 [O] pixels behind the sums.
    """

    object_ids: tuple[int, ...]
    segments8: LabelSegments
    segments16: LabelSegments
    proxies: ObjectProxies
    foreground_sums: Tensor
    foreground_counts: Tensor
    background_sums: Tensor
    background_counts: Tensor


@dataclass(frozen=True)
class ReferenceSet:
    """All references of a propagation joined into one digest (see `Reference`)."""

    segments8: LabelSegments
    segments16: LabelSegments
    means: Tensor
    has_pixels: Tensor
    centroids: Tensor
    valid: Tensor
    foreground: Tensor
    background: Tensor


@dataclass(frozen=True)
class State:
    """What carries from one frame to the next.

    Attributes:
        object_ids: The ids behind channels 1..O.
        references: The joined references.
        previous: Features of the previous frame, or None before the first.
        probabilities: float32 [O + 1, h4, w4] of the previous frame.
        memories: What the decoder keeps of each object; None before the first frame.
    """

    object_ids: tuple[int, ...]
    references: ReferenceSet
    previous: Features
    probabilities: Tensor
    memories: tuple[ObjectMemory, ...] | None = None

    def with_references(self, references: ReferenceSet) -> State:
        """The same moment with other references."""
        return replace(self, references=references)


class StepResult(NamedTuple):
    """One target frame.

    Attributes:
        logits: [O, h4, w4], one per object, before aggregation.
        cluster_index: int64 [O + 1, h8, w8] nearest proxy of each label.
        memories: What the decoder keeps of each object for the next frame.
    """

    logits: Tensor
    cluster_index: Tensor
    memories: tuple[ObjectMemory, ...] | None = None


def channel_labels(label_map: Tensor, object_ids: tuple[int, ...]) -> Tensor:
    """Turn a map of object ids into channels: 0 background, 1..O, -1 for 255 (nobody's).

    Ids that are not in `object_ids` become background.

    Args:
        label_map: integer [H, W].
        object_ids: The ids of channels 1..O.

    Returns:
        int64 [H, W].
    """
    table = torch.zeros(256, dtype=torch.int64, device=label_map.device)
    table[255] = -1
    for channel, object_id in enumerate(object_ids, start=1):
        table[object_id] = channel
    return table[label_map.long()]

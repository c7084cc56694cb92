"""From logits at stride 4 to the record of one frame at its own resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from vos_core.inference.native_labels import label_map_at, likeliest_at
from vos_core.inference.records import FrameResult
from vos_core.inference.segmented import Segmented
from vos_core.ops.aggregation import reliability_map
from vos_core.ops.resize import resize_bilinear

CLUSTERS = 16


def frame_result(
    target: int, segmented: Segmented, object_ids: Sequence[int], size: tuple[int, int]
) -> FrameResult:
    """Lay out one frame.

    Args:
        target: Frame index.
        segmented: The network's answer.
        object_ids: Ids of channels 1..O.
        size: Native (H, W).

    Returns:
        The record, without times.
    """
    probabilities = segmented.probabilities
    if segmented.at_frame is not None or segmented.logits is None:
        winners = likeliest_at(segmented.finest, size)
    elif segmented.joins_objects:
        winners = likeliest_at(segmented.logits, size)
    else:
        winners = label_map_at(segmented.logits, size)
    ids = np.array([0, *object_ids], np.uint8)
    label_map = ids[winners.cpu().numpy()]
    reliability = reliability_map(probabilities)
    channels = probabilities.max(0).indices  # several times faster than argmax
    grown = resize_bilinear(reliability[None, None] * 255, size)[0, 0]
    reliability_u8 = grown.round().to(torch.uint8).cpu().numpy()
    by_object = {}
    for channel, object_id in enumerate(object_ids, start=1):
        own = channels == channel
        value = reliability[own].mean() if own.any() else 1 - probabilities[channel].max()
        by_object[object_id] = float(value)
    clusters = winners8 = None
    if segmented.cluster_index is not None:
        clusters, winners8 = cluster_maps(channels, segmented.cluster_index)
        clusters.setflags(write=False)
        winners8.setflags(write=False)
    for array in (label_map, reliability_u8):
        array.setflags(write=False)
    return FrameResult(
        target,
        label_map,
        reliability_u8,
        by_object,
        clusters,
        0.0,
        reference_map=winners8,
        reference_frames=segmented.reference_frames,
    )


def empty_result(target: int, size: tuple[int, int]) -> FrameResult:
    """A frame that shows no object, for certain."""
    labels, reliable = np.zeros(size, np.uint8), np.full(size, 255, np.uint8)
    labels.setflags(write=False)
    reliable.setflags(write=False)
    return FrameResult(target, labels, reliable, {}, None, 0.0)


def with_person_pixels(
    result: FrameResult, label_map: np.ndarray, open_ids: frozenset[int]
) -> FrameResult:
    """The result of a frame of which a person drew some objects.

    Args:
        result: The prediction.
        label_map: uint8 [H, W] the person's map completed by the prediction.
        open_ids: Objects that the prediction answers for.

    Returns:
        That map; certain where a pixel is no predicted object's and not background.
    """
    drawn = (label_map != 0) & ~np.isin(label_map, sorted(open_ids))
    reliability = np.where(drawn, np.uint8(255), result.reliability_map)
    label_map = label_map.copy()
    for array in (label_map, reliability):
        array.setflags(write=False)
    by_object = {i: value for i, value in result.object_reliability.items() if i in open_ids}
    return replace(
        result, label_map=label_map, reliability_map=reliability, object_reliability=by_object
    )


def with_times(result: FrameResult, marks: Sequence[float]) -> FrameResult:
    """The result with its total and stage times from the moments between stages, in seconds."""
    spans = [after - before for before, after in pairwise(marks)]
    stages = dict(zip(("read", "encode", "segment", "finish"), spans, strict=False))
    return replace(result, seconds=marks[-1] - marks[0], stage_seconds=stages)


def cluster_maps(channels: Tensor, cluster_index: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Which proxy, and of which reference, explains each pixel's own label.

    Returns:
        (uint8 [h8, w8] of ``1 + (16 * channel + proxy) % 255``, uint8 [h8, w8] of the reference's
        place among those joined, at most 255).
    """
    own = channels[::2, ::2]  # strides 4 and 8 nest
    index = cluster_index.gather(0, own[None])[0]
    values = 1 + (CLUSTERS * own + index % CLUSTERS) % 255
    places = (index // CLUSTERS).clamp(max=255)
    return values.to(torch.uint8).cpu().numpy(), places.to(torch.uint8).cpu().numpy()

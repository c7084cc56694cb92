"""One frame that was predicted from both sides in time, made into one answer.

RPCM's reliability says how sure each side is of a pixel, and the distance to the reference that an
object came from says how far it has travelled. Where the sides agree, their answer stands. Where
they do not, the side wins whose reliability times nearness is larger; the fused reliability is then
what the winner has over the loser, so that a contested pixel counts as doubtful. The law is ours;
`benchmarks/two_sided.py` measures it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from vos_core.inference.records import FrameResult
from vos_core.media.byte_shelf import ByteShelf

ID_COUNT = 256
RELIABILITY_STEP = 4  # the network computes it at stride 4
REACH_FRAMES = 3.0
"""Frames over which a reference's own side is preferred. In the middle of a gap reliability alone
decides: there it tells more than distance (measured)."""


@dataclass(frozen=True)
class PackedSide:
    """The answer of one side, small enough to be kept for thousands of frames.

    Attributes:
        result: The record with empty maps.
        shape: (H, W) of the maps.
        labels: The label map, compressed.
        reliability: The reliability map at every fourth row and column, compressed.
        clusters: The cluster map and, where there is one, the reference map, compressed as one.
        cluster_shape: (count of these maps, rows, columns).
    """

    result: FrameResult
    shape: tuple[int, int]
    labels: memoryview
    reliability: memoryview
    clusters: memoryview
    cluster_shape: tuple[int, int, int]

    @staticmethod
    def of(result: FrameResult, shelf: ByteShelf) -> PackedSide:
        """Pack a result, its maps onto a shelf."""
        height, width = result.label_map.shape
        nothing = np.zeros((0, 0), np.uint8)
        small = result.reliability_map[::RELIABILITY_STEP, ::RELIABILITY_STEP]
        clusters = np.zeros((0, 0, 0), np.uint8)
        if result.cluster_map is not None:
            maps = (result.cluster_map, result.reference_map)
            clusters = np.stack([own for own in maps if own is not None])
        rest = replace(
            result,
            label_map=nothing,
            reliability_map=nothing,
            cluster_map=None,
            reference_map=None,
        )
        labels, reliability, packed_clusters = (
            shelf.put(zlib.compress(values.tobytes(), 1))
            for values in (result.label_map, small, clusters)
        )
        count, rows, columns = clusters.shape
        return PackedSide(
            rest,
            (height, width),
            labels,
            reliability,
            packed_clusters,
            (count, rows, columns),
        )

    @property
    def nbytes(self) -> int:
        """Bytes held, about."""
        return len(self.labels) + len(self.reliability) + len(self.clusters)

    def unpack(self) -> FrameResult:
        """The result; its reliability between the kept rows and columns is interpolated."""
        height, width = self.shape
        step = RELIABILITY_STEP
        rows, columns = -(-height // step), -(-width // step)
        labels = np.frombuffer(zlib.decompress(self.labels), np.uint8).reshape(self.shape)
        small = np.frombuffer(zlib.decompress(self.reliability), np.uint8).reshape(rows, columns)
        # sample k of the small map lies at pixel 4 k
        places = np.array([[1 / step, 0, 0], [0, 1 / step, 0]], np.float64)
        reliability = cv2.warpAffine(
            small,
            places,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        clusters = np.frombuffer(zlib.decompress(self.clusters), np.uint8)
        maps = [*clusters.reshape(self.cluster_shape), None, None]
        return replace(
            self.result,
            label_map=labels,
            reliability_map=np.asarray(reliability),
            cluster_map=maps[0],
            reference_map=maps[1],
        )


@dataclass(frozen=True)
class Nearness:
    """How much each side's word weighs, per label; the larger of the two is 1.

    Attributes:
        forward: float32 [256] weights of the side that comes from earlier frames.
        backward: float32 [256] weights of the other.
    """

    forward: np.ndarray
    backward: np.ndarray

    @staticmethod
    def of(frame: int, earlier: Mapping[int, int], later: Mapping[int, int]) -> Nearness:
        """Weigh each object by the distance to the nearest reference that speaks of it.

        A side weighs 1 - exp(-d / 3), d being the frames to the reference of the other side: next
        to a reference the side that comes from it dominates. An object that only one side carries
        is that side's alone. The background weighs like the nearest of all references.

        Args:
            frame: Target frame.
            earlier: Objects that come from before the frame, with the nearest reference there that
                speaks of each: it shows the object or says that it is not there.
            later: The same for references after it.
        """
        forward, backward = np.ones(ID_COUNT, np.float32), np.ones(ID_COUNT, np.float32)
        for object_id in set(earlier) | set(later):
            weights = _weights(frame, earlier.get(object_id), later.get(object_id))
            forward[object_id], backward[object_id] = weights
        before, after = max(earlier.values(), default=None), min(later.values(), default=None)
        forward[0], backward[0] = _weights(frame, before, after)
        return Nearness(forward, backward)


def _weights(frame: int, before: int | None, after: int | None) -> tuple[float, float]:
    if before is None or after is None:
        return float(after is None), float(before is None)
    ahead = 1 - math.exp((frame - after) / REACH_FRAMES)
    back = 1 - math.exp((before - frame) / REACH_FRAMES)
    return ahead / max(ahead, back), back / max(ahead, back)


def fuse(
    forward: FrameResult,
    backward: FrameResult,
    nearness: Nearness,
    *,
    object_ids: Collection[int] | None = None,
) -> FrameResult:
    """Join the answers of both sides.

    With both sides equal the result equals either. Permuting ids permutes it; equal votes go to the
    forward side whatever the ids.

    Args:
        forward: Predicted from earlier frames.
        backward: Predicted from later frames.
        nearness: Weights of the sides.
        object_ids: Ids that may appear; None for all.

    Returns:
        The joined record; clusters are those of the side that weighs more, and its objects come
        first in `object_reliability`, because clusters count by them.
    """
    allowed = np.ones(ID_COUNT, bool)
    if object_ids is not None:
        allowed[:] = False
        allowed[[0, *object_ids]] = True
    ahead, back = forward.label_map, backward.label_map
    if not allowed.all():
        ahead_is, back_is = allowed[ahead], allowed[back]
        # a side that speaks of an object which may not appear has no opinion there
        ahead = np.where(ahead_is, ahead, np.where(back_is, back, 0))
        back = np.where(back_is, back, ahead)
    weight_ahead = nearness.forward[np.where(ahead == 0, back, ahead)]
    weight_back = nearness.backward[np.where(back == 0, ahead, back)]
    vote_ahead = weight_ahead * forward.reliability_map
    vote_back = weight_back * backward.reliability_map
    disagree = ahead != back
    label_map = np.where(disagree & (vote_back > vote_ahead), back, ahead)
    mean = (vote_ahead + vote_back) / np.maximum(weight_ahead + weight_back, 1e-6)
    votes = np.where(disagree, np.abs(vote_ahead - vote_back), mean)
    reliability = np.rint(votes).astype(np.uint8)
    heavier, lighter = forward, backward
    if nearness.forward[0] < nearness.backward[0]:
        heavier, lighter = backward, forward
    ids = [i for i in (*heavier.object_reliability, *lighter.object_reliability) if allowed[i]]
    by_object = {
        object_id: _object_reliability(
            object_id, forward, backward, nearness, label_map, reliability
        )
        for object_id in dict.fromkeys(ids)
    }
    for array in (label_map, reliability):
        array.setflags(write=False)
    return replace(
        heavier,
        label_map=label_map,
        reliability_map=reliability,
        object_reliability=by_object,
    )


def without_objects(result: FrameResult, object_ids: Collection[int]) -> FrameResult:
    """A result in which some objects are surely not there: their pixels become background."""
    if not object_ids:
        return result
    absent = np.zeros(ID_COUNT, bool)
    absent[list(object_ids)] = True
    label_map = np.where(absent[result.label_map], np.uint8(0), result.label_map)
    label_map.setflags(write=False)
    reliability = result.object_reliability | dict.fromkeys(object_ids, 1.0)
    return replace(result, label_map=label_map, object_reliability=reliability)


def _object_reliability(
    object_id: int,
    forward: FrameResult,
    backward: FrameResult,
    nearness: Nearness,
    label_map: np.ndarray,
    reliability: np.ndarray,
) -> float:
    """Mean over the object's pixels; where the sides agree on them, of the sides' own means."""
    one = forward.object_reliability.get(object_id)
    other = backward.object_reliability.get(object_id)
    own = label_map == object_id
    if one is not None and other is not None:
        same = np.array_equal(forward.label_map == object_id, backward.label_map == object_id)
        if same or not own.any():
            ahead, back = float(nearness.forward[object_id]), float(nearness.backward[object_id])
            return (ahead * one + back * other) / (ahead + back)
    if own.any():
        return float(reliability[own].mean()) / 255
    values = [value for value in (one, other) if value is not None]
    return sum(values) / len(values)

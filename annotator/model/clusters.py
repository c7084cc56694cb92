"""Proxy clusters of one frame: which pixels share a proxy, and which reference it came from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from annotator.model.errors import FrameError
from annotator.model.events import Event
from annotator.model.label_maps import ByteMap

CLUSTERS_PER_OBJECT = 16
_CODES = 255


@dataclass(frozen=True)
class Cluster:
    """One cluster of a frame.

    Attributes:
        code: Its value in the cluster map, 1..255.
        object_id: Object it belongs to, 0 background.
        proxy: Number of the proxy among those of its object in one reference, 0..15.
        reference: Frame whose pixels the proxy stands for, None when not known.
        pixel_count: Pixels of the frame that it explains, about (the map is coarser).
        share: These as a share of all pixels of its object in the frame, in [0, 1].
    """

    code: int
    object_id: int
    proxy: int
    reference: int | None
    pixel_count: int
    share: float


@dataclass(frozen=True, eq=False)
class ClusterFrame:
    """The clusters of one frame.

    Map and frame have their corner pixels in common: row i of h lies at row ``i (H - 1) / (h - 1)``
    of the frame, and each pixel belongs to the nearest one.

    Attributes:
        cluster_map: uint8 [h, w]: 0 none, else ``1 + (16 * channel + proxy) % 255``, so that beyond
            15 objects two may share a code.
        object_ids: Object of channel 1, 2, ... (channel 0 is background).
        size: (H, W) of the frame.
        reference_map: uint8 [h, w], place in `reference_frames` of the reference whose proxy that
            is; None when not known.
        reference_frames: Frames of the references.
    """

    cluster_map: ByteMap
    object_ids: tuple[int, ...]
    size: tuple[int, int]
    reference_map: ByteMap | None = None
    reference_frames: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse maps that do not belong together.

        Raises:
            FrameError: the two maps differ in shape.
        """
        if self.reference_map is not None and self.reference_map.shape != self.cluster_map.shape:
            raise FrameError(
                f"a cluster map of {self.cluster_map.shape} has a reference map of "
                f"{self.reference_map.shape}; both must have one shape"
            )

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        other = 0 if self.reference_map is None else self.reference_map.nbytes
        return self.cluster_map.nbytes + other

    @cached_property
    def rows(self) -> np.ndarray:
        """int64 [H]: row of the map for each row of the frame."""
        return _nearest(self.size[0], self.cluster_map.shape[0])

    @cached_property
    def columns(self) -> np.ndarray:
        """int64 [W]: column of the map for each column of the frame."""
        return _nearest(self.size[1], self.cluster_map.shape[1])

    @cached_property
    def _keys(self) -> np.ndarray:
        """int32 [h, w]: code and reference as one number, -1 where there is no cluster."""
        keys = self.cluster_map.astype(np.int32)
        if self.reference_map is not None:
            keys += self.reference_map.astype(np.int32) << 8
        return np.where(self.cluster_map == 0, -1, keys)

    @cached_property
    def reference_shares(self) -> dict[int, float]:
        """Share of the matched pixels that each reference explains, in [0, 1]; empty without any.

        Among `reference_frames` those without a pixel are left out.
        """
        if self.reference_map is None:
            return {}
        matched = self.cluster_map > 0
        counts = np.bincount(
            self.reference_map[matched],
            weights=self._weights[matched],
            minlength=len(self.reference_frames),
        )
        whole = counts.sum()
        return {
            frame: float(count / whole)
            for frame, count in zip(self.reference_frames, counts, strict=False)
            if count
        }

    def reference_at(self, x: float, y: float) -> int | None:
        """Reference frame that explains a point of the frame; None where none does.

        Args:
            x: Column, in frame pixels.
            y: Row.
        """
        place = self._place(x, y)
        return None if place is None else self._reference(place)

    def _reference(self, place: tuple[int, int]) -> int | None:
        if self.reference_map is None or self.cluster_map[place] == 0:
            return None
        number = int(self.reference_map[place])
        return self.reference_frames[number] if number < len(self.reference_frames) else None

    def without(self, object_ids: Collection[int]) -> ClusterFrame:
        """The same clusters but for those of some objects."""
        codes = np.arange(_CODES + 1)
        own = np.array([code and self.object_of(code) in object_ids for code in codes.tolist()])
        kept = np.where(own, 0, codes).astype(np.uint8)
        cluster_map = np.asarray(cv2.LUT(self.cluster_map, kept), np.uint8)
        return replace(self, cluster_map=cluster_map)

    def object_of(self, code: int) -> int:
        """Object that a code stands for, 0 for background and for an unknown channel."""
        channel = (code - 1) // CLUSTERS_PER_OBJECT
        return self.object_ids[channel - 1] if 0 < channel <= len(self.object_ids) else 0

    def at(self, x: float, y: float) -> Cluster | None:
        """Cluster under a point of the frame; None outside, and where there is none.

        Args:
            x: Column, in frame pixels.
            y: Row.
        """
        place = self._place(x, y)
        if place is None or self.cluster_map[place] == 0:
            return None
        code = int(self.cluster_map[place])
        object_id = self.object_of(code)
        weights = self._weights
        own = weights[self._keys == self._keys[place]].sum()
        codes = [c for c in range(1, _CODES + 1) if self.object_of(c) == object_id]
        whole = weights[np.isin(self.cluster_map, codes)].sum()
        return Cluster(
            code,
            object_id,
            (code - 1) % CLUSTERS_PER_OBJECT,
            self._reference(place),
            int(own),
            float(own / whole),
        )

    @cached_property
    def _weights(self) -> np.ndarray:
        """int64 [h, w]: pixels of the frame that each place of the map stands for."""
        height, width = self.cluster_map.shape
        down = np.bincount(self.rows, minlength=height)
        return down[:, None] * np.bincount(self.columns, minlength=width)[None]

    def mask_at(self, x: float, y: float, *, connected: bool = False) -> np.ndarray | None:
        """Pixels of the cluster under a point: bool [H, W], None where there is none.

        Args:
            x: Column, in frame pixels.
            y: Row.
            connected: Only the connected part under the point.
        """
        chosen = self.places_at(x, y, connected=connected)
        return None if chosen is None else self._grown(chosen)

    def places_at(self, x: float, y: float, *, connected: bool = False) -> np.ndarray | None:
        """`mask_at` on the map's own grid: bool [h, w]."""
        place = self._place(x, y)
        if place is None or self.cluster_map[place] == 0:
            return None
        chosen: np.ndarray = self._keys == self._keys[place]
        return _part_at(chosen, place) if connected else chosen

    def mask_under(self, touched: np.ndarray, *, least_share: float = 0.5) -> np.ndarray:
        """Pixels of all places of the map that lie under a painted area with most of their pixels.

        What a snapping brush paints: whole places of the map, each inside one cluster, and the rest
        of their connected cluster part is left alone.

        Args:
            touched: bool [H, W], where the brush was.
            least_share: Share of a place's pixels that must be touched, in (0, 1].

        Returns:
            bool [H, W].
        """
        height, width = self.cluster_map.shape
        flat = (self.rows[:, None] * width + self.columns[None])[touched]
        counts = np.bincount(flat, minlength=height * width).reshape(height, width)
        chosen = (counts >= least_share * self._weights) & (self.cluster_map > 0) & (counts > 0)
        return self._grown(chosen)

    def _grown(self, chosen: np.ndarray) -> np.ndarray:
        return chosen[self.rows].take(self.columns, axis=1)

    def _place(self, x: float, y: float) -> tuple[int, int] | None:
        row, column = int(np.floor(y)), int(np.floor(x))
        if not (0 <= row < self.size[0] and 0 <= column < self.size[1]):
            return None
        return int(self.rows[row]), int(self.columns[column])


class ClusterStore:
    """Clusters of the frames seen last, within a number of bytes.

    Args:
        byte_limit: The oldest go beyond it; the last one always stays.
        load: Fetches what is kept elsewhere, None where there is nothing.

    Events:
        changed: (frame index, its clusters), after `put`; what storage needs.
        forgotten: (frame indices), after `forget`; likewise.
    """

    def __init__(
        self,
        byte_limit: int = 64 << 20,
        *,
        load: Callable[[int], ClusterFrame | None] | None = None,
    ) -> None:
        self._byte_limit = byte_limit
        self._load = load
        self.changed: Event[int, ClusterFrame] = Event()
        self.forgotten: Event[frozenset[int]] = Event()
        self._gone: set[int] = set()
        self._frames: OrderedDict[int, ClusterFrame] = OrderedDict()
        self._nbytes = 0

    def get(self, frame_index: int) -> ClusterFrame | None:
        """Clusters of a frame, None when they are not known."""
        kept = self._frames.get(frame_index)
        if kept is None and self._load is not None and frame_index not in self._gone:
            kept = self._load(frame_index)
            if kept is not None:
                self._keep(frame_index, kept)
        return kept

    def load_with(self, load: Callable[[int], ClusterFrame | None]) -> None:
        """Fetch from now on what is not at hand by a function."""
        self._load = load

    def put(self, frame_index: int, clusters: ClusterFrame) -> None:
        """Keep the clusters of a frame in place of those before."""
        self._keep(frame_index, clusters)
        self._gone.discard(frame_index)
        self.changed.emit(frame_index, clusters)

    def forget(self, frames: Iterable[int]) -> None:
        """Give up the clusters of some frames, kept elsewhere or not: they no longer hold."""
        gone = frozenset(frames)
        for frame_index in gone:
            self.drop(frame_index)
        self._gone |= gone
        if gone:
            self.forgotten.emit(gone)

    def _keep(self, frame_index: int, clusters: ClusterFrame) -> None:
        self.drop(frame_index)
        self._frames[frame_index] = clusters
        self._nbytes += clusters.nbytes
        while self._nbytes > self._byte_limit and len(self._frames) > 1:
            self.drop(next(iter(self._frames)))

    def drop(self, frame_index: int) -> None:
        """Let go of a frame; what is kept elsewhere stays there."""
        old = self._frames.pop(frame_index, None)
        self._nbytes -= old.nbytes if old else 0

    def clear(self) -> None:
        """Let go of all."""
        self._frames.clear()
        self._nbytes = 0


def _nearest(size: int, places: int) -> np.ndarray:
    """int64 [size]: nearest of so many evenly spaced places, the first and last at the ends."""
    if size == 1 or places == 1:
        return np.zeros(size, np.int64)
    return np.floor(np.arange(size) * ((places - 1) / (size - 1)) + 0.5).astype(np.int64)


def _part_at(chosen: np.ndarray, place: tuple[int, int]) -> np.ndarray:
    _, parts = cv2.connectedComponents(chosen.astype(np.uint8), connectivity=4)
    return np.asarray(parts == parts[place])

"""Records that travel between the window and the worker; none is changed once it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import numpy as np

from annotator.model.label_maps import PackedMap


class Direction(StrEnum):
    """Which way masks travel in time."""

    FORWARD = "forward"
    BACKWARD = "backward"
    BOTH = "both"


class EndReason(StrEnum):
    """Why a job ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


def frozen_copy(values: np.ndarray) -> np.ndarray:
    """Return a C-contiguous copy that refuses writing."""
    copy = np.array(values, order="C", copy=True)
    copy.flags.writeable = False
    return copy


@dataclass(frozen=True)
class BackendInfo:
    """What the network runs as.

    Attributes:
        model_name: Name of the network, such as ``"aoc-lite"``.
        device_name: Device in words.
        dtype_name: Number format of the computation.
    """

    model_name: str
    device_name: str
    dtype_name: str

    @property
    def text(self) -> str:
        """``aoc-lite · cpu · float32``."""
        return " · ".join(p for p in (self.model_name, self.device_name, self.dtype_name) if p)


@dataclass(frozen=True)
class NetworkChoice:
    """Which network a person wants, and where it runs.

    Attributes:
        model: Name of weights.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    """

    model: str
    device: str = "auto"


@dataclass(frozen=True)
class OfferedNetwork:
    """A network whose weights are on this machine.

    Attributes:
        name: What `NetworkChoice.model` takes.
        summary: One line about it.
    """

    name: str
    summary: str = ""


@dataclass(frozen=True)
class NetworkOffer:
    """What can be chosen on this machine.

    Attributes:
        networks: The default one first.
        devices: Devices that are there, ``"auto"`` first.
        chosen: What was asked for last and works.
    """

    networks: tuple[OfferedNetwork, ...]
    devices: tuple[str, ...]
    chosen: NetworkChoice


@dataclass(frozen=True)
class PropagationJob:
    """One run of the network; everything that decides what it computes.

    Attributes:
        number: Grows with every job; results carry it, so that those of an older job are dropped.
        frames_path: Video file or folder; the worker opens it for itself.
        references: Frame index to uint8 [H, W] label map; copied at construction.
        direction: Which way masks travel from `start`.
        start: Reference where the person stands.
        first: First frame of the range.
        last: Last frame of the range.
        known: For references the ids that the map speaks of (shown, or said to be absent); a frame
            without an entry speaks of every object.
        both_sides: Predict frames between two references from both, and fuse.
        object_ids: Objects that travel, ``None`` for all in the references.
        mode: ``"base"`` (references and previous frame), ``"mf"`` (own results too), or ``None``
            for what the network does best.
    """

    number: int
    frames_path: Path
    references: Mapping[int, np.ndarray]
    direction: Direction
    start: int
    first: int
    last: int
    known: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    both_sides: bool = True
    object_ids: tuple[int, ...] | None = None
    mode: str | None = None

    def __post_init__(self) -> None:
        copies = {index: frozen_copy(label_map) for index, label_map in self.references.items()}
        object.__setattr__(self, "references", MappingProxyType(copies))
        object.__setattr__(self, "known", MappingProxyType(dict(self.known)))


@dataclass(frozen=True)
class Correction:
    """A frame that a person changed while its job runs.

    Attributes:
        number: Job that it belongs to.
        index: Frame index.
        label_map: uint8 [H, W]; copied at construction.
        known: Ids that the map speaks of, ``None`` for every object.
    """

    number: int
    index: int
    label_map: np.ndarray
    known: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "label_map", frozen_copy(self.label_map))


@dataclass(frozen=True)
class FrameResult:
    """What the network says about one frame.

    Attributes:
        index: Frame index.
        label_map: uint8 [H, W] of object ids at native resolution.
        reliability_map: uint8 [H, W], 255 = certain.
        object_reliability: Object id to mean reliability in [0, 1] over its pixels.
            Its order is the order of the cluster map's channels 1, 2, ...
        cluster_map: uint8 [h, w] at stride 8 or ``None``: 0 none, else 1 + 16 * channel + k, where
            channel 0 is background.
        seconds: Time the frame took.
        reference_map: uint8 [h, w] or ``None``: place in `reference_frames` of the reference whose
            cluster that is.
        reference_frames: Frames of the references that were matched against.
    """

    index: int
    label_map: np.ndarray
    reliability_map: np.ndarray
    object_reliability: Mapping[int, float] = field(default_factory=dict)
    cluster_map: np.ndarray | None = None
    seconds: float = 0.0
    reference_map: np.ndarray | None = None
    reference_frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class JobResult:
    """A frame of a job on its way to the window.

    Attributes:
        number: Job that it belongs to.
        result: What the network says.
        done: Visits of the job so far, this one included; a frame between two references is
            visited from both.
        total: Visits of the whole job as it stands; a correction makes it grow.
        packed_label_map: The label map, compressed in the worker's thread.
        packed_reliability: The reliability map, compressed there too.
        corrections: Corrections of the job that were taken before the frame was computed.
    """

    number: int
    result: FrameResult
    done: int
    total: int
    packed_label_map: PackedMap
    packed_reliability: PackedMap
    corrections: int = 0


@dataclass(frozen=True)
class JobEnd:
    """The end of a job; `message` tells the cause of a failure to a person."""

    number: int
    reason: EndReason
    message: str = ""

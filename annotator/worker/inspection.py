"""A closer look at single frames in the worker's thread, between the frames of a run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot

from annotator.model.label_maps import PackedMap

if TYPE_CHECKING:
    from annotator.worker.backend import ReadFrame
    from annotator.worker.engine import FrameReader, OpenFrames
    from annotator.worker.service import PropagationService

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InspectionRequest:
    """Which frame to look at, and from where.

    Attributes:
        number: Grows with every request; older ones are not answered.
        frames_path: Video file or folder.
        frame: Frame index.
        references: Frame index to packed label map.
        previous: A neighbouring frame and its packed label map, ``None`` for the nearest
            reference.
        object_ids: Objects to tell apart.
    """

    number: int
    frames_path: Path
    frame: int
    references: Mapping[int, PackedMap]
    previous: tuple[int, PackedMap] | None
    object_ids: tuple[int, ...]


@dataclass(frozen=True)
class Inspection:
    """What the network knows of one frame; corners of maps are corners of the frame.

    Attributes:
        number: Of the request.
        frame: Frame index.
        object_ids: Objects of the rows of `probabilities`.
        probabilities: uint8 [O, h, w], 255 certain.
        embedding: uint8 [h, w, 3], principal components as colours.
        cluster_map: uint8 [h, w] as in `annotator.worker.jobs.FrameResult`, or ``None``.
        reference_map: uint8 [h, w] as there.
        reference_frames: Frames of the references.
    """

    number: int
    frame: int
    object_ids: tuple[int, ...]
    probabilities: np.ndarray
    embedding: np.ndarray
    cluster_map: np.ndarray | None = None
    reference_map: np.ndarray | None = None
    reference_frames: tuple[int, ...] = ()


class InspectingBackend(Protocol):
    """The part of a backend that looks closely at one frame."""

    def inspect(self, read_frame: ReadFrame, request: InspectionRequest) -> Inspection:
        """Look at a frame.

        Raises:
            BackendError: The network is not there, or maps do not fit.
        """


class _Inspector(QObject):
    """Lives on the worker's thread; talked to by queued signals only."""

    inspected = Signal(object)
    failed = Signal(int, str)

    def __init__(self, backend: InspectingBackend, open_frames: OpenFrames) -> None:
        super().__init__()
        self._backend = backend
        self._open_frames = open_frames
        self._reader: FrameReader | None = None
        self._path: Path | None = None
        self.newest = 0
        """Number of the newest request; set by the window, read here."""

    @Slot(object)
    def inspect(self, request: InspectionRequest) -> None:
        """Look at a frame, unless the person has gone on."""
        if request.number < self.newest:
            return
        try:
            if self._reader is None or self._path != request.frames_path:
                self.close()
                self._reader = self._open_frames(request.frames_path)
                self._path = request.frames_path
            found = self._backend.inspect(self._reader.read, request)
        except Exception as error:  # an overlay that cannot be shown must not end the thread
            _log.warning("frame %d cannot be inspected", request.frame, exc_info=error)
            self.failed.emit(request.number, str(error))
        else:
            self.inspected.emit(found)

    @Slot()
    def close(self) -> None:
        """Release the frames."""
        if self._reader is not None:
            self._reader.close()
        self._reader = self._path = None


class InspectionService(QObject):
    """The window's handle: answers to older requests are dropped."""

    inspected = Signal(object)
    """`Inspection` of the newest request."""
    failed = Signal(str)
    """Why the newest request has no answer."""

    _wanted = Signal(object)
    _close_wanted = Signal()

    def __init__(
        self,
        service: PropagationService,
        backend: InspectingBackend,
        open_frames: OpenFrames,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._inspector = _Inspector(backend, open_frames)
        service.host(self._inspector)
        queued = Qt.ConnectionType.QueuedConnection
        self._wanted.connect(self._inspector.inspect, queued)
        self._close_wanted.connect(self._inspector.close, queued)
        self._inspector.inspected.connect(self._take, queued)
        self._inspector.failed.connect(self._take_failure, queued)

    def next_number(self) -> int:
        """Number for the next request."""
        return self._inspector.newest + 1

    def request(self, request: InspectionRequest) -> None:
        """Ask for a look at a frame; older requests are forgotten."""
        self._inspector.newest = request.number
        self._wanted.emit(request)

    def forget(self) -> None:
        """Drop the request in hand, and the frames."""
        self._inspector.newest += 1
        self._close_wanted.emit()

    @Slot(object)
    def _take(self, found: Inspection) -> None:
        if found.number == self._inspector.newest:
            self.inspected.emit(found)

    @Slot(int, str)
    def _take_failure(self, number: int, message: str) -> None:
        if number == self._inspector.newest:
            self.failed.emit(message)

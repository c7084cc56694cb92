"""The worker object: owns the network, runs one job a frame at a time between its own events."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot

from annotator.model.label_maps import PackedMap
from annotator.storage.thread_priority import lower_own_priority
from annotator.worker.backend import Backend, BackendError, RunningPropagation
from annotator.worker.jobs import (
    BackendInfo,
    Correction,
    EndReason,
    FrameResult,
    JobEnd,
    JobResult,
    NetworkChoice,
    PropagationJob,
)
from vos_core.media.byte_shelf import ByteShelf

_log = logging.getLogger(__name__)

MAX_UNSEEN_RESULTS = 3
"""Results that may wait for the window before the next frame is computed."""


class FrameReader(Protocol):
    """The part of a frame source that the worker needs."""

    def read(self, index: int) -> np.ndarray:
        """Return uint8 [H, W, 3] RGB."""

    def close(self) -> None:
        """Release the file."""


OpenFrames = Callable[[Path], FrameReader]


class Controls:
    """Flags that both threads see at once, beside the queue of events."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.paused = threading.Event()


class PropagationEngine(QObject):
    """Lives on the worker's thread; talked to by queued signals only.

    Between two frames its event loop runs, so that pause, stop and a correction get in. A frame in
    hand is finished, never broken off.
    """

    loaded = Signal(object)
    """`BackendInfo` once the network is ready."""
    load_failed = Signal(str)
    switch_failed = Signal(str)
    """Why another network was not taken; the one before stays in use."""
    offered = Signal(object)
    """`NetworkOffer`."""
    result_ready = Signal(object)
    """`JobResult`."""
    job_ended = Signal(object)
    """`JobEnd`."""
    exhausted = Signal(int, int)
    """A job has nothing left: its number, and how many corrections it has taken. It goes on when
    another correction comes, and ends with `finish`."""
    notice = Signal(int, str)
    """Number of a job and what a person should know about it while it runs."""
    _pump_wanted = Signal()

    def __init__(self, backend: Backend, open_frames: OpenFrames, controls: Controls) -> None:
        super().__init__()
        self._backend = backend
        self._open_frames = open_frames
        self._controls = controls
        self._info: BackendInfo | None = None
        self._job: PropagationJob | None = None
        self._reader: FrameReader | None = None
        self._reader_path: Path | None = None
        self._propagation: RunningPropagation | None = None
        self._done = 0
        self._unseen = 0
        self._corrections = 0
        self._early: list[Correction] = []
        self._map_shelf, self._cluster_shelf = ByteShelf(), ByteShelf()
        self._pump_queued = False
        self._pump_wanted.connect(self._pump, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def prepare_thread(self) -> None:
        """Let the window go first: lower the priority of this thread and of those it starts."""
        lower_own_priority()

    @Slot()
    def load(self) -> None:
        """Load the network unless it is there."""
        if self._ensure_loaded() and self._info is not None:
            self.loaded.emit(self._info)

    @Slot(object)
    def switch(self, choice: NetworkChoice) -> None:
        """Load another network between two jobs; where that fails the one before stays in use."""
        if self._job is not None:
            self.switch_failed.emit("A propagation is running; the network stays as it is.")
            return
        try:
            self._info = self._backend.load(choice)
        except BackendError as error:
            self.switch_failed.emit(str(error))
        except Exception as error:  # whatever a library raises must not end the thread
            _log.exception("changing the network failed")
            self.switch_failed.emit(f"{choice.model} could not be loaded: {error}")
        else:
            self.loaded.emit(self._info)
        self.look_around()

    @Slot()
    def look_around(self) -> None:
        """Say which networks and devices there are."""
        try:
            self.offered.emit(self._backend.offer())
        except Exception:  # a list that cannot be made must not end the thread
            _log.exception("listing the networks failed")

    def _ensure_loaded(self) -> bool:
        if self._info is not None:
            return True
        try:
            self._info = self._backend.load()
        except BackendError as error:
            self.load_failed.emit(str(error))
            return False
        except Exception as error:  # whatever a library raises must not end the thread
            _log.exception("loading the network failed")
            self.load_failed.emit(f"The network could not be loaded: {error}")
            return False
        return True

    @Slot(object)
    def start(self, job: PropagationJob) -> None:
        """Begin a job; one that still runs ends as stopped."""
        self._end(EndReason.STOPPED)
        known = self._info is not None
        if not self._ensure_loaded():
            self.job_ended.emit(JobEnd(job.number, EndReason.FAILED))
            return
        if not known:
            self.loaded.emit(self._info)
        self._job = job
        self._early = []
        self._done = self._unseen = self._corrections = 0
        self._queue_pump()

    @Slot(object)
    def correct(self, correction: Correction) -> None:
        """Take up a frame that a person changed, before the next frame is computed."""
        job = self._job
        if job is None or correction.number != job.number:
            return
        self._corrections += 1
        if self._propagation is None:
            self._early.append(correction)
            return
        try:
            self._take(self._propagation, correction)
        except Exception as error:  # the cause is shown, what was done is kept
            self._fail(error)
        self._queue_pump()

    @staticmethod
    def _take(propagation: RunningPropagation, correction: Correction) -> None:
        propagation.correct(correction.index, correction.label_map, correction.known)

    @Slot(int)
    def finish(self, number: int) -> None:
        """End a job that has nothing left; no correction is on its way."""
        if self._job is not None and self._job.number == number:
            self._end(EndReason.FINISHED)

    @Slot()
    def wake(self) -> None:
        """Look at the flags again after they changed."""
        if self._controls.cancelled.is_set():
            self._end(EndReason.STOPPED)
        else:
            self._queue_pump()

    @Slot(int)
    def acknowledge(self, number: int) -> None:
        """The window has taken a result of that job; the next frame may be computed."""
        if self._job is not None and self._job.number == number:
            self._unseen = max(self._unseen - 1, 0)
            self._queue_pump()

    @Slot()
    def close(self) -> None:
        """Release everything; the thread ends after this."""
        self._end(EndReason.STOPPED)
        self._close_reader()

    def _queue_pump(self) -> None:
        if not self._pump_queued:
            self._pump_queued = True
            self._pump_wanted.emit()

    @Slot()
    def _pump(self) -> None:
        """Compute one frame, then let the event loop run."""
        self._pump_queued = False
        if self._job is None or self._controls.paused.is_set():
            return
        if self._controls.cancelled.is_set():
            self._end(EndReason.STOPPED)
            return
        if self._unseen >= MAX_UNSEEN_RESULTS:
            return
        try:
            self._advance(self._job)
        except Exception as error:  # the cause is shown, what was done is kept
            self._fail(error)

    def _advance(self, job: PropagationJob) -> None:
        if self._propagation is None:
            read_frame = self._reader_for(job.frames_path).read
            self._propagation = self._backend.start(read_frame, job)
            for correction in self._early:
                self._take(self._propagation, correction)
            self._early = []
        result = self._propagation.step()
        for text in self._propagation.take_notices():
            self.notice.emit(job.number, text)
        if result is None:
            self.exhausted.emit(job.number, self._corrections)
            return
        self._done += 1
        self._unseen += 1
        self._send(job, result, self._done + self._propagation.steps_left)
        self._queue_pump()

    def _send(self, job: PropagationJob, result: FrameResult, total: int) -> None:
        """Hand a result over; what of it lasts lies on shelves."""
        packed_label_map = PackedMap.of(result.label_map).on(self._map_shelf)
        packed_reliability = PackedMap.of(result.reliability_map).on(self._map_shelf)
        result = replace(
            result,
            cluster_map=self._shelved(result.cluster_map),
            reference_map=self._shelved(result.reference_map),
        )
        for values in (result.label_map, result.reliability_map):
            values.flags.writeable = False
        self.result_ready.emit(
            JobResult(
                job.number,
                result,
                self._done,
                total,
                packed_label_map,
                packed_reliability,
                self._corrections,
            )
        )

    def _shelved(self, values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else self._cluster_shelf.put_array(values)

    def _fail(self, error: Exception) -> None:
        job = self._job
        _log.error("the propagation failed", exc_info=error)
        self._end(EndReason.FAILED, f"The propagation stopped: {error}" if job else "")

    def _end(self, reason: EndReason, message: str = "") -> None:
        job, self._job = self._job, None
        propagation, self._propagation = self._propagation, None
        self._early = []
        if propagation is not None:
            try:
                propagation.close()
            except Exception:  # the job is over either way
                _log.exception("closing the propagation failed")
        if job is not None:
            self.job_ended.emit(JobEnd(job.number, reason, message))

    def _reader_for(self, path: Path) -> FrameReader:
        if self._reader is None or self._reader_path != path:
            self._close_reader()
            self._reader = self._open_frames(path)
            self._reader_path = path
        return self._reader

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = None
        self._reader_path = None

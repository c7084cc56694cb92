"""The window's handle on the worker: starts its thread, sends jobs, and ends it with the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from annotator.worker.backend import Backend
from annotator.worker.engine import Controls, OpenFrames, PropagationEngine
from annotator.worker.jobs import Correction, JobEnd, JobResult, NetworkChoice, PropagationJob


class PropagationService(QObject):
    """One long-lived worker object on one thread.

    Results and ends of a job that is no longer the newest are dropped here.
    """

    loaded = Signal(object)
    """`annotator.worker.jobs.BackendInfo`."""
    load_failed = Signal(str)
    switch_failed = Signal(str)
    """Why another network was not taken; the one before stays in use."""
    offered = Signal(object)
    """`annotator.worker.jobs.NetworkOffer`."""
    result_ready = Signal(object)
    """`JobResult` of the newest job."""
    job_ended = Signal(object)
    """`JobEnd` of the newest job."""
    notice = Signal(str)
    """What a person should know about the newest job while it runs."""
    job_started = Signal(object)
    """`PropagationJob` that was sent to the worker."""
    corrected = Signal(object)
    """`Correction` that was sent to the worker."""

    _load_wanted = Signal()
    _switch_wanted = Signal(object)
    _offer_wanted = Signal()
    _start_wanted = Signal(object)
    _correct_wanted = Signal(object)
    _wake_wanted = Signal()
    _acknowledged = Signal(int)
    _finish_wanted = Signal(int)
    _close_wanted = Signal()

    def __init__(
        self, backend: Backend, open_frames: OpenFrames, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controls = Controls()
        self._newest = 0
        self._sent_corrections = 0
        self._running = False
        self._thread = QThread(self)
        self._thread.setObjectName("propagation")
        self._engine = PropagationEngine(backend, open_frames, self._controls)
        self._engine.moveToThread(self._thread)
        queued = Qt.ConnectionType.QueuedConnection
        self._thread.started.connect(self._engine.prepare_thread, queued)
        self._load_wanted.connect(self._engine.load, queued)
        self._switch_wanted.connect(self._engine.switch, queued)
        self._offer_wanted.connect(self._engine.look_around, queued)
        self._start_wanted.connect(self._engine.start, queued)
        self._correct_wanted.connect(self._engine.correct, queued)
        self._wake_wanted.connect(self._engine.wake, queued)
        self._acknowledged.connect(self._engine.acknowledge, queued)
        self._finish_wanted.connect(self._engine.finish, queued)
        self._close_wanted.connect(self._engine.close, Qt.ConnectionType.BlockingQueuedConnection)
        self._engine.loaded.connect(self.loaded, queued)
        self._engine.load_failed.connect(self.load_failed, queued)
        self._engine.switch_failed.connect(self.switch_failed, queued)
        self._engine.offered.connect(self.offered, queued)
        self._engine.result_ready.connect(self._take_result, queued)
        self._engine.job_ended.connect(self._take_end, queued)
        self._engine.exhausted.connect(self._take_exhausted, queued)
        self._engine.notice.connect(self._take_notice, queued)
        self._thread.start(QThread.Priority.LowPriority)

    @property
    def is_running(self) -> bool:
        """Whether the newest job was started and has not ended."""
        return self._running

    @property
    def is_paused(self) -> bool:
        """Whether frames wait for `resume`."""
        return self._controls.paused.is_set()

    def host(self, worker: QObject) -> None:
        """Move an object without a parent to the worker's thread, where its slots run."""
        worker.moveToThread(self._thread)

    def next_number(self) -> int:
        """Number for the next job."""
        return self._newest + 1

    def load(self) -> None:
        """Load the network behind the window; `loaded` or `load_failed` follows."""
        self._load_wanted.emit()

    def switch(self, choice: NetworkChoice) -> None:
        """Load another network; `loaded` or `switch_failed` follows, then `offered`."""
        self._switch_wanted.emit(choice)

    def look_around(self) -> None:
        """Ask which networks and devices there are; `offered` follows."""
        self._offer_wanted.emit()

    def start(self, job: PropagationJob) -> None:
        """Start a job; one that runs is ended and its results are dropped from now on."""
        if job.number <= self._newest:
            raise ValueError(f"job {job.number} is not newer than job {self._newest}")
        self._newest = job.number
        self._sent_corrections = 0
        self._running = True
        self._controls.cancelled.clear()
        self._controls.paused.clear()
        self._start_wanted.emit(job)
        self.job_started.emit(job)

    def pause(self) -> None:
        """Compute no further frame after the one in hand."""
        self._controls.paused.set()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._controls.paused.clear()
        self._wake_wanted.emit()

    def stop(self) -> None:
        """End the job after the frame in hand; `job_ended` follows."""
        if self._running:
            self._controls.cancelled.set()
            self._wake_wanted.emit()

    def correct(self, correction: Correction) -> None:
        """Hand over a frame that a person changed while the job runs."""
        if correction.number == self._newest:
            self._sent_corrections += 1
        self._correct_wanted.emit(correction)
        self.corrected.emit(correction)

    def shut_down(self) -> None:
        """End job and thread; returns when the frame in hand is done. Safe to call twice."""
        if not self._thread.isRunning():
            return
        self._newest += 1
        self._running = False
        self._controls.cancelled.set()
        self._close_wanted.emit()
        self._thread.quit()
        self._thread.wait()

    @Slot(object)
    def _take_result(self, result: JobResult) -> None:
        self._acknowledged.emit(result.number)
        if result.number == self._newest and self._running:
            self.result_ready.emit(result)

    @Slot(int, int)
    def _take_exhausted(self, number: int, taken: int) -> None:
        """End a job that has nothing left, unless a correction is on its way to it."""
        if number == self._newest and taken >= self._sent_corrections:
            self._finish_wanted.emit(number)

    @Slot(int, str)
    def _take_notice(self, number: int, text: str) -> None:
        if number == self._newest and self._running:
            self.notice.emit(text)

    @Slot(object)
    def _take_end(self, end: JobEnd) -> None:
        if end.number == self._newest and self._running:
            self._running = False
            self._controls.paused.clear()
            self.job_ended.emit(end)

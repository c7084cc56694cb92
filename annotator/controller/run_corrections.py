"""What becomes of a frame that a person changes while masks travel."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from annotator.controller.propagation_plan import passes_after, passes_resting_on
from annotator.controller.run_progress import RunProgress
from annotator.worker.jobs import Correction, PropagationJob
from annotator.worker.service import PropagationService

RESTART_DELAY_MS = 250
"""Silence after the last stroke before passes are begun again."""


class RunCorrections(QObject):
    """Hands corrections to the worker, or asks for passes to be begun again.

    A frame ahead of the run, and one that the pass in hand has visited, go to the worker, which
    takes them up before its next frame. Where masks of another pass, or of the whole one, rest on
    the frame, those passes are planned again.
    """

    restart_wanted = Signal(object, list)
    """Passes that are left (tuple of `PropagationPass`), and the corrected frames."""

    def __init__(self, service: PropagationService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._service = service
        self._job: PropagationJob | None = None
        self._progress: RunProgress | None = None
        self._waiting: list[int] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(RESTART_DELAY_MS)
        self._timer.timeout.connect(self.restart_now)

    def take(
        self, index: int, label_map: np.ndarray, job: PropagationJob, progress: RunProgress
    ) -> None:
        """Take up a frame that a person changed.

        Args:
            index: Frame index.
            label_map: uint8 [H, W] after the change; copied.
            job: Job that runs.
            progress: How far it is; frames that the worker will do again are taken back from it.
        """
        resting = passes_resting_on(index, job.passes, progress.visited)
        goes_back = resting == (progress.pass_in_hand(job),) and index in resting[0].targets
        if resting and not goes_back:
            self._job, self._progress = job, progress
            self._waiting.append(index)
            self._timer.start()
            return
        self._service.correct(Correction(job.number, index, label_map))
        if resting:
            progress.take_back(resting[0].beyond(index))

    @Slot()
    def restart_now(self) -> bool:
        """Ask for the restart that waits for silence; False when none does."""
        job, progress, corrected = self._job, self._progress, self._waiting
        self.drop()
        if job is None or progress is None or not corrected:
            return False
        passes = job.passes
        for index in corrected:
            passes = passes_after(index, passes, progress.visited)
        if not passes:
            return False
        self.restart_wanted.emit(passes, corrected)
        return True

    def drop(self) -> None:
        """Forget what waits, because the run ends."""
        self._timer.stop()
        self._job = self._progress = None
        self._waiting = []

"""Tells before a run what it will need, from what runs have cost so far."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from annotator.controller.editor import Editor
from annotator.controller.propagation_plan import RunRequest
from annotator.controller.run_jobs import NothingToDoError, PlannedRun, plan_run
from annotator.model.run_cost import Forecast, RunCosts, run_key
from annotator.storage.settings import Settings
from annotator.worker.jobs import BackendInfo, JobResult
from annotator.worker.service import PropagationService

SETTING = "run_costs"
MOST_REFERENCES = 8
_DELAY_MS = 150


class RunForecast(QObject):
    """Keeps the forecast of the run that a key press would begin, and the costs behind it.

    Args:
        editor: What is open.
        service: Tells which network is in use.
        settings: Where costs are kept.
        request: What a key press would ask for now.
    """

    changed = Signal()

    def __init__(
        self,
        editor: Editor,
        service: PropagationService,
        settings: Settings | None,
        request: Callable[[], RunRequest],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor, self._settings, self._request = editor, settings, request
        kept: dict[str, object] = settings.get(SETTING, {}) if settings is not None else {}
        self._costs = RunCosts(kept)
        self._network = ""
        self._object_count = 1
        self.text = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._refresh)
        service.loaded.connect(self._on_loaded)
        editor.frame_changed.connect(self.look_again)
        editor.active_object_changed.connect(self.look_again)

    @Slot()
    def look_again(self) -> None:
        """Something changed that a forecast depends on; told once things are quiet."""
        if not self._timer.isActive():
            self._timer.start()

    def forecast(self, planned: PlannedRun) -> Forecast | None:
        """What a planned run will need; None with nothing open."""
        workspace = self._editor.workspace
        if workspace is None:
            return None
        references = len(workspace.document.reference_frames())
        return self._costs.forecast(
            self._key(),
            visits=planned.visits,
            frames=planned.visits,
            object_count=planned.object_count,
            reference_count=min(references, MOST_REFERENCES),
        )

    def begin(self, planned: PlannedRun) -> None:
        """A run begins: its visits are measured from now on."""
        self._object_count = planned.object_count

    def note(self, message: JobResult) -> None:
        """Take a result into account."""
        size = message.packed_label_map.nbytes + message.packed_reliability.nbytes
        self._costs.note(self._key(), self._object_count, message.result.seconds, size)

    def end(self) -> None:
        """A run has ended: keep what it cost."""
        if self._settings is not None:
            self._settings.set(SETTING, self._costs.values)
        self.look_again()

    def stop(self) -> None:
        """Nothing is open any more."""
        self._timer.stop()
        self.text = ""

    def _key(self) -> str:
        sequence = self._editor.workspace.sequence if self._editor.workspace else None
        height, width = (sequence.height, sequence.width) if sequence else (0, 0)
        return run_key(self._network, height, width)

    @Slot(object)
    def _on_loaded(self, info: BackendInfo) -> None:
        self._network = info.text
        self.look_again()

    @Slot()
    def _refresh(self) -> None:
        document = self._editor.document
        text = ""
        if document is not None:
            try:
                found = self.forecast(plan_run(self._request(), document))
            except NothingToDoError:
                found = None
            text = "" if found is None else f"Forward: {found.text}"
        if text != self.text:
            self.text = text
            self.changed.emit()

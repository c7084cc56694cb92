"""Runs of the network: from a key press to one undoable step, with corrections in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.propagation_plan import RunRequest
from annotator.controller.run_forecast import RunForecast
from annotator.controller.run_jobs import NothingToDoError, plan_run
from annotator.controller.run_progress import RunProgress, end_text
from annotator.controller.workspace import Workspace
from annotator.model.changes import ChangeSet
from annotator.model.errors import HistoryBusyError, ModelError
from annotator.model.history import PropagationRun
from annotator.storage.settings import Settings
from annotator.views.main_window import MainWindow
from annotator.views.panels.propagation_bar import RunStatus
from annotator.worker.jobs import (
    Correction,
    Direction,
    EndReason,
    JobEnd,
    JobResult,
    PropagationJob,
)
from annotator.worker.service import PropagationService

SHOW_INTERVAL_MS = 20
"""Time between a result in the document and the view that follows it."""


class PropagationController(QObject):
    """Starts runs, puts results into the document, hands corrections to the worker.

    A run that is asked for while another is open waits for its turn.
    """

    run_ended = Signal(object)
    """`EndReason` after the step was closed."""
    frame_applied = Signal(int)
    """A result is in the document."""
    result_applied = Signal(object)
    """The `JobResult` behind it."""

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        layers: LayerController,
        service: PropagationService,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._layers = layers
        self._service = service
        self._listeners = DocumentListeners()
        self._run: PropagationRun | None = None
        self._workspace: Workspace | None = None
        self._job: PropagationJob | None = None
        self._waiting: deque[RunRequest] = deque()
        self._progress = RunProgress()
        self._following = False
        self._adding = False
        self._ending: JobEnd | None = None
        self._show_timer = QTimer(self)
        self._show_timer.setSingleShot(True)
        self._show_timer.setInterval(SHOW_INTERVAL_MS)
        self._show_timer.timeout.connect(self._show_progress)
        actions = window.actions_table
        handlers: dict[str, Callable[[], object]] = {
            "propagate.forward": self._forward,
            "propagate.backward": self._backward,
            "propagate.both": self._both,
            "propagate.to_verified": self._forward_to_verified,
            "propagate.back_to_verified": self._back_to_verified,
            "propagate.stop": self.stop,
        }
        for name, handler in handlers.items():
            actions[name].triggered.connect(handler)
        actions["propagate.both_sides"].setChecked(True)
        self.forecast = RunForecast(editor, service, settings, self._next_request, self)
        self.forecast.changed.connect(self._refresh)
        for name in ("propagate.both_sides", "propagate.chosen_only"):
            actions[name].toggled.connect(self.forecast.look_again)
        actions["propagate.pause"].toggled.connect(self._on_pause)
        editor.workspace_changed.connect(self._on_workspace)
        editor.navigated.connect(self._on_navigated)
        service.result_ready.connect(self._on_result)
        service.job_ended.connect(self._on_job_ended)
        service.notice.connect(editor.warn)
        self._refresh()

    @property
    def is_running(self) -> bool:
        """Whether a run is open, paused ones included."""
        return self._run is not None

    @property
    def is_paused(self) -> bool:
        """Whether the run waits."""
        return self._run is not None and self._service.is_paused

    @property
    def waiting_count(self) -> int:
        """Runs that wait for the one in hand."""
        return len(self._waiting)

    # --- starting and ending ---------------------------------------------------------------

    @Slot()
    def _forward(self) -> None:
        self.start(Direction.FORWARD)

    @Slot()
    def _backward(self) -> None:
        self.start(Direction.BACKWARD)

    @Slot()
    def _both(self) -> None:
        self.start(Direction.BOTH)

    @Slot()
    def _forward_to_verified(self) -> None:
        self.start(Direction.FORWARD, to_verified=True)

    @Slot()
    def _back_to_verified(self) -> None:
        self.start(Direction.BACKWARD, to_verified=True)

    def start(self, direction: Direction, *, to_verified: bool = False) -> bool:
        """Begin a run from the frame in view, or let it wait; tells why when it cannot.

        Args:
            direction: Which way masks travel.
            to_verified: Stop before the next verified frame.
        """
        return self._ask(self.request(direction, to_verified=to_verified))

    def propagate_range(self, first: int, last: int, object_ids: tuple[int, ...]) -> bool:
        """Carry some objects through a range of frames again, or let that wait.

        What a person made stays. Frames beside the range lead into it; where they show nothing, the
        nearest reference does.

        Args:
            first: First frame.
            last: Last frame, included.
            object_ids: Objects to carry; all others keep their pixels. Empty for all.

        Returns:
            Whether it began or waits; when not, the message bar says why.
        """
        request = self.request(Direction.BOTH, object_ids=object_ids or None)
        return self._ask(request.within(first, last))

    def request(
        self,
        direction: Direction,
        *,
        to_verified: bool = False,
        object_ids: tuple[int, ...] | None = None,
    ) -> RunRequest:
        """Return what a key press would ask for now, by the switches of the menu."""
        actions, active = self._window.actions_table, self._editor.active_object
        if object_ids is None and actions["propagate.chosen_only"].isChecked():
            object_ids = None if active is None else (active,)
        return RunRequest(
            direction,
            self._editor.frame,
            object_ids=object_ids,
            to_verified=to_verified,
            mode="mf" if actions["propagate.memory"].isChecked() else "base",
            both_sides=actions["propagate.both_sides"].isChecked(),
        )

    def _next_request(self) -> RunRequest:
        return self.request(Direction.FORWARD)

    def _ask(self, request: RunRequest) -> bool:
        if self._editor.workspace is None:
            self._editor.warn("Open a video or a folder of frames first.")
            return False
        if self._run is None:
            return self._begin(request)
        self._waiting.append(request)
        self._editor.inform(f"Waits for the run in hand: {request.text}.")
        self._refresh()
        return True

    def _begin(self, request: RunRequest) -> bool:
        workspace = self._editor.workspace
        if workspace is None:
            return False
        try:
            planned = plan_run(request, workspace.document)
            self._run = workspace.history.begin_propagation(
                text=request.text, object_ids=planned.request.object_ids
            )
        except (NothingToDoError, ModelError) as error:
            self._editor.warn(str(error))
            return False
        self._workspace = workspace
        self._following = True
        self._progress = RunProgress()
        found = self.forecast.forecast(planned)
        self._progress.expect(planned.visits, found.seconds / found.visits if found else None)
        self.forecast.begin(planned)
        self._job = planned.job(self._service.next_number(), workspace)
        self._service.start(self._job)
        self._refresh()
        return True

    @Slot()
    def stop(self) -> None:
        """End the run after the frame in hand; what is done stays, as one undo step.

        Runs that wait are dropped.
        """
        self._waiting.clear()
        self._service.stop()

    @Slot(bool)
    def _on_pause(self, paused: bool) -> None:
        if self._run is None:
            return
        if paused:
            self._service.pause()
        else:
            self._progress.forget_speed()
            self._service.resume()
        self._refresh()

    def abandon(self) -> None:
        """End the run at once because its sequence is closed; what is done stays."""
        self._waiting.clear()
        if self._run is not None:
            self._service.stop()
            self._finish(JobEnd(0, EndReason.STOPPED), quiet=True)

    # --- results ---------------------------------------------------------------------------

    @Slot(object)
    def _on_result(self, message: JobResult) -> None:
        if self._run is None:
            return
        result = message.result
        self._adding = True
        try:
            self._run.add(
                result.index,
                result.label_map,
                message.packed_reliability,
                result.object_reliability,
                packed_label_map=message.packed_label_map,
            )
        except ModelError as error:
            self._editor.fail(str(error))
            self.stop()
            return
        finally:
            self._adding = False
        if result.cluster_map is not None:
            self._layers.keep_clusters(
                result.index,
                result.cluster_map,
                tuple(result.object_reliability),
                reference_map=result.reference_map,
                reference_frames=result.reference_frames,
            )
        self._progress.note(message)
        self.forecast.note(message)
        self.frame_applied.emit(result.index)
        self.result_applied.emit(message)
        if not self._show_timer.isActive():
            self._show_timer.start()

    @Slot()
    def _show_progress(self) -> None:
        """Follow the run and tell how far it is; at most so often as a display can show it."""
        if self._following and self._progress.last is not None:
            self._editor.go_to(self._progress.last, by_run=True)
        self._refresh()

    @Slot(object)
    def _on_job_ended(self, end: JobEnd) -> None:
        if self._run is not None:
            self._finish(end)

    def _finish(self, end: JobEnd, *, quiet: bool = False) -> None:
        run = self._run
        if run is None:
            return
        try:
            run.close()
        except HistoryBusyError:  # results wait for the stroke in hand
            self._ending = end
            QTimer.singleShot(30, self._finish_later)
            return
        if not quiet:
            self._show_progress()
        self._show_timer.stop()
        self._run = self._job = self._workspace = None
        self._window.actions_table["propagate.pause"].setChecked(False)
        self.forecast.end()
        self._refresh()
        if not quiet:
            self._tell(end)
        self.run_ended.emit(end.reason)
        if end.reason is EndReason.FINISHED and self._run is None:
            self._begin_waiting()

    def _begin_waiting(self) -> None:
        """Begin the next run that can begin; a failed or stopped one lets the others wait."""
        while self._waiting:
            if self._begin(self._waiting.popleft()):
                return

    @Slot()
    def _finish_later(self) -> None:
        end, self._ending = self._ending, None
        if end is not None:
            self._finish(end)

    def _tell(self, end: JobEnd) -> None:
        text = end_text(end, self._progress)
        if text:
            tell = self._editor.fail if end.reason is EndReason.FAILED else self._editor.inform
            tell(text)
        if end.reason is EndReason.FAILED:
            self._waiting.clear()

    # --- corrections while it runs ---------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        if workspace is None:
            self.forecast.stop()
        else:
            self._listeners.listen(workspace.document.changed, self._on_changed)
            self._listeners.listen(workspace.document.references_changed, self.forecast.look_again)
        self._refresh()

    def _on_changed(self, change: ChangeSet) -> None:
        """A person changed label maps while a run is open: hand them over."""
        document, job = self._editor.document, self._job
        if self._run is None or self._adding or document is None or job is None:
            return
        for index in change.label_maps:
            if not document.is_reference(index):
                continue
            known = document.known_objects(index)
            self._service.correct(Correction(job.number, index, document.label_map(index), known))
            if self._progress.has_visited(index) or index in job.references:
                self._editor.inform(f"Going on from your correction of frame {index}.")

    @Slot(int)
    def _on_navigated(self, _frame: int) -> None:
        self._following = False

    # --- showing ---------------------------------------------------------------------------

    def status(self) -> RunStatus:
        """Return what the bar shows."""
        if self._run is None or self._job is None:
            return RunStatus(forecast=self.forecast.text)
        return self._progress.status(paused=self._service.is_paused, waiting=len(self._waiting))

    def _refresh(self) -> None:
        actions = self._window.actions_table
        running, opened = self._run is not None, self._editor.workspace is not None
        for name in _STARTERS:
            actions[name].setEnabled(opened)
        actions["propagate.pause"].setEnabled(running)
        actions["propagate.stop"].setEnabled(running)
        self._window.propagation.set_status(self.status())


_STARTERS = (
    "propagate.forward",
    "propagate.backward",
    "propagate.both",
    "propagate.to_verified",
    "propagate.back_to_verified",
)

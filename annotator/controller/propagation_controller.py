"""Runs of the network: from a key press to one undoable step, with corrections in between."""

from __future__ import annotations

from collections import deque
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.propagation_plan import RunRequest
from annotator.controller.run_follower import RunFollower
from annotator.controller.run_forecast import RunForecast
from annotator.controller.run_jobs import NothingToDoError, plan_run
from annotator.controller.run_progress import RunProgress, end_text
from annotator.controller.run_question import ask_about_made
from annotator.controller.run_switches import RunSwitches
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

_LATER_MS = 30
_STARTERS = {
    "propagate.forward": (Direction.FORWARD, False),
    "propagate.backward": (Direction.BACKWARD, False),
    "propagate.both": (Direction.BOTH, False),
    "propagate.to_verified": (Direction.FORWARD, True),
    "propagate.back_to_verified": (Direction.BACKWARD, True),
}
"""Action to the way that masks travel, and whether a verified frame ends it."""


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
        self._adding = False
        self._ending: JobEnd | None = None
        self.switches = RunSwitches(editor, window, settings)
        self._follower = RunFollower(editor, window, lambda: self._progress.last)
        self._follower.shown.connect(self._refresh)
        actions = window.actions_table
        for name, (direction, to_verified) in _STARTERS.items():
            actions[name].triggered.connect(partial(self._start, direction, to_verified))
        actions["propagate.stop"].triggered.connect(self.stop)
        self.forecast = RunForecast(
            editor, service, settings, lambda: self.switches.request(Direction.FORWARD), self
        )
        self.forecast.changed.connect(self._refresh)
        self.switches.changed.connect(self.forecast.look_again)
        actions["propagate.pause"].toggled.connect(self._on_pause)
        editor.workspace_changed.connect(self._on_workspace)
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

    def _start(self, direction: Direction, to_verified: bool, _checked: bool = False) -> None:
        self.start(direction, to_verified=to_verified)

    def start(self, direction: Direction, *, to_verified: bool = False) -> bool:
        """Begin a run from the frame in view, or let it wait; tells why when it cannot.

        Args:
            direction: Which way masks travel.
            to_verified: Stop before the next verified frame.
        """
        return self._ask(self.switches.request(direction, to_verified=to_verified))

    def propagate_range(self, first: int, last: int, object_ids: tuple[int, ...]) -> bool:
        """Carry some objects through a range of frames again, or let that wait.

        What a person drew or corrected there stays unless the person says that it may be replaced:
        that is asked. Frames beside the range lead into it; where they show nothing, the nearest
        reference does.

        Args:
            first: First frame.
            last: Last frame, included.
            object_ids: Objects to carry; all others keep their pixels. Empty for all.

        Returns:
            Whether it began, waits, or was asked about; when not, the message bar says why.
        """
        request = self.switches.request(Direction.BOTH, object_ids=object_ids or None)
        request = request.within(first, last)
        document = self._editor.document
        if document is not None and ask_about_made(request, document, self._window, self._ask):
            return True
        return self._ask(request)

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

    def _begin(self, request: RunRequest, *, by_itself: bool = False) -> bool:
        workspace = self._editor.workspace
        if workspace is None:
            return False
        try:
            planned = plan_run(request, workspace.document)
            self._run = workspace.history.begin_propagation(
                text=request.text,
                object_ids=planned.request.object_ids,
                replaced=request.replaced,
            )
        except (NothingToDoError, ModelError) as error:
            self._editor.warn(str(error))
            return False
        self._workspace = workspace
        self._follower.begin(by_itself=by_itself)
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
        self._follower.note()

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
            QTimer.singleShot(_LATER_MS, self._finish_later)
            return
        if not quiet:
            self._follower.show_newest()
        self._follower.end()
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
            if self._begin(self._waiting.popleft(), by_itself=True):
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
        self._waiting = deque(one.keeping(change.label_maps) for one in self._waiting)
        if self._editor.frame in change.label_maps:
            self._follower.let_go()
        for index in change.label_maps:
            if not document.is_reference(index):
                continue
            known = document.known_objects(index)
            self._service.correct(Correction(job.number, index, document.label_map(index), known))
            if self._progress.has_visited(index) or index in job.references:
                self._editor.inform(f"Going on from your correction of frame {index}.")

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

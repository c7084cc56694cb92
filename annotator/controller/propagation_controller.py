"""One run of the network: from a key press to one undoable step, with corrections in between."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.propagation_plan import plan_propagation
from annotator.controller.run_corrections import RunCorrections
from annotator.controller.run_progress import RunProgress, end_text
from annotator.controller.workspace import Workspace
from annotator.model.changes import ChangeSet
from annotator.model.errors import HistoryBusyError, ModelError
from annotator.model.history import PropagationRun
from annotator.views.main_window import MainWindow
from annotator.views.panels.propagation_bar import RunStatus
from annotator.worker.jobs import (
    Direction,
    EndReason,
    JobEnd,
    JobResult,
    PropagationJob,
    PropagationPass,
)
from annotator.worker.service import PropagationService

SHOW_INTERVAL_MS = 20
"""Time between a result in the document and the view that follows it."""


class PropagationController(QObject):
    """Starts runs, puts results into the document, hands corrections to the worker."""

    run_ended = Signal(object)
    """`EndReason` after the step was closed."""
    frame_applied = Signal(int)
    """A result is in the document."""

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        layers: LayerController,
        service: PropagationService,
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
        self._incomplete: set[int] = set()
        self._progress = RunProgress()
        self._following = False
        self._adding = False
        self._ending: JobEnd | None = None
        self._show_timer = QTimer(self)
        self._show_timer.setSingleShot(True)
        self._show_timer.setInterval(SHOW_INTERVAL_MS)
        self._show_timer.timeout.connect(self._show_progress)
        self._corrections = RunCorrections(service, self)
        self._corrections.restart_wanted.connect(self._restart)
        actions = window.actions_table
        handlers: dict[str, Callable[[], object]] = {
            "propagate.forward": self._forward,
            "propagate.backward": self._backward,
            "propagate.both": self._both,
            "propagate.stop": self.stop,
        }
        for name, handler in handlers.items():
            actions[name].triggered.connect(handler)
        actions["propagate.pause"].toggled.connect(self._on_pause)
        editor.workspace_changed.connect(self._on_workspace)
        editor.navigated.connect(self._on_navigated)
        service.result_ready.connect(self._on_result)
        service.job_ended.connect(self._on_job_ended)
        self._refresh()

    @property
    def is_running(self) -> bool:
        """Whether a run is open, paused ones included."""
        return self._run is not None

    @property
    def is_paused(self) -> bool:
        """Whether the run waits."""
        return self._run is not None and self._service.is_paused

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

    def start(self, direction: Direction) -> bool:
        """Begin a run from the frame in view; tells why when it cannot.

        Args:
            direction: Which way masks travel.
        """
        workspace = self._editor.workspace
        if workspace is None:
            self._editor.warn("Open a video or a folder of frames first.")
            return False
        if self._run is not None:
            self._editor.warn("A propagation is running; stop it (Ctrl+.) to start another.")
            return False
        document = workspace.document
        references = {i: document.known_objects(i) for i in document.reference_frames()}
        plan = plan_propagation(direction, self._editor.frame, references, document.frame_count)
        if plan is None:
            self._editor.warn("Paint an object on some frame first: there is nothing to carry yet.")
            return False
        if not plan.passes:
            self._editor.warn(
                f"There is no frame left {'after' if direction is Direction.FORWARD else 'before'} "
                f"frame {plan.start} that a person has not made."
            )
            return False
        try:
            self._run = workspace.history.begin_propagation(text=f"propagate {direction.value}")
        except ModelError as error:
            self._editor.warn(str(error))
            return False
        self._workspace = workspace
        self._incomplete = set(plan.incomplete)
        self._following = True
        self._progress = RunProgress()
        self._send(plan.passes)
        return True

    def _send(self, passes: tuple[PropagationPass, ...]) -> None:
        workspace = self._workspace
        assert workspace is not None
        document = workspace.document
        references = {
            i: document.label_map(i)
            for i in document.reference_frames()
            if i not in self._incomplete
        }
        self._progress.begin_job()
        self._job = PropagationJob(
            number=self._service.next_number(),
            frames_path=workspace.sequence.path,
            references=references,
            passes=passes,
        )
        self._service.start(self._job)
        self._refresh()

    @Slot()
    def stop(self) -> None:
        """End the run after the frame in hand; what is done stays, as one undo step."""
        self._corrections.drop()
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
        self._corrections.drop()
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
            channels = tuple(result.object_reliability)
            self._layers.keep_clusters(result.index, result.cluster_map, channels)
        self._progress.note(result.index)
        if result.index in self._incomplete and not self._history_holds():
            self._take_correction(result.index)  # complete now: a reference from here on
        self.frame_applied.emit(result.index)
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
        if self._run is None:
            return
        if end.reason is EndReason.FINISHED and self._go_on_after_late_correction():
            return
        self._finish(end)

    def _go_on_after_late_correction(self) -> bool:
        """Begin again when a correction came while the last frames were on their way."""
        if self._corrections.restart_now():
            return True
        document, job = self._editor.document, self._job
        if document is None or job is None:
            return False
        left = tuple(
            PropagationPass(tuple(t for t in one.targets if self._is_left(t)), one.step)
            for one in job.passes
        )
        left = tuple(one for one in left if one.targets)
        if not left:
            return False
        self._send(left)
        return True

    def _is_left(self, frame: int) -> bool:
        """Say whether a target of the job is neither done nor made by a person meanwhile."""
        document = self._editor.document
        made = document is not None and document.is_reference(frame)
        return not self._progress.has_visited(frame) and (not made or frame in self._incomplete)

    def _history_holds(self) -> bool:
        """Say whether results wait for the end of a stroke."""
        workspace = self._workspace
        return workspace is not None and workspace.history.has_stroke_in_hand

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
        self._corrections.drop()
        self._run = self._job = self._workspace = None
        self._window.actions_table["propagate.pause"].setChecked(False)
        self._refresh()
        if not quiet:
            self._tell(end)
        self.run_ended.emit(end.reason)

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

    # --- corrections while it runs ---------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        if workspace is not None:
            self._listeners.listen(workspace.document.changed, self._on_changed)
        self._refresh()

    def _on_changed(self, change: ChangeSet) -> None:
        """A person changed label maps while a run is open: hand them over."""
        document = self._editor.document
        if self._run is None or self._adding or document is None or self._job is None:
            return
        for index in change.label_maps:
            if document.is_reference(index):
                self._take_correction(index)

    def _take_correction(self, index: int) -> None:
        document, job = self._editor.document, self._job
        assert document is not None and job is not None
        self._incomplete.discard(index)
        self._corrections.take(index, document.label_map(index), job, self._progress)
        self._refresh()

    @Slot(object, list)
    def _restart(self, passes: tuple[PropagationPass, ...], corrected: list[int]) -> None:
        """Begin the passes again that rest on frames which a person changed behind them."""
        if self._run is None:
            return
        was_paused = self._service.is_paused
        self._send(passes)
        if was_paused:
            self._service.pause()
        frames = ", ".join(str(index) for index in sorted(set(corrected)))
        self._editor.inform(f"Going on from your correction of frame {frames}.")

    @Slot(int)
    def _on_navigated(self, _frame: int) -> None:
        self._following = False

    # --- showing ---------------------------------------------------------------------------

    def status(self) -> RunStatus:
        """Return what the bar shows."""
        if self._run is None or self._job is None:
            return RunStatus()
        return self._progress.status(self._job, paused=self._service.is_paused)

    def _refresh(self) -> None:
        actions = self._window.actions_table
        running, opened = self._run is not None, self._editor.workspace is not None
        for name in ("propagate.forward", "propagate.backward", "propagate.both"):
            actions[name].setEnabled(opened and not running)
        actions["propagate.pause"].setEnabled(running)
        actions["propagate.stop"].setEnabled(running)
        self._window.propagation.set_status(self.status())

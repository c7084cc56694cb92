"""Import of masks: look in a thread, ask, plan in a thread, then one undo step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from annotator.controller.editor import Editor
from annotator.controller.workspace import Workspace
from annotator.exchange.choices import ImportChoices, frames_of
from annotator.exchange.errors import SeveralVideosError
from annotator.exchange.found import ImportQuery
from annotator.exchange.importing import DocumentSnapshot, PlannedImport, plan
from annotator.exchange.inspection import ImportReport, ImportTarget, inspect
from annotator.exchange.registry import format_of, readers, recognise
from annotator.exchange.source import Progress
from annotator.model.errors import ModelError
from annotator.model.objects import ObjectRecord
from annotator.model.sequence import FrameSequence
from annotator.views.import_dialog import ImportDialog
from annotator.views.main_window import MainWindow
from annotator.worker.task_thread import TaskThread
from vos_core.media import MediaError, open_frames


class ImportController(QObject):
    """The import dialog and what is done for it."""

    inspected = Signal(object)
    """`ImportReport` that the dialog shows, or None when nothing can be imported from there."""
    finished = Signal(int)
    """An import is done; how many frames it changed."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._thread: TaskThread | None = None
        self._dialog: ImportDialog | None = None
        self._report: ImportReport | None = None
        self._choices = ImportChoices()
        action = window.actions_table["file.import_masks"]
        action.triggered.connect(self.ask)
        action.setEnabled(False)
        editor.workspace_changed.connect(self._on_workspace)
        window.closing.connect(self.close)

    @Slot()
    def ask(self) -> None:
        """Open the dialog, or bring the one to the front that is open."""
        if self._editor.workspace is None:
            return
        if self._dialog is None:
            dialog = ImportDialog([(each.key, each.title) for each in readers()], self._window)
            dialog.path_chosen.connect(self.look_at)
            dialog.import_requested.connect(self._on_requested)
            dialog.closed.connect(self._stop)
            dialog.finished.connect(self._forget_dialog)
            self._dialog = dialog
        self._dialog.show()
        self._dialog.raise_()

    @Slot(object)
    def look_at(self, path: Path) -> None:
        """Inspect files; `inspected` follows."""
        workspace, dialog = self._editor.workspace, self._dialog
        if workspace is None or dialog is None:
            return
        self._stop()
        sequence, target = workspace.sequence, ImportTarget.of(workspace.document)
        frame = self._editor.frame
        key, video = dialog.format_key, dialog.video
        dialog.begin("Looking at the masks …")

        def work(progress: Progress) -> ImportReport | SeveralVideosError:
            chosen = format_of(key) if key else recognise(path)
            try:
                found = chosen.find(path, _query(sequence, frame, video))
            except SeveralVideosError as error:
                return error  # no fault: the person is asked
            return inspect(found, target, progress)

        self._run(work, self._on_report, self._on_fault)

    @Slot()
    def close(self) -> None:
        """Break off what runs and close the dialog."""
        self._stop()
        if self._dialog is not None:
            self._dialog.close()

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self.close()
        self._window.actions_table["file.import_masks"].setEnabled(workspace is not None)

    @Slot()
    def _forget_dialog(self) -> None:
        self._dialog = None
        self._report = None

    def _run(
        self,
        work: Callable[[Progress], Any],
        on_done: Callable[[Any], None],
        on_failed: Callable[[str], None],
    ) -> None:
        thread = TaskThread(work, self)
        thread.done.connect(on_done)
        thread.failed.connect(on_failed)
        if self._dialog is not None:
            thread.progressed.connect(self._dialog.show_progress)
        self._thread = thread
        thread.start()

    @Slot()
    def _stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            for signal in (thread.done, thread.failed, thread.progressed):
                signal.disconnect()
            thread.requestInterruption()
            thread.wait()
            thread.deleteLater()

    def _release(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()
            thread.deleteLater()

    @Slot(object)
    def _on_report(self, report: ImportReport | SeveralVideosError) -> None:
        self._release()
        if isinstance(report, SeveralVideosError):
            self._report = None
            if self._dialog is not None:
                self._dialog.ask_video(report.names)
            self.inspected.emit(None)
            return
        self._report = report
        if self._dialog is not None:
            self._dialog.show_report(report, format_of(report.found.format_key).title)
        self.inspected.emit(report)

    @Slot(str)
    def _on_fault(self, text: str) -> None:
        self._release()
        self._report = None
        if self._dialog is not None:
            self._dialog.show_fault(text)
        self.inspected.emit(None)

    @Slot(object)
    def _on_requested(self, choices: ImportChoices) -> None:
        if self._report is not None and self._thread is None:
            self._choices = choices
            self._plan()

    def _plan(self) -> None:
        report, workspace, choices = self._report, self._editor.workspace, self._choices
        if report is None or workspace is None or self._dialog is None:
            return
        snapshot = DocumentSnapshot.of(workspace.document, frames_of(report, choices))
        self._dialog.begin("Reading the masks …")
        self._run(
            lambda progress: plan(report, choices, snapshot, progress),
            self._on_planned,
            self._on_refused,
        )

    @Slot(str)
    def _on_refused(self, text: str) -> None:
        """Say why it cannot be imported so; the dialog stays for another choice."""
        self._release()
        if self._dialog is not None:
            self._dialog.show_refusal(text)

    @Slot(object)
    def _on_planned(self, planned: PlannedImport) -> None:
        self._release()
        workspace, dialog = self._editor.workspace, self._dialog
        if workspace is None:
            return
        if not planned.fits(workspace.document):
            self._plan()  # somebody added an object meanwhile, so the next free ids are others
            return
        try:
            command = planned.command(workspace.document)
            is_changed = workspace.history.do(command)
        except ModelError as error:
            if dialog is not None:
                dialog.show_refusal(f"Nothing was imported: {error}.")
            return
        count = len(command.changed_frames) if is_changed else 0
        if is_changed:
            if self._editor.active_object is None and command.added:
                self._editor.choose_object(command.added[0].object_id)
            self._editor.inform(
                f"Imported masks into {count} frames{_names(command.added)}; one undo takes them "
                "back."
            )
        else:
            self._editor.inform("The masks are the same as those in the project already.")
        if dialog is not None:
            dialog.close()
        self.finished.emit(count)


def _names(added: tuple[ObjectRecord, ...]) -> str:
    if not added:
        return ""
    listed = ", ".join(f"{record.object_id} {record.name}" for record in added[:4])
    return f" with the new objects {listed}{' …' if len(added) > 4 else ''}"


def _query(sequence: FrameSequence, frame: int, video: str) -> ImportQuery:
    """What readers may ask; opens a folder of frames for its names."""
    names: tuple[str, ...] = ()
    if sequence.kind == "folder":
        try:
            with open_frames(sequence.path) as source:
                names = tuple(source.names)
        except MediaError:
            names = ()  # the frames are gone; numbers will do
    return ImportQuery(
        sequence.frame_count,
        sequence.height,
        sequence.width,
        video or sequence.name,
        names,
        frame,
    )

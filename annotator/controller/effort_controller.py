"""Shows what the work on the open project cost."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from annotator.controller.editor import Editor
from annotator.controller.log_recorder import LogRecorder
from annotator.controller.workspace import Workspace
from annotator.exchange.source import Progress
from annotator.storage.effort import Effort, effort_of
from annotator.storage.interaction_log import read_log
from annotator.views.effort_dialog import EffortDialog, EffortRow, clock
from annotator.views.main_window import MainWindow
from annotator.worker.task_thread import TaskThread


class EffortController(QObject):
    """Adds up the log in a thread and shows the sum.

    Args:
        editor: what is open.
        window: where to show it.
        recorder: writes the log.
    """

    def __init__(self, editor: Editor, window: MainWindow, recorder: LogRecorder) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._recorder = recorder
        self._thread: TaskThread | None = None
        self._dialog: EffortDialog | None = None
        action = window.actions_table["file.effort"]
        action.triggered.connect(self.show_effort)
        action.setEnabled(False)
        editor.workspace_changed.connect(self._on_workspace)
        window.closing.connect(self.close)

    @Slot()
    def show_effort(self) -> None:
        """Open the dialog, or bring what it shows up to date."""
        if self._editor.workspace is None or self._thread is not None:
            return
        if self._dialog is None:
            self._dialog = EffortDialog(self._window)
            self._dialog.finished.connect(self._forget_dialog)
        self._dialog.show()
        self._dialog.raise_()
        log = self._recorder.log
        if log is None:
            self._show(Effort())
            return

        def work(_progress: Progress) -> Effort:
            log.flush()
            return effort_of(read_log(log.path))

        thread = TaskThread(work, self)
        thread.done.connect(self._on_done)
        thread.failed.connect(self._on_failed)
        self._thread = thread
        thread.start()

    @Slot()
    def close(self) -> None:
        """Wait for the thread and close the dialog."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.done.disconnect()
            thread.failed.disconnect()
            thread.wait()
            thread.deleteLater()
        if self._dialog is not None:
            self._dialog.close()

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self.close()
        self._window.actions_table["file.effort"].setEnabled(workspace is not None)

    @Slot()
    def _forget_dialog(self) -> None:
        self._dialog = None

    @Slot(object)
    def _on_done(self, effort: Effort) -> None:
        self._release()
        self._show(effort)

    @Slot(str)
    def _on_failed(self, text: str) -> None:
        self._release()
        if self._dialog is not None:
            self._dialog.show_effort(text, [])

    def _release(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()
            thread.deleteLater()

    def _show(self, effort: Effort) -> None:
        document = self._editor.document
        if self._dialog is None or document is None:
            return
        rows = [
            EffortRow(
                document.objects[object_id].name
                if object_id in document.objects
                else f"object {object_id} (removed)",
                one.interactions,
                one.corrections,
                one.seconds,
            )
            for object_id, one in sorted(effort.objects.items())
        ]
        steps = sum(row.steps for row in rows)
        self._dialog.show_effort(
            f"{clock(effort.seconds)} of work in {_count(effort.sessions, 'session')}: "
            f"{_count(steps, 'step')} on objects, {_count(effort.undone, 'step')} taken back, "
            f"{_count(effort.runs, 'run')} of the network with "
            f"{_count(effort.results, 'frame')}.",
            rows,
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

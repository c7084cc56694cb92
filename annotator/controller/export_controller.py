"""Export of masks in any format, beside the window."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Callable
from functools import partial
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices

from annotator.controller.editor import Editor
from annotator.exchange.exporting import (
    ExportReport,
    notes_before,
    run_export,
    text_on_stop,
)
from annotator.exchange.formats.base import ExchangeFormat
from annotator.exchange.options import ExportOptions
from annotator.exchange.registry import format_of, writers
from annotator.exchange.source import ExportSource
from annotator.storage.project import ProjectPaths
from annotator.views.export_dialog import ExportDialog, ExportRequest
from annotator.views.main_window import MainWindow
from annotator.views.message_bar import Severity
from annotator.worker.task_thread import TaskThread

_NETWORK_SETTING = "network"
_SHOW_FOLDER = "Show the folder"


class ExportController(QObject):
    """Asks what and where to, writes in a thread, tells how it went.

    Args:
        editor: what is open.
        window: where to ask.
        network_text: names the network that is in use; None while there is none.
    """

    finished = Signal(object)
    """`ExportReport`, or None when it failed or was stopped."""

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        network_text: Callable[[], str | None] = lambda: None,
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._network_text = network_text
        self._thread: TaskThread | None = None
        self._dialog: ExportDialog | None = None
        self._format_key = ""
        self._folder: Path | None = None
        window.actions_table["file.export_davis"].triggered.connect(self.ask)
        window.messages.action_triggered.connect(self._show_folder)
        window.closing.connect(self.close)

    @Slot()
    def ask(self) -> None:
        """Open the dialog, or bring the one to the front that is open."""
        workspace = self._editor.workspace
        if workspace is None:
            return
        if self._dialog is not None:
            self._dialog.raise_()
            return
        parent = _place_for(workspace.sequence.path.parent)
        name = workspace.sequence.name
        dialog = ExportDialog(
            writers(),
            lambda chosen: chosen.default_target(parent, name),
            self._notes,
            name,
            self._window,
        )
        dialog.export_requested.connect(self._on_requested)
        dialog.stop_requested.connect(self.stop)
        dialog.finished.connect(self._forget_dialog)
        self._dialog = dialog
        dialog.show()

    def export(
        self, target: Path, renumber: bool = True, *, key: str = "davis", name: str = ""
    ) -> bool:
        """Start writing; `finished` follows. False when an export is under way already."""
        return self.start(ExportRequest(key, target, ExportOptions(name=name, renumber=renumber)))

    def start(self, request: ExportRequest) -> bool:
        """Start writing; `finished` follows. False when an export is under way already."""
        source = self._source()
        if source is None:
            return False
        if self._thread is not None:
            self._editor.warn("An export is being written; wait for its end.")
            return False
        chosen = format_of(request.format_key)
        self._format_key = request.format_key
        work = partial(run_export, chosen, source, request.target, request.options)
        thread = TaskThread(work, self)
        thread.done.connect(self._on_exported)
        thread.failed.connect(self._on_failed)
        thread.stopped.connect(self._on_stopped)
        if self._dialog is not None:
            thread.progressed.connect(self._dialog.show_progress)
            self._dialog.begin()
        self._thread = thread
        thread.start()
        self._editor.inform(f"Writing {source.frame_count} masks to {request.target} …")
        return True

    @Slot()
    def stop(self) -> None:
        """Break the export off; `finished` follows."""
        if self._thread is not None:
            self._thread.requestInterruption()

    @Slot()
    def close(self) -> None:
        """Break an export off and wait for its thread."""
        self.stop()
        self._release()
        if self._dialog is not None:
            self._dialog.end()

    @Slot()
    def note_network(self) -> None:
        """Remember with the project which network made masks just now, for their provenance."""
        workspace, text = self._editor.workspace, self._network_text()
        if workspace is not None and workspace.project is not None and text is not None:
            workspace.project.set_setting(_NETWORK_SETTING, text)

    @Slot(object)
    def _on_requested(self, request: ExportRequest) -> None:
        self.start(request)

    @Slot()
    def _forget_dialog(self) -> None:
        self._dialog = None

    def _source(self) -> ExportSource | None:
        workspace = self._editor.workspace
        if workspace is None:
            return None
        project = workspace.project
        stored, known = None, None
        if project is not None:
            stored = ProjectPaths(project.folder).masks
            known = project.settings.get(_NETWORK_SETTING)
        return ExportSource.of(
            workspace.document,
            workspace.sequence,
            has_frames=workspace.sequence.path.exists(),
            fingerprint="" if project is None else project.frames.fingerprint,
            stored_masks=stored,
            network=known if isinstance(known, str) else None,
        )

    def _notes(self, chosen: ExchangeFormat) -> list[str]:
        document = self._editor.document
        return [] if document is None else notes_before(chosen, document)

    def _release(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()
            thread.deleteLater()

    def _end(self, report: ExportReport | None) -> None:
        self._release()
        if self._dialog is not None:
            self._dialog.end()
        self.finished.emit(report)

    @Slot(object)
    def _on_exported(self, report: ExportReport) -> None:
        text = f"Exported {report.frame_count} masks to {report.path}, read back and right."
        if report.text_on_interruption:
            text += f" {report.text_on_interruption}"
        severity = Severity.WARNING if report.warnings else Severity.INFO
        self._folder = report.path if report.path.is_dir() else report.path.parent
        self._window.messages.show_message(
            " ".join([text, *report.warnings]), severity, action=_SHOW_FOLDER
        )
        self._end(report)

    @Slot()
    def _show_folder(self) -> None:
        if self._folder is not None and self._window.messages.action == _SHOW_FOLDER:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))

    @Slot(str)
    def _on_failed(self, message: str) -> None:
        self._editor.fail(message)
        self._end(None)

    @Slot()
    def _on_stopped(self) -> None:
        self._editor.inform(f"The export was stopped. {text_on_stop(format_of(self._format_key))}")
        self._end(None)


def _place_for(beside: Path) -> Path:
    """Where exports go: beside the frames, or home from places where nobody looks or may write."""
    cache = Path(platformdirs.user_cache_dir())
    is_hidden = beside.is_relative_to(cache) or beside.is_relative_to(sysconfig.get_path("data"))
    return Path.home() if is_hidden or not os.access(beside, os.W_OK) else beside

"""Export of DAVIS masks, beside the window."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from annotator.controller.editor import Editor
from annotator.model.document import Document
from annotator.views.export_dialog import ExportDialog
from annotator.views.main_window import MainWindow
from annotator.worker.export_thread import ExportThread
from vos_core.media import DavisExport


class ExportController(QObject):
    """Asks where to, writes in a thread, tells how it went."""

    finished = Signal(object)
    """`DavisExport`, or None when it failed."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._thread: ExportThread | None = None
        window.actions_table["file.export_davis"].triggered.connect(self.ask)
        window.closing.connect(self.close)

    @Slot()
    def ask(self) -> None:
        """Open the dialog."""
        workspace = self._editor.workspace
        if workspace is None:
            return
        beside = workspace.sequence.path.parent
        parent = beside if os.access(beside, os.W_OK) else Path.home()
        place = parent / f"{workspace.sequence.name}-davis"
        dialog = ExportDialog(place, export_notes(workspace.document), self._window)
        dialog.export_requested.connect(self.export)
        dialog.show()

    @Slot(object, bool)
    def export(self, folder: Path, renumber: bool = True) -> bool:
        """Start writing; `finished` follows. False when an export is under way already."""
        workspace = self._editor.workspace
        if workspace is None:
            return False
        if self._thread is not None:
            self._editor.warn("An export is being written; wait for its end.")
            return False
        document = workspace.document
        maps = [document.label_maps.pack(i) for i in range(document.frame_count)]
        self._thread = ExportThread(
            folder,
            maps,
            sequence=workspace.sequence.name,
            object_ids=document.objects.ids,
            renumber=renumber,
            parent=self,
        )
        self._thread.exported.connect(self._on_exported)
        self._thread.failed.connect(self._on_failed)
        self._thread.start()
        self._editor.inform(f"Writing {len(maps)} masks to {folder} …")
        return True

    @Slot()
    def close(self) -> None:
        """Break an export off and wait for its thread."""
        if self._thread is not None:
            self._thread.requestInterruption()
            self._thread.wait()
            self._release()

    def _release(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()
            thread.deleteLater()

    @Slot(object)
    def _on_exported(self, export: DavisExport) -> None:
        self._release()
        text = f"Exported {export.frame_count} masks to {export.folder}, read back and right."
        if export.warnings:
            self._editor.warn(" ".join([text, *export.warnings]))
        else:
            self._editor.inform(text)
        self.finished.emit(export)

    @Slot(str)
    def _on_failed(self, message: str) -> None:
        self._release()
        self._editor.fail(message)
        self.finished.emit(None)


def export_notes(document: Document) -> list[str]:
    """Tell before an export what an evaluation would stumble over."""
    notes = []
    cells = document.cells
    for record in document.objects:
        frames = cells.frames_of(record.object_id)
        if not frames:
            notes.append(f"{record.name} has no mask in any frame.")
        elif frames[0] > 0:
            notes.append(
                f"{record.name} first appears in frame {frames[0]}: the DAVIS evaluation expects "
                "every object in frame 0."
            )
    return notes

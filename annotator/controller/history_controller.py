"""Undo and redo, which go to the frame where it happened."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.workspace import Workspace
from annotator.model.errors import ModelError
from annotator.views.main_window import MainWindow


class HistoryController(QObject):
    """The Undo and Redo actions."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._listeners = DocumentListeners()
        window.actions_table["edit.undo"].triggered.connect(self.undo)
        window.actions_table["edit.redo"].triggered.connect(self.redo)
        editor.workspace_changed.connect(self._on_workspace)
        self._refresh()

    @Slot()
    def undo(self) -> None:
        """Take the last step back."""
        workspace = self._editor.workspace
        if workspace is not None:
            try:
                self._go(workspace.history.undo())
            except ModelError as error:
                self._editor.warn(str(error))

    @Slot()
    def redo(self) -> None:
        """Do the step taken back last again."""
        workspace = self._editor.workspace
        if workspace is not None:
            try:
                self._go(workspace.history.redo())
            except ModelError as error:
                self._editor.warn(str(error))

    def _go(self, frame: int | None) -> None:
        if frame is not None:
            self._editor.go_to(frame)

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        if workspace is not None:
            self._listeners.listen(workspace.history.changed, self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        workspace, actions = self._editor.workspace, self._window.actions_table
        history = workspace.history if workspace else None
        undo, redo = actions["edit.undo"], actions["edit.redo"]
        undo.setEnabled(history is not None and history.can_undo)
        redo.setEnabled(history is not None and history.can_redo)
        undo.setText(f"&Undo {history.undo_text}" if history and history.undo_text else "&Undo")
        redo.setText(f"&Redo {history.redo_text}" if history and history.redo_text else "&Redo")

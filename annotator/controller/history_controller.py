"""Undo, redo and the list of steps; each goes to the frame where it happened."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.workspace import Workspace
from annotator.model.errors import ModelError
from annotator.views.main_window import MainWindow

_TOLD_MS = 4000
"""How long the status line tells what an undo took back."""


class HistoryController(QObject):
    """The Undo and Redo actions and the panel of steps."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._listeners = DocumentListeners()
        window.actions_table["edit.undo"].triggered.connect(self.undo)
        window.actions_table["edit.redo"].triggered.connect(self.redo)
        window.history.step_requested.connect(self.go_to_step)
        window.history.shown.connect(self._list_steps)
        editor.workspace_changed.connect(self._on_workspace)
        self._refresh()

    @Slot()
    def undo(self) -> None:
        """Take the last step back."""
        history = self._editor.workspace.history if self._editor.workspace else None
        if history is not None:
            self.go_to_step(history.done_count - 1)

    @Slot()
    def redo(self) -> None:
        """Do the step taken back last again."""
        history = self._editor.workspace.history if self._editor.workspace else None
        if history is not None:
            self.go_to_step(history.done_count + 1)

    @Slot(int)
    def go_to_step(self, count: int) -> None:
        """Undo or redo until so many steps are in force, and say what that did.

        Args:
            count: Steps; clipped to those there are.
        """
        workspace = self._editor.workspace
        if workspace is None:
            return
        history, told, frame, steps = workspace.history, "", None, 0
        try:
            while history.done_count > max(count, 0):
                told = f"Undone: {history.undo_text}"
                frame, steps = history.undo(), steps + 1
            while history.done_count < count and history.undone_count:
                told = f"Done again: {history.redo_text}"
                frame, steps = history.redo(), steps + 1
        except ModelError as error:
            text = str(error)
            self._editor.inform(f"{text[:1].upper()}{text[1:]}.")
            return
        if frame is not None:
            self._editor.go_to(frame)
        if steps:
            more = f" · {steps} steps" if steps > 1 else ""
            self._window.statusBar().showMessage(f" {told}{more}", _TOLD_MS)

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
        undo.setEnabled(history is not None and history.done_count > 0)
        redo.setEnabled(history is not None and history.undone_count > 0)
        undo.setText(f"&Undo {history.undo_text}" if history and history.undo_text else "&Undo")
        redo.setText(f"&Redo {history.redo_text}" if history and history.redo_text else "&Redo")
        if self._window.history.isVisible():
            self._list_steps()

    @Slot()
    def _list_steps(self) -> None:
        history = self._editor.workspace.history if self._editor.workspace else None
        done, undone = (history.done_steps, history.undone_steps) if history else ((), ())
        self._window.history.set_steps(_texts(done), _texts(undone))


def _texts(steps: Iterable[tuple[str, int | None]]) -> list[str]:
    return [text if frame is None else f"{text} · {frame}" for text, frame in steps]

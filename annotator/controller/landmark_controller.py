"""Jumps to frames that matter: drawn ones, unverified ones, bookmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.workspace import Workspace
from annotator.model.cells import CellState
from annotator.model.changes import ChangeSet
from annotator.model.commands import SetBookmarks
from annotator.model.errors import ModelError
from annotator.views.main_window import MainWindow

_SETTING = "bookmarks"


class LandmarkController(QObject):
    """Finds the next frame of a kind, and keeps the bookmarks with the project."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._listeners = DocumentListeners()
        actions = window.actions_table
        for name in ("drawn", "unverified", "bookmark"):
            actions[f"frame.next_{name}"].triggered.connect(self._on_jump)
            actions[f"frame.previous_{name}"].triggered.connect(self._on_jump)
        actions["frame.bookmark"].triggered.connect(self._toggle)
        actions["frame.timeline_in"].triggered.connect(self._widen)
        actions["frame.timeline_out"].triggered.connect(self._narrow)
        actions["frame.timeline_all"].triggered.connect(window.timeline.show_all)
        editor.workspace_changed.connect(self._on_workspace)

    # --- jumps -----------------------------------------------------------------------------

    @Slot()
    def _on_jump(self) -> None:
        direction, _, kind = self.sender().objectName().partition(".")[2].partition("_")
        if self._editor.document is None:
            return
        frames, what = self._frames_of(kind)
        here, step = self._editor.frame, 1 if direction == "next" else -1
        found = [frame for frame in frames if (frame - here) * step > 0]
        if found:
            self._editor.go_to(found[0] if step > 0 else found[-1])
        else:
            where = "after" if step > 0 else "before"
            self._editor.inform(f"There is no {what} {where} frame {here}.")

    def _frames_of(self, kind: str) -> tuple[Sequence[int], str]:
        document, active = self._editor.document, self._editor.active_record
        if document is None:
            return (), ""
        if kind == "bookmark":
            return document.bookmarks, "bookmark"
        states = document.cells.states
        if kind == "unverified":
            waiting = (states != CellState.EMPTY) & (states != CellState.VERIFIED)
            return np.flatnonzero(waiting.any(axis=1)).tolist(), "unverified frame"
        if active is None:
            drawn = np.isin(states, (CellState.DRAWN, CellState.CORRECTED)).any(axis=1)
            return np.flatnonzero(drawn).tolist(), "drawn frame"
        frames = document.cells.frames_of(active.object_id, CellState.DRAWN, CellState.CORRECTED)
        return frames, f"drawn frame of {active.name}"

    # --- bookmarks -------------------------------------------------------------------------

    @Slot()
    def _toggle(self) -> None:
        workspace = self._editor.workspace
        if workspace is None:
            return
        try:
            workspace.history.do(SetBookmarks.toggle(workspace.document, self._editor.frame))
        except ModelError as error:
            self._editor.warn(str(error))

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        if workspace is None:
            return
        saved = workspace.project.settings.get(_SETTING) if workspace.project else None
        document = workspace.document
        if isinstance(saved, list) and not document.bookmarks:
            with document.editing(provisional=True) as editor:
                editor.set_bookmarks(frame for frame in saved if type(frame) is int)
        self._listeners.listen(document.changed, self._on_changed)
        self._show()

    def _on_changed(self, change: ChangeSet) -> None:
        workspace = self._editor.workspace
        if not change.bookmarks or workspace is None:
            return
        if workspace.project is not None:
            workspace.project.set_setting(_SETTING, list(workspace.document.bookmarks))
        self._show()

    def _show(self) -> None:
        document = self._editor.document
        if document is not None:
            self._window.timeline.set_bookmarks(document.bookmarks)

    # --- time axis -------------------------------------------------------------------------

    @Slot()
    def _widen(self) -> None:
        self._window.timeline.zoom_time(1.6)

    @Slot()
    def _narrow(self) -> None:
        self._window.timeline.zoom_time(1 / 1.6)

"""What was opened lately: a menu, and links on the empty window."""

from __future__ import annotations

import logging
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from annotator.controller.editor import Editor
from annotator.controller.session_controller import SessionController
from annotator.controller.workspace import Workspace, project_folders
from annotator.storage.settings import APPLICATION, Settings
from annotator.views.main_window import MainWindow
from vos_core.media import OutputError

_log = logging.getLogger(__name__)

_SETTING = "recent"
_KEPT = 10


class RecentController(QObject):
    """Keeps the list of what was opened, the latest first, from run to run."""

    def __init__(
        self, editor: Editor, window: MainWindow, session: SessionController, settings: Settings
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._session = session
        self._settings = settings
        self._window = window
        self.menu = QMenu("Open &recent", window)
        self.menu.setObjectName("recentMenu")
        self.menu.setToolTipsVisible(True)
        actions = window.actions_table
        window.menus["file"].insertMenu(actions["file.open_sample"], self.menu)
        self.menu.triggered.connect(self._on_chosen)
        session.opened.connect(self._on_opened)
        window.hint.link_clicked.connect(self._on_link)
        self._list()
        if self.paths and self.paths[0].parent.is_dir():
            session.start_folder = self.paths[0].parent

    @property
    def paths(self) -> list[Path]:
        """What was opened, the latest first."""
        kept: list[object] = self._settings.get(_SETTING, [])
        return [Path(path) for path in kept if isinstance(path, str)][:_KEPT]

    @Slot(object)
    def _on_opened(self, workspace: Workspace) -> None:
        project, path = workspace.project, workspace.sequence.path
        if path.is_relative_to(platformdirs.user_cache_dir(APPLICATION, appauthor=False)):
            return  # the sample has an entry of its own
        if project is not None and project.folder not in project_folders(workspace.sequence):
            path = project.folder  # a project that lies elsewhere is not found from its frames
        self._set([path, *(other for other in self.paths if other != path)])

    @Slot(QAction)
    def _on_chosen(self, action: QAction) -> None:
        if action.data() is None:
            self._set([])
        else:
            self._open(Path(action.data()))

    @Slot(str)
    def _on_link(self, target: str) -> None:
        kind, _, name = target.partition(":")
        if kind == "recent" and name.isdecimal() and int(name) < len(self.paths):
            self._open(self.paths[int(name)])
        elif kind == "action":
            self._window.actions_table[name].trigger()

    def _open(self, path: Path) -> None:
        if path.exists():
            self._session.open_path(path)
            return
        self._set([other for other in self.paths if other != path])
        self._editor.warn(f"{path} is not there any more; it was taken off the list.")

    def _set(self, paths: list[Path]) -> None:
        self._settings.set(_SETTING, [str(path) for path in paths[:_KEPT]])
        try:
            self._settings.save()
        except OutputError as error:
            _log.warning("the list of what was opened is not remembered: %s", error)
        self._list()

    def _list(self) -> None:
        self.menu.clear()
        paths = self.paths
        for place, path in enumerate(paths, start=1):
            name = path.name.replace("&", "&&")
            action = self.menu.addAction(f"&{place % 10}  {name}")
            action.setData(str(path))
            action.setToolTip(str(path))
        self.menu.addSeparator()
        self.menu.addAction("&Forget these")
        self.menu.setEnabled(bool(paths))
        self._window.hint.set_recent([(path.name, str(path.parent)) for path in paths])

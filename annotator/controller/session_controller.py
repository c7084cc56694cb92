"""Opening, saving and closing: loaded aside first, swapped only when whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.frame_controller import FrameController
from annotator.controller.propagation_controller import PropagationController
from annotator.controller.workspace import Workspace, project_folders
from annotator.controller.workspace_loading import load_workspace
from annotator.model.changes import ChangeSet
from annotator.storage.errors import ProjectError, ProjectExistsError, ProjectLockedError
from annotator.storage.session import ProjectSession
from annotator.views.main_window import MainWindow
from annotator.views.message_bar import Severity
from vos_core.media import MediaError

_log = logging.getLogger(__name__)

_VIDEO_FILTER = (
    "Videos (*.mp4 *.mov *.mkv *.avi *.webm *.m4v *.mpg *.mpeg *.wmv *.gif);;All files (*)"
)
_FRAME_SETTING = "frame"


class SessionController(QObject):
    """What is open, and where it is saved."""

    opened = Signal(object)
    """The `Workspace` after it was taken up."""
    _saved = Signal()
    _saving_failed = Signal(str)

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        frames: FrameController,
        propagation: PropagationController,
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._frames = frames
        self._propagation = propagation
        self._listeners = DocumentListeners()
        self._beside = True
        self._offer: Callable[[], object] | None = None
        self._kept_in_memory = False
        queued = Qt.ConnectionType.QueuedConnection
        self._saved.connect(self._show_saved, queued)
        self._saving_failed.connect(editor.fail, queued)
        actions = window.actions_table
        actions["file.open_video"].triggered.connect(self._ask_video)
        actions["file.open_folder"].triggered.connect(self._ask_folder)
        actions["file.save"].triggered.connect(self.save)
        actions["file.close"].triggered.connect(self.close)
        actions["file.quit"].triggered.connect(window.close)
        window.path_dropped.connect(self.open_path)
        window.messages.action_triggered.connect(self._take_offer)
        window.close_guard = self._may_leave_window
        window.closing.connect(self.close)
        self._refresh()

    # --- opening ---------------------------------------------------------------------------

    @Slot(object)
    def open_path(self, path: Path, *, beside: bool = True, take_lock: bool = False) -> bool:
        """Open a video, a folder of frames, or a project folder; on a fault nothing changes.

        Args:
            path: What to open.
            beside: Whether a new project may be put beside the frames.
            take_lock: Open a project that another application has open.

        Returns:
            Whether it is open now; when not, the message bar says why.
        """
        path = Path(path).absolute()
        self._offer = None
        workspace = self._editor.workspace
        if workspace is not None and path in (
            workspace.sequence.path,
            workspace.project.folder if workspace.project else None,
        ):
            self._editor.inform(f"{path.name} is open already.")
            return True
        try:
            loaded = load_workspace(
                path,
                beside=beside,
                take_lock=take_lock,
                on_error=self._saving_failed.emit,
                on_saved=self._saved.emit,
            )
        except ProjectLockedError as error:
            self._tell_with_offer(
                str(error),
                "Open it anyway",
                lambda: self.open_path(path, beside=beside, take_lock=True),
            )
            return False
        except (MediaError, ProjectError) as error:
            self._editor.fail(str(error))
            return False
        except OSError as error:
            self._editor.fail(f"{path} cannot be opened: {error.strerror or error}")
            return False
        if not self._may_leave("Close it unsaved", self._forget_unsaved):
            if loaded.project is not None:
                loaded.project.close()
            return False
        self.close()
        self._beside = beside
        self._take_up(loaded)
        return True

    def _take_up(self, workspace: Workspace) -> None:
        project = workspace.project
        self._listeners.listen(workspace.document.changed, self._on_changed)
        self._window.setWindowTitle(f"{workspace.sequence.name} — VOS Annotator")
        self._editor.set_workspace(workspace)
        frame = project.settings.get(_FRAME_SETTING) if project else None
        if isinstance(frame, int):
            self._editor.go_to(frame)
        self._refresh()
        self.opened.emit(workspace)
        warnings = list(project.warnings) if project else []
        if workspace.notice:
            warnings.insert(0, workspace.notice)
        if warnings:
            self._editor.warn(" ".join(warnings))
        else:
            self._window.messages.dismiss()

    def _tell_with_offer(self, text: str, offer: str, action: Callable[[], object]) -> None:
        """Say why something was not done, with a button that does it all the same."""
        self._offer = action
        self._window.messages.show_message(text, Severity.WARNING, action=offer)

    @Slot()
    def _take_offer(self) -> None:
        offer, self._offer = self._offer, None
        self._window.messages.dismiss()
        if offer is not None:
            offer()

    @Slot()
    def _ask_video(self) -> None:
        dialog = QFileDialog(self._window, "Open a video", self._start_folder(), _VIDEO_FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._ask(dialog)

    @Slot()
    def _ask_folder(self) -> None:
        dialog = QFileDialog(self._window, "Open a folder of frames", self._start_folder())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._ask(dialog)

    def _ask(self, dialog: QFileDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_selected)
        dialog.open()

    @Slot(str)
    def _on_selected(self, path: str) -> None:
        self.open_path(Path(path))

    def _start_folder(self) -> str:
        workspace = self._editor.workspace
        return str(workspace.sequence.path.parent if workspace else Path.home())

    # --- saving ----------------------------------------------------------------------------

    def _on_changed(self, _change: ChangeSet) -> None:
        workspace = self._editor.workspace
        if workspace is not None and workspace.project is None:
            self._make_project(workspace)
        self._show_saved()

    def _make_project(self, workspace: Workspace) -> None:
        """Give the document its folder: beside the frames, else among the user's own."""
        faults = []
        for folder in project_folders(workspace.sequence, beside=self._beside):
            try:
                workspace.project = ProjectSession.create(
                    folder,
                    workspace.sequence,
                    document=workspace.document,
                    on_error=self._saving_failed.emit,
                    on_saved=self._saved.emit,
                )
            except ProjectExistsError:
                continue
            except (MediaError, ProjectError, OSError) as error:
                faults.append(str(error))
                continue
            self._kept_in_memory = False
            if faults:
                self._editor.warn(f"{faults[0]} The project is kept in {folder} instead.")
            return
        self._kept_in_memory = True
        self._editor.fail(
            "Nothing can be saved; everything stays in memory until the window closes. "
            + " ".join(faults)
        )

    @Slot()
    def save(self) -> bool:
        """Save at once; returns whether everything is in files."""
        workspace = self._editor.workspace
        if workspace is None:
            return True
        if workspace.project is None:
            self._editor.inform("There is nothing to save yet.")
            return True
        saved = workspace.project.flush()
        if saved:
            self._editor.inform(f"Saved in {workspace.project.folder}")
        self._show_saved()
        return saved

    def unsaved_reason(self) -> str | None:
        """Say what would be lost by closing now, ``None`` when nothing would."""
        workspace = self._editor.workspace
        if workspace is None:
            return None
        project = workspace.project
        if project is None:
            return "There is no place to save the project in." if self._kept_in_memory else None
        if project.is_read_only:
            return f"{project.folder} cannot be written." if workspace.history.can_undo else None
        if not project.flush():
            return f"Not everything could be saved in {project.folder}."
        return None

    def _may_leave(self, offer: str, action: Callable[[], object]) -> bool:
        """Say whether nothing is lost by closing; else tell, with a button that closes."""
        reason = self.unsaved_reason()
        if reason is None:
            return True
        self._tell_with_offer(f"{reason} Your last changes would be lost.", offer, action)
        return False

    def _may_leave_window(self) -> bool:
        return self._may_leave("Close without saving", self._leave_unsaved)

    def _forget_unsaved(self) -> None:
        self.close()
        self._editor.inform("Closed. Open the other one again.")

    def _leave_unsaved(self) -> None:
        self._window.close_guard = None
        self._window.close()

    @Slot()
    def close(self) -> None:
        """End runs, save and close what is open."""
        workspace = self._editor.workspace
        if workspace is None:
            return
        self._window.canvas.abort_gesture()
        self._propagation.abandon()
        self._listeners.drop()
        self._kept_in_memory = False
        if workspace.project is not None:
            workspace.project.set_setting(_FRAME_SETTING, self._editor.frame)
        self._editor.set_workspace(None)
        if workspace.project is not None and not workspace.project.close():
            self._editor.fail(f"Not everything could be saved in {workspace.project.folder}.")
        self._window.setWindowTitle("VOS Annotator")
        self._refresh()

    @Slot()
    def _show_saved(self) -> None:
        workspace = self._editor.workspace
        if workspace is None or workspace.project is None:
            text = ""
        elif workspace.project.is_read_only:
            text = "not saved (read-only)"
        else:
            text = "saved" if workspace.is_saved else "saving …"
        self._window.saved_label.setText(text)
        self._window.saved_label.setToolTip(
            str(workspace.project.folder) if workspace and workspace.project else ""
        )

    def _refresh(self) -> None:
        workspace, actions = self._editor.workspace, self._window.actions_table
        for name in ("file.save", "file.close", "file.export_davis"):
            actions[name].setEnabled(workspace is not None)
        self._show_saved()

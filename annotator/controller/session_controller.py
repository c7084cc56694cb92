"""Opening, saving and closing: loaded aside first, swapped only when whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.frame_controller import FrameController
from annotator.controller.opening_controller import OpeningController
from annotator.controller.propagation_controller import PropagationController
from annotator.controller.workspace import Workspace, project_folders
from annotator.controller.workspace_loading import OpeningRequest
from annotator.model.changes import ChangeSet
from annotator.storage.errors import (
    FramesMissingError,
    ProjectError,
    ProjectExistsError,
    ProjectLockedError,
)
from annotator.storage.project import PROJECT_NAME, is_project
from annotator.storage.session import ProjectSession
from annotator.views.main_window import MainWindow
from annotator.views.message_bar import Severity
from vos_core.media import MediaError
from vos_core.media.folder import SUFFIXES

_log = logging.getLogger(__name__)

_VIDEO_FILTER = (
    "Videos (*.mp4 *.mov *.mkv *.avi *.webm *.m4v *.mpg *.mpeg *.wmv *.gif);;All files (*)"
)
_FRAME_SETTING = "frame"


class SessionController(QObject):
    """What is open, and where it is saved."""

    opened = Signal(object)
    """The `Workspace` after it was taken up."""
    opening_ended = Signal(bool)
    """What was asked for is open now, or is not (the message bar says why)."""
    _saved = Signal()
    _saving_failed = Signal(str)
    _unsaved = Signal()
    """Something changed; heard after the project has heard of it too."""

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
        self._openings = OpeningController(window)
        self._openings.loaded.connect(self._on_loaded)
        self._openings.failed.connect(self._on_failed)
        self._openings.given_up.connect(self._on_given_up)
        self.start_folder = Path.home()
        """Where dialogs begin while nothing is open."""
        self._beside = True
        self._offer: Callable[[], object] | None = None
        self._kept_in_memory = False
        self._tells_when_saved = False
        self._fault = ""
        queued = Qt.ConnectionType.QueuedConnection
        self._saved.connect(self._on_saved, queued)
        self._saving_failed.connect(self._on_saving_failed, queued)
        self._unsaved.connect(self._show_saved, queued)
        actions = window.actions_table
        actions["file.open_video"].triggered.connect(self._ask_video)
        actions["file.open_folder"].triggered.connect(self._ask_folder)
        actions["file.save"].triggered.connect(self.save_soon)
        actions["file.close"].triggered.connect(self.close)
        actions["file.quit"].triggered.connect(window.close)
        window.path_dropped.connect(self.open_path)
        window.messages.action_triggered.connect(self._take_offer)
        window.close_guard = self._may_leave_window
        window.closing.connect(self.shut_down)
        self._refresh()

    # --- opening ---------------------------------------------------------------------------

    @property
    def is_opening(self) -> bool:
        """Whether something is being opened in the background."""
        return self._openings.is_running

    @Slot(object)
    def open_path(
        self,
        path: Path,
        *,
        beside: bool = True,
        take_lock: bool = False,
        frames: Path | None = None,
    ) -> None:
        """Open a video, a folder of frames, or a project folder; on a fault nothing changes.

        Returns at once: a thread reads, what is open stays usable, `opening_ended` tells the end.

        Args:
            path: What to open.
            beside: Whether a new project may be put beside the frames.
            take_lock: Open a project that another application has open.
            frames: Where the frames of the project folder ``path`` are now.
        """
        path = Path(path).absolute()
        if path.name == PROJECT_NAME and is_project(path.parent):
            path = path.parent
        self._offer = None
        workspace = self._editor.workspace
        project = workspace.project if workspace is not None else None
        if workspace is not None and path in (
            workspace.sequence.path,
            project.folder if project else None,
        ):
            self._editor.inform(f"{path.name} is open already.")
            self.opening_ended.emit(True)
            return
        self._window.messages.dismiss()  # what is said from now on stays
        self._openings.start(
            OpeningRequest(path, beside, take_lock, frames),
            settle=None if project is None else project.settle,
            on_error=self._saving_failed.emit,
            on_saved=self._saved.emit,
        )

    @Slot(object, object)
    def _on_loaded(self, request: OpeningRequest, workspace: Workspace) -> None:
        if not self._may_leave("Close it unsaved", self._forget_unsaved):
            workspace.close()
            self.opening_ended.emit(False)
            return
        self.close()
        self._beside = request.beside
        self._take_up(workspace)
        self.opening_ended.emit(True)

    @Slot(object, object)
    def _on_failed(self, request: OpeningRequest, error: Exception) -> None:
        path = request.path
        if isinstance(error, ProjectLockedError):
            self._tell_with_offer(
                str(error),
                "Open it anyway",
                lambda: self.open_path(path, beside=request.beside, take_lock=True),
            )
        elif isinstance(error, FramesMissingError):
            kind = error.kind
            self._tell_with_offer(str(error), "Find them …", lambda: self._ask_frames(path, kind))
        elif path.suffix.lower() in SUFFIXES and path.is_file():
            folder = path.parent
            self._tell_with_offer(
                str(error), "Open the folder", lambda: self.open_path(folder, beside=request.beside)
            )
        elif isinstance(error, OSError):
            self._editor.fail(f"{path} cannot be opened: {error.strerror or error}")
        else:
            self._editor.fail(str(error))
        self.opening_ended.emit(False)

    @Slot(object)
    def _on_given_up(self, request: OpeningRequest) -> None:
        self._editor.inform(f"{request.path.name} was not opened.")
        self.opening_ended.emit(False)

    def _take_up(self, workspace: Workspace) -> None:
        project = workspace.project
        self._listeners.listen(workspace.document.changed, self._on_changed)
        self._window.setWindowTitle(f"{workspace.sequence.name} — VOS Annotator")
        self._editor.set_workspace(workspace)
        if self._beside:
            self.start_folder = workspace.sequence.path.parent
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

    def _tell_with_offer(self, text: str, offer: str, action: Callable[[], object]) -> None:
        """Say why something was not done, with a button that does it all the same."""
        self._offer = action
        self._window.messages.show_message(text, Severity.WARNING, action=offer)

    @Slot()
    def _take_offer(self) -> None:
        if self._openings.is_telling:
            self._openings.give_up()
            return
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

    def _ask_frames(self, project: Path, kind: str) -> None:
        """Ask where the frames of a project are now, and open it with them."""
        dialog = QFileDialog(self._window, f"Where are the frames of {project.name}?")
        dialog.setDirectory(str(project.parent))
        if kind == "folder":
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setNameFilter(_VIDEO_FILTER)
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._ask(dialog, project=project)

    def _ask(self, dialog: QFileDialog, *, project: Path | None = None) -> None:
        def selected(path: str) -> None:
            if project is None:
                self.open_path(Path(path))
            else:
                self.open_path(project, frames=Path(path).absolute())

        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(selected)
        dialog.open()

    def _start_folder(self) -> str:
        workspace = self._editor.workspace
        return str(workspace.sequence.path.parent if workspace else self.start_folder)

    # --- saving ----------------------------------------------------------------------------

    def _on_changed(self, _change: ChangeSet) -> None:
        workspace = self._editor.workspace
        if workspace is not None and workspace.project is None:
            self._make_project(workspace)
        self._unsaved.emit()

    def _make_project(self, workspace: Workspace) -> None:
        """Give the document its folder: beside the frames, else among the user's own."""
        faults = []
        for folder in project_folders(workspace.sequence, beside=self._beside):
            try:
                workspace.project = ProjectSession.create(
                    folder,
                    workspace.sequence,
                    document=workspace.document,
                    clusters=workspace.clusters,
                    fingerprint=workspace.fingerprint,
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
    def save_soon(self) -> None:
        """Have everything saved now, without waiting for it; the message bar tells the end."""
        workspace = self._editor.workspace
        if workspace is None or workspace.project is None or workspace.is_saved:
            self.save()
        else:
            self._tells_when_saved = True
            workspace.project.save_soon()

    @Slot(str)
    def _on_saving_failed(self, message: str) -> None:
        self._fault = message
        self._editor.fail(message)
        self._show_saved()

    @Slot()
    def _on_saved(self) -> None:
        fault, self._fault = self._fault, ""
        workspace = self._editor.workspace
        if self._tells_when_saved and workspace is not None and workspace.is_saved:
            self.save()
        elif fault and self._window.messages.text in ("", fault):  # what was said since then stays
            project = None if workspace is None else workspace.project
            if project is not None:
                self._editor.inform(f"Saved again in {project.folder}")
        self._show_saved()

    def save(self) -> bool:
        """Save and wait for it; returns whether everything is in files."""
        self._tells_when_saved = False
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
        self._kept_in_memory, self._fault = False, ""
        if workspace.project is not None:
            workspace.project.set_setting(_FRAME_SETTING, self._editor.frame)
        self._editor.set_workspace(None)
        if not workspace.close() and workspace.project is not None:
            self._editor.fail(f"Not everything could be saved in {workspace.project.folder}.")
        self._window.setWindowTitle("VOS Annotator")
        self._refresh()

    @Slot()
    def shut_down(self) -> None:
        """End an opening under way, then close what is open; safe to call twice."""
        self._openings.close()
        self.close()

    @Slot()
    def _show_saved(self) -> None:
        workspace = self._editor.workspace
        if workspace is None or workspace.project is None:
            text = ""
        elif workspace.project.is_read_only:
            text = "not saved (read-only)"
        elif workspace.is_saved:
            text = "saved"
        else:
            text = "not saved" if self._fault else "saving …"
        self._window.saved_label.setText(text)
        self._window.saved_label.setToolTip(
            str(workspace.project.folder) if workspace and workspace.project else ""
        )

    def _refresh(self) -> None:
        workspace, actions = self._editor.workspace, self._window.actions_table
        for name in ("file.save", "file.close", "file.export_davis"):
            actions[name].setEnabled(workspace is not None)
        self._show_saved()

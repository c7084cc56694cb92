"""How the picture is looked at: zoom to an object, grid, contrast, a copy for other programs."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, Slot
from PySide6.QtGui import QGuiApplication

from annotator.controller.editor import Editor
from annotator.controller.workspace import Workspace
from annotator.model.commands.paint import tight_box
from annotator.model.contrast import stretching_levels
from annotator.storage.settings import Settings
from annotator.views.main_window import MainWindow

_GRID = "pixel_grid"


class PictureController(QObject):
    """Changes nothing but what the screen shows."""

    def __init__(self, editor: Editor, window: MainWindow, settings: Settings) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._settings = settings
        actions = window.actions_table
        self._grid, self._contrast = actions["view.pixel_grid"], actions["view.auto_contrast"]
        self._copy = actions["edit.copy_picture"]
        self._grid.toggled.connect(window.canvas.show_pixel_grid)
        self._grid.setChecked(settings.get(_GRID, True))
        self._contrast.toggled.connect(self._on_contrast)
        self._copy.triggered.connect(self._copy_picture)
        actions["view.object"].triggered.connect(self._show_object)
        editor.workspace_changed.connect(self._on_workspace)
        window.closing.connect(self._remember)
        self._on_workspace(None)

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._contrast.setChecked(False)
        for action in (self._contrast, self._copy):
            action.setEnabled(workspace is not None)

    @Slot(bool)
    def _on_contrast(self, wanted: bool) -> None:
        """Measure the frame in view; the same levels then serve every frame, so none flickers."""
        pixels = self._editor.shown_pixels
        levels = stretching_levels(pixels) if wanted and pixels is not None else None
        self._window.canvas.set_levels(levels)

    @Slot()
    def _show_object(self) -> None:
        """Zoom to the chosen object's mask in the frame in view."""
        document, record = self._editor.document, self._editor.active_record
        frame = self._editor.shown_frame
        if document is None or record is None or frame is None:
            self._editor.inform("Choose an object first; the picture zooms to its mask.")
            return
        box = tight_box(document.label_map(frame) == record.object_id)
        if box.is_empty:
            self._editor.inform(f"{record.name} has no mask in frame {frame}.")
            return
        self._window.canvas.show_region(QRectF(box.left, box.top, box.width, box.height))

    @Slot()
    def _copy_picture(self) -> None:
        picture = self._window.canvas.picture()
        if not picture.isNull():
            QGuiApplication.clipboard().setImage(picture)
            size = f"{picture.width()} x {picture.height()}"
            self._editor.inform(f"Copied the picture with what lies over it, {size} pixels.")

    @Slot()
    def _remember(self) -> None:
        self._settings.set(_GRID, self._grid.isChecked())

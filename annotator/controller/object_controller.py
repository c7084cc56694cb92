"""The object list: adding, choosing, renaming, colours, showing, locking, deleting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.workspace import Workspace
from annotator.model.commands import AddObject, ChangeObject
from annotator.model.commands.base import Command
from annotator.model.document import Document
from annotator.model.errors import ModelError
from annotator.model.objects import ObjectRecord
from annotator.views.main_window import MainWindow
from annotator.views.timeline.matrix import TimelineRow


class ObjectController(QObject):
    """Every change of the object table, as a command."""

    def __init__(self, editor: Editor, window: MainWindow, layers: LayerController) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._layers = layers
        self._listeners = DocumentListeners()
        panel, actions = window.objects, window.actions_table
        panel.activated.connect(editor.choose_object)
        panel.renamed.connect(self.rename)
        panel.visibility_toggled.connect(self._toggle_visible)
        panel.lock_toggled.connect(self._toggle_locked)
        panel.colour_requested.connect(self._ask_colour)
        panel.details.category_changed.connect(self._set_category)
        panel.details.opacity_changed.connect(self._set_opacity)
        window.timeline.object_activated.connect(editor.choose_object)
        window.object_digit_pressed.connect(self._choose_place)
        handlers: dict[str, Callable[[], object]] = {
            "object.add": self.add,
            "object.rename": self._edit_name,
            "object.colour": self._ask_active_colour,
            "object.next": self._choose_next,
            "object.previous": self._choose_previous,
            "object.show": self._toggle_active_visible,
            "object.solo": self._toggle_solo,
            "object.lock": self._toggle_active_locked,
            "object.category": self._edit_category,
        }
        for name, handler in handlers.items():
            actions[name].triggered.connect(handler)
        editor.workspace_changed.connect(self._on_workspace)
        editor.active_object_changed.connect(self._show)

    # --- commands --------------------------------------------------------------------------

    def _do(self, prepare: Callable[[Document], Command]) -> bool:
        workspace = self._editor.workspace
        if workspace is None:
            return False
        try:
            return workspace.history.do(prepare(workspace.document))
        except ModelError as error:
            self._editor.warn(str(error))
            return False

    @Slot()
    def add(self) -> int | None:
        """Add an object and choose it; returns its id."""
        document = self._editor.document
        if document is None:
            self._editor.warn("Open a video or a folder of frames first.")
            return None
        if not self._do(AddObject.prepare):
            return None
        object_id = document.objects.ids[-1]
        self._editor.choose_object(object_id)
        return object_id

    @Slot(int, str)
    def rename(self, object_id: int, name: str) -> None:
        """Give an object another name."""
        self._change(object_id, name=name)

    def _change(self, object_id: int, **changes: object) -> None:
        def prepare(document: Document) -> Command:
            record = replace(document.objects[object_id], **changes)  # type: ignore[arg-type]
            return ChangeObject.prepare(document, record)

        self._do(prepare)

    @Slot(int)
    def _toggle_visible(self, object_id: int) -> None:
        document = self._editor.document
        if document is not None:
            self._change(object_id, visible=not document.objects[object_id].visible)

    @Slot(int)
    def _toggle_locked(self, object_id: int) -> None:
        document = self._editor.document
        if document is not None:
            self._change(object_id, locked=not document.objects[object_id].locked)

    @Slot(int)
    def _ask_colour(self, object_id: int) -> None:
        document = self._editor.document
        if document is None:
            return
        dialog = QColorDialog(QColor(*document.objects[object_id].colour), self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setProperty("object_id", object_id)
        dialog.colorSelected.connect(self._on_colour)
        dialog.open()

    @Slot(QColor)
    def _on_colour(self, colour: QColor) -> None:
        object_id = int(self.sender().property("object_id"))
        self._change(object_id, colour=(colour.red(), colour.green(), colour.blue()))

    @Slot(int, str)
    def _set_category(self, object_id: int, category: str) -> None:
        self._change(object_id, category=category)

    @Slot(int, float)
    def _set_opacity(self, object_id: int, opacity: float) -> None:
        self._change(object_id, opacity=opacity)

    # --- choosing --------------------------------------------------------------------------

    @Slot(int)
    def _choose_place(self, place: int) -> None:
        document = self._editor.document
        if document is not None and place < len(document.objects):
            self._editor.choose_object(document.objects.ids[place])

    @Slot()
    def _choose_next(self) -> None:
        self._choose_by(1)

    @Slot()
    def _choose_previous(self) -> None:
        self._choose_by(-1)

    def _choose_by(self, step: int) -> None:
        document, active = self._editor.document, self._editor.active_record
        if document is not None and len(document.objects):
            ids = document.objects.ids
            place = document.objects.position(active.object_id) + step if active else 0
            self._editor.choose_object(ids[place % len(ids)])

    @Slot()
    def _edit_name(self) -> None:
        if self._editor.active_object is not None:
            self._window.objects.edit_name(self._editor.active_object)

    @Slot()
    def _edit_category(self) -> None:
        self._window.objects.details.edit_category()

    @Slot()
    def _ask_active_colour(self) -> None:
        if self._editor.active_object is not None:
            self._ask_colour(self._editor.active_object)

    @Slot()
    def _toggle_active_visible(self) -> None:
        if self._editor.active_object is not None:
            self._toggle_visible(self._editor.active_object)

    @Slot()
    def _toggle_active_locked(self) -> None:
        if self._editor.active_object is not None:
            self._toggle_locked(self._editor.active_object)

    @Slot()
    def _toggle_solo(self) -> None:
        alone = self._layers.solo is None
        self._layers.set_solo(self._editor.active_object if alone else None)

    # --- showing ---------------------------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        if workspace is not None:
            self._listeners.listen(workspace.document.objects_changed, self._on_objects)
        self._on_objects()

    def _on_objects(self) -> None:
        document, active = self._editor.document, self._editor.active_object
        ids = document.objects.ids if document else ()
        if active is not None and active not in ids:
            self._editor.choose_object(ids[0] if ids else None)
        self._show(self._editor.active_object)

    @Slot(object)
    def _show(self, active: int | None) -> None:
        document = self._editor.document
        records: tuple[ObjectRecord, ...] = document.objects.records if document else ()
        self._window.objects.set_objects(records, active)
        self._window.timeline.set_rows(
            [TimelineRow(r.object_id, r.name, r.colour) for r in records]
        )
        self._window.timeline.set_active_object(active)

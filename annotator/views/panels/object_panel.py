"""The object list: choose, rename in place, colour, show, lock, add and delete."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from annotator.model.objects import ObjectRecord
from annotator.views.actions import ActionTable
from annotator.views.panels.object_details import ObjectDetails
from annotator.views.panels.object_model import Column, ObjectListModel

_MENU = (
    "object.rename",
    "object.colour",
    None,
    "object.show",
    "object.solo",
    "object.lock",
    "object.category",
    None,
    "object.merge",
    "object.swap_on",
    "object.split",
    "object.split_on",
    None,
    "object.clear_frame",
    "object.clear_on",
    "object.delete",
)


_BUTTONS = (
    "object.add",
    "object.colour",
    "object.solo",
    "object.merge",
    "object.split",
    "object.swap_on",
    "object.delete",
)


class ObjectPanel(QWidget):
    """Objects of the document, one chosen."""

    activated = Signal(int)
    """A person chose this object."""
    renamed = Signal(int, str)
    visibility_toggled = Signal(int)
    lock_toggled = Signal(int)
    colour_requested = Signal(int)

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._list = ObjectListModel(actions.with_keys, self)
        self._list.renamed.connect(self.renamed)
        self.table = QTableView(self)
        self.table.setObjectName("objectTable")
        self.table.setModel(self._list)
        self.table.setIconSize(QSize(18, 18))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(30)
        header = self.table.horizontalHeader()
        header.hide()
        header.setMinimumSectionSize(26)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((Column.SWATCH, 32), (Column.EYE, 30), (Column.LOCK, 30)):
            self.table.setColumnWidth(column, width)
        self.table.clicked.connect(self._on_clicked)
        self.table.doubleClicked.connect(self._on_double_clicked)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)

        self._empty = QLabel(self)
        words = "No objects yet.\nPress [object.add] or paint to add the first one."
        actions.follow(self._empty.setText, words)
        self._empty.setProperty("faint", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)

        self.details = ObjectDetails(actions, self)
        self.details.hide()
        buttons = QHBoxLayout()
        buttons.setContentsMargins(6, 4, 6, 4)
        buttons.setSpacing(2)
        for name in _BUTTONS:
            button = QToolButton(self)
            button.setDefaultAction(actions[name])
            button.setIconSize(QSize(18, 18))
            buttons.addWidget(button)
        buttons.insertStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.details)
        layout.addLayout(buttons)
        self.table.hide()
        self._follow = True

    def set_objects(self, records: Sequence[ObjectRecord], active: int | None) -> None:
        """Show the objects.

        Args:
            records: From top to bottom.
            active: Id of the chosen one.
        """
        self._follow = False
        self._list.set_records(records)
        self.table.setVisible(bool(records))
        self._empty.setVisible(not records)
        self.details.setVisible(bool(records))
        row = self._list.row_of(active)
        self.details.show_record(
            None if row is None else records[row], (record.category for record in records)
        )
        if row is None:
            self.table.clearSelection()
        else:
            index = self._list.index(row, Column.NAME)
            self.table.selectionModel().setCurrentIndex(
                index,
                QItemSelectionModel.SelectionFlag.ClearAndSelect
                | QItemSelectionModel.SelectionFlag.Rows,
            )
        self._follow = True

    def edit_name(self, object_id: int) -> None:
        """Open the name of an object for typing."""
        row = self._list.row_of(object_id)
        if row is not None:
            self.table.setFocus()
            self.table.edit(self._list.index(row, Column.NAME))

    def changeEvent(self, event: QEvent) -> None:
        """Draw icons in the colours of the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_list"):
            self._list.refresh()

    def _object_at(self, index: QModelIndex) -> int:
        return self._list.records[index.row()].object_id

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if self._follow and current.isValid():
            self.activated.emit(self._object_at(current))

    def _on_clicked(self, index: QModelIndex) -> None:
        if index.column() == Column.EYE:
            self.visibility_toggled.emit(self._object_at(index))
        elif index.column() == Column.LOCK:
            self.lock_toggled.emit(self._object_at(index))

    def _on_double_clicked(self, index: QModelIndex) -> None:
        if index.column() == Column.SWATCH:
            self.colour_requested.emit(self._object_at(index))

    def _show_menu(self, position: QPoint) -> None:
        if not self.table.indexAt(position).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in _MENU:
            if name is None:
                menu.addSeparator()
            else:
                menu.addAction(self._actions[name])
        menu.popup(self.table.viewport().mapToGlobal(position))

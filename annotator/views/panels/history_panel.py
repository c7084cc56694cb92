"""The steps of the session, oldest first: what was done, what was taken back, where one is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QPalette, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QVBoxLayout, QWidget

AnyIndex = QModelIndex | QPersistentModelIndex

_FIRST = "As it was opened"


class HistoryModel(QAbstractListModel):
    """Steps as rows; row n is the state after n steps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts: tuple[str, ...] = ()
        self._done = 0

    @property
    def done(self) -> int:
        """How many steps are in force: the row that one is at."""
        return self._done

    def set_steps(self, done: Sequence[str], undone: Sequence[str]) -> None:
        """Show other steps.

        Args:
            done: Texts of the steps in force, the oldest first.
            undone: Texts of those taken back, the one to redo first in front.
        """
        self.beginResetModel()
        self._texts = (*done, *undone)
        self._done = len(done)
        self.endResetModel()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        """Steps, and the state before the first."""
        return 0 if parent is not None and parent.isValid() else len(self._texts) + 1

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What the step did; faint when it was taken back, bold where one is."""
        row = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            text = self._texts[row - 1] if row else _FIRST
            return text[:1].upper() + text[1:]
        if role == Qt.ItemDataRole.FontRole and row == self._done:
            font = QFont(QApplication.font())
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.ForegroundRole and row > self._done:
            return QApplication.palette().placeholderText()
        if role == Qt.ItemDataRole.ToolTipRole:
            return "You are here" if row == self._done else "Click to go to this state"
        return None


class HistoryPanel(QWidget):
    """A list to go back and forth in; `set_steps` may be told more than is looked at."""

    step_requested = Signal(int)
    """How many steps the person wants in force."""
    shown = Signal()
    """The list can be seen now, and wants to know the steps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = HistoryModel(self)
        self.list = QListView(self)
        self.list.setObjectName("historyList")
        self.list.setModel(self._model)
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setBackgroundRole(QPalette.ColorRole.Window)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.clicked.connect(self._on_row)
        self.list.activated.connect(self._on_row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)

    @property
    def texts(self) -> list[str]:
        """The rows as a person reads them."""
        return [str(self._model.index(row).data()) for row in range(self._model.rowCount())]

    @property
    def current(self) -> int:
        """The row that one is at."""
        return self._model.done

    def set_steps(self, done: Sequence[str], undone: Sequence[str]) -> None:
        """Show other steps; see `HistoryModel.set_steps`."""
        self._model.set_steps(done, undone)
        here = self._model.index(self._model.done)
        self.list.selectionModel().setCurrentIndex(
            here, QItemSelectionModel.SelectionFlag.ClearAndSelect
        )
        self.list.scrollTo(here)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the steps."""
        super().showEvent(event)
        self.shown.emit()

    def _on_row(self, index: QModelIndex) -> None:
        if index.row() != self._model.done:
            self.step_requested.emit(index.row())

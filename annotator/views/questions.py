"""Questions that do not stop the window: which object, and what about verified masks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QMenu, QMessageBox, QWidget

from annotator.model.objects import ObjectRecord
from annotator.views.panels.object_model import swatch


class ObjectChooser(QMenu):
    """A list of objects at the pointer: arrow keys and Enter, first digits, or a click."""

    chosen = Signal(int)
    """Id of the object that the person chose."""

    def __init__(self, title: str, records: Sequence[ObjectRecord], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("objectChooser")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        heading = self.addAction(title)
        heading.setEnabled(False)
        self.addSeparator()
        for place, record in enumerate(records, start=1):
            key = f"&{place}  " if place < 10 else ""
            name = record.name.replace("&", "&&")
            action = self.addAction(QIcon(swatch(record.colour, 14, 2.0)), f"{key}{name}")
            action.setData(record.object_id)
        self.triggered.connect(self._on_triggered)

    def _on_triggered(self, action: QAction) -> None:
        if action.data() is not None:
            self.chosen.emit(int(action.data()))

    def open_at(self, place: QPoint) -> None:
        """Show it with the first object ready for Enter."""
        self.popup(place)
        entries = [action for action in self.actions() if action.data() is not None]
        if entries:
            self.setActiveAction(entries[0])


class VerifiedQuestion(QMessageBox):
    """What to do with masks that somebody verified, before a change that concerns them."""

    decided = Signal(bool)
    """Whether verified masks are changed too; nothing is emitted when the person cancels."""

    def __init__(self, text: str, *, can_keep: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("verifiedQuestion")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("Verified masks")
        self.setText(text)
        self._keep = None
        if can_keep:
            self._keep = self.addButton("&Leave them", QMessageBox.ButtonRole.AcceptRole)
            self._keep.setObjectName("keepVerified")
        self._change = self.addButton("&Change them too", QMessageBox.ButtonRole.DestructiveRole)
        self._change.setObjectName("changeVerified")
        cancel = self.addButton(QMessageBox.StandardButton.Cancel)
        self.setDefaultButton(self._keep or cancel)
        self.setEscapeButton(cancel)
        self.buttonClicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        if self.clickedButton() is self._change:
            self.decided.emit(True)
        elif self._keep is not None and self.clickedButton() is self._keep:
            self.decided.emit(False)

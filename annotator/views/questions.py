"""Questions that do not stop the window: which object, and what about masks to keep."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QMenu, QMessageBox, QWidget

from annotator.model.objects import ObjectRecord
from annotator.views.panels.object_model import swatch


class ObjectChooser(QMenu):
    """A list of objects at the pointer: arrow keys and Enter, an object's own digit, or a click.

    Args:
        title: What is asked.
        records: Every object, in the order of the list of objects.
        parent: The window.
        leave_out: Id of the object that is no answer; the digits of the others stay theirs.
    """

    chosen = Signal(int)
    """Id of the object that the person chose."""

    def __init__(
        self,
        title: str,
        records: Sequence[ObjectRecord],
        parent: QWidget,
        *,
        leave_out: int | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("objectChooser")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        heading = self.addAction(title)
        heading.setEnabled(False)
        self.addSeparator()
        for place, record in enumerate(records, start=1):
            if record.object_id == leave_out:
                continue
            key = f"&{place % 10}  " if place <= 10 else ""
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


class _KeepQuestion(QMessageBox):
    """Whether a change may touch some masks; to leave them is what Enter does, if it can be."""

    decided = Signal(bool)
    """Whether these masks are changed too; nothing is emitted when the person cancels."""

    def __init__(
        self,
        text: str,
        *,
        title: str,
        names: tuple[str, str],
        labels: tuple[str, str],
        can_keep: bool,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle(title)
        self.setText(text)
        self._keep = None
        if can_keep:
            self._keep = self.addButton(labels[0], QMessageBox.ButtonRole.AcceptRole)
            self._keep.setObjectName(names[0])
        self._change = self.addButton(labels[1], QMessageBox.ButtonRole.DestructiveRole)
        self._change.setObjectName(names[1])
        cancel = self.addButton(QMessageBox.StandardButton.Cancel)
        self.setDefaultButton(self._keep or cancel)
        self.setEscapeButton(cancel)
        self.buttonClicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        if self.clickedButton() is self._change:
            self.decided.emit(True)
        elif self._keep is not None and self.clickedButton() is self._keep:
            self.decided.emit(False)


class VerifiedQuestion(_KeepQuestion):
    """What to do with masks that somebody verified, before a change that concerns them."""

    def __init__(self, text: str, *, can_keep: bool, parent: QWidget) -> None:
        super().__init__(
            text,
            title="Verified masks",
            names=("keepVerified", "changeVerified"),
            labels=("&Leave them", "&Change them too"),
            can_keep=can_keep,
            parent=parent,
        )
        self.setObjectName("verifiedQuestion")


class PersonMadeQuestion(_KeepQuestion):
    """What to do with masks that a person made, before a run through their frames."""

    def __init__(self, text: str, *, can_keep: bool, parent: QWidget) -> None:
        super().__init__(
            text,
            title="Masks that you made",
            names=("keepMade", "replaceMade"),
            labels=("&Keep them", "&Replace them"),
            can_keep=can_keep,
            parent=parent,
        )
        self.setObjectName("personMadeQuestion")

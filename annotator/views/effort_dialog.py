"""What the work on the open project cost: steps, corrections and time of each object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

_COLUMNS = ("Object", "Steps", "Corrections", "Time")


@dataclass(frozen=True)
class EffortRow:
    """One object.

    Attributes:
        name: of the object.
        steps: steps of a person that were about it.
        corrections: those that changed what the network had made.
        seconds: of work.
    """

    name: str
    steps: int
    corrections: int
    seconds: float


class EffortDialog(QDialog):
    """A table that a person can copy.

    Args:
        parent: the window.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Effort")
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(520, 360)
        self._text = ""
        self.total_label = QLabel("Reading the log …", self)
        self.total_label.setWordWrap(True)
        self.table = QTableWidget(0, len(_COLUMNS), self)
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.hint_label = QLabel(
            "Of a longer pause half a minute counts as work; a step about several objects counts "
            "for each in equal parts.",
            self,
        )
        self.hint_label.setWordWrap(True)
        self.hint_label.setProperty("faint", True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.copy_button = self.buttons.addButton(
            "Copy as text", QDialogButtonBox.ButtonRole.ActionRole
        )
        self.copy_button.clicked.connect(self._copy)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(self.total_label)
        layout.addWidget(self.table)
        layout.addWidget(self.hint_label)
        layout.addWidget(self.buttons)

    def show_effort(self, total: str, rows: Sequence[EffortRow]) -> None:
        """Show a sentence on the whole and a line for each object."""
        self.total_label.setText(total)
        self.table.setRowCount(len(rows))
        lines = [total, "\t".join(_COLUMNS)]
        for place, row in enumerate(rows):
            texts = (row.name, str(row.steps), str(row.corrections), clock(row.seconds))
            lines.append("\t".join(texts))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.table.setItem(place, column, item)
        self._text = "\n".join(lines)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)


def clock(seconds: float) -> str:
    """Time as minutes and seconds, with hours from one hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

"""Where to write DAVIS masks, and how."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)


class ExportDialog(QDialog):
    """Asks for a folder without stopping the window."""

    export_requested = Signal(object, bool)
    """Folder as `pathlib.Path`, and whether ids are renumbered to 1..N."""

    def __init__(self, folder: Path, notes: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export DAVIS masks")
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(560)
        intro = QLabel(
            "Writes one 8-bit palette PNG a frame (00000.png …), pixel value = object id, "
            "and reads them back before saying that it is done.",
            self,
        )
        intro.setWordWrap(True)
        self.folder_field = QLineEdit(str(folder), self)
        self.folder_field.setObjectName("exportFolder")
        browse = QPushButton("Choose…", self)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.folder_field, 1)
        row.addWidget(browse)
        self.renumber_box = QCheckBox("Renumber ids to 1 … N", self)
        self.renumber_box.setChecked(True)
        self.renumber_box.setToolTip(
            "DAVIS needs ids without a gap; the project itself keeps its ids"
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        export = buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        export.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(intro)
        layout.addLayout(row)
        layout.addWidget(self.renumber_box)
        for note in notes:
            label = QLabel(f"⚠ {note}", self)
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addWidget(buttons)

    def accept(self) -> None:
        """Report the choice and close."""
        self.export_requested.emit(
            Path(self.folder_field.text()).expanduser(), self.renumber_box.isChecked()
        )
        super().accept()

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Folder for the masks", self.folder_field.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder_field.setText)
        dialog.open()

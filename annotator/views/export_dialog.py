"""Where masks are exported to, in which format, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from annotator.exchange.formats.base import ExchangeFormat
from annotator.exchange.options import OPTIONS, ExportOptions, OptionSpec


@dataclass(frozen=True)
class ExportRequest:
    """What the person wants.

    Attributes:
        format_key: of the format.
        target: folder or file.
        options: choices.
    """

    format_key: str
    target: Path
    options: ExportOptions


class ExportDialog(QDialog):
    """Asks without stopping the window, then shows the progress until the export ends.

    Args:
        formats: to choose from.
        target_for: proposes a folder or file for a format.
        notes_for: what a reader of that format would stumble over.
        name: of the video, as the files will call it unless the person says otherwise.
        parent: the window.
    """

    export_requested = Signal(object)
    """`ExportRequest`."""
    stop_requested = Signal()
    """The person does not want to wait for the end."""

    def __init__(
        self,
        formats: Sequence[ExchangeFormat],
        target_for: Callable[[ExchangeFormat], Path],
        notes_for: Callable[[ExchangeFormat], list[str]],
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export masks")
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(600)
        self._formats = {each.key: each for each in formats}
        self._target_for = target_for
        self._notes_for = notes_for
        self._is_running = False
        self.format_box = QComboBox(self)
        self.format_box.setObjectName("exportFormat")
        for each in formats:
            self.format_box.addItem(each.title, each.key)
        self.summary_label = QLabel(self)
        self.summary_label.setWordWrap(True)
        self.summary_label.setProperty("faint", True)
        self.folder_field = QLineEdit(self)
        self.folder_field.setObjectName("exportFolder")
        self._browse_button = QPushButton("Choose…", self)
        self._browse_button.clicked.connect(self._browse)
        place = QHBoxLayout()
        place.addWidget(self.folder_field, 1)
        place.addWidget(self._browse_button)
        self._fields: dict[str, QCheckBox | QSpinBox] = {}
        self._rows = QFormLayout()
        self._rows.setHorizontalSpacing(16)
        self._rows.addRow("Format", self.format_box)
        self._rows.addRow("", self.summary_label)
        self._rows.addRow("To", place)
        self.name_field = QLineEdit(self)
        self.name_field.setObjectName("exportName")
        self.name_field.setPlaceholderText(name)
        self.name_field.setToolTip("What the video is called in the files")
        self._rows.addRow("Name of the video", self.name_field)
        for spec in OPTIONS.values():
            self._add_option(spec)
        self.notes_label = QLabel(self)
        self.notes_label.setWordWrap(True)
        self.notes_label.setObjectName("exportNotes")
        self.progress_bar = QProgressBar(self)
        self.progress_bar.setTextVisible(False)
        self.progress_label = QLabel(self)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._export_button = self.buttons.addButton(
            "Export", QDialogButtonBox.ButtonRole.AcceptRole
        )
        self._export_button.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(self._rows)
        layout.addWidget(self.notes_label)
        layout.addWidget(self.progress_bar)
        layout.addWidget(self.progress_label)
        layout.addWidget(self.buttons)
        self.progress_bar.hide()
        self.progress_label.hide()
        self.format_box.currentIndexChanged.connect(self._show_format)
        self._show_format()

    @property
    def chosen(self) -> ExchangeFormat:
        """Format that is chosen."""
        return self._formats[self.format_box.currentData()]

    @property
    def options(self) -> ExportOptions:
        """Choices as they stand."""
        values: dict[str, Any] = {
            name: field.isChecked() if isinstance(field, QCheckBox) else field.value()
            for name, field in self._fields.items()
            if name in self.chosen.options
        }
        name = self.name_field.text().strip() if self.chosen.reads else ""
        return replace(ExportOptions(), name=name, **values)

    def choose_format(self, key: str) -> None:
        """Choose a format by its key."""
        self.format_box.setCurrentIndex(self.format_box.findData(key))

    def accept(self) -> None:
        """Report the choice; the dialog stays and shows the progress."""
        if self._is_running or not self.folder_field.text().strip():
            return
        target = Path(self.folder_field.text().strip()).expanduser()
        self.export_requested.emit(ExportRequest(self.chosen.key, target, self.options))

    def reject(self) -> None:
        """Stop what runs, or close."""
        if self._is_running:
            self.stop_requested.emit()
        else:
            super().reject()

    def begin(self) -> None:
        """Show that the export runs."""
        self._is_running = True
        for widget in (
            self.format_box,
            self.folder_field,
            self.name_field,
            self._browse_button,
        ):
            widget.setEnabled(False)
        for field in self._fields.values():
            field.setEnabled(False)
        self._export_button.hide()
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setText("Stop")
        self.progress_bar.setRange(0, 0)
        self.progress_bar.show()
        self.progress_label.setText("Writing …")
        self.progress_label.show()

    @Slot(int, int)
    def show_progress(self, done: int, total: int) -> None:
        """Show how far it is."""
        self.progress_bar.setRange(0, total)
        self.progress_bar.setValue(done)
        self.progress_label.setText(f"Writing and reading back: {done} of {total}")

    def end(self) -> None:
        """Close after the export."""
        self._is_running = False
        self.close()

    def _add_option(self, spec: OptionSpec) -> None:
        default = getattr(ExportOptions(), spec.name)
        field: QCheckBox | QSpinBox
        if spec.lowest is None or spec.highest is None:
            field = QCheckBox(spec.text, self)
            field.setChecked(default)
            field.toggled.connect(self._follow_suffix)
            self._rows.addRow("", field)
        else:
            field = QSpinBox(self)
            field.setRange(spec.lowest, spec.highest)
            field.setValue(default)
            self._rows.addRow(spec.text, field)
        field.setObjectName(f"export_{spec.name}")
        field.setToolTip(spec.tip)
        self._fields[spec.name] = field

    @Slot()
    def _show_format(self) -> None:
        chosen = self.chosen
        ends = " An interrupted export goes on where it ended." if chosen.resumes else ""
        self.summary_label.setText(
            f"{chosen.summary[0].upper()}{chosen.summary[1:]}.{ends}\n{chosen.layout}"
        )
        self.folder_field.setText(str(self._target_for(chosen)))
        self._rows.setRowVisible(self.name_field, chosen.reads)
        for name, field in self._fields.items():
            self._rows.setRowVisible(field, name in chosen.options)
        notes = self._notes_for(chosen)
        self.notes_label.setText("\n".join(f"⚠ {note}" for note in notes))
        self.notes_label.setVisible(bool(notes))
        self.adjustSize()

    @Slot()
    def _follow_suffix(self) -> None:
        """A choice may need another kind of file."""
        chosen, path = self.chosen, Path(self.folder_field.text())
        suffix = chosen.suffix_for(self.options)
        if chosen.target == "file" and path.suffix and path.suffix != suffix:
            self.folder_field.setText(str(path.with_suffix(suffix)))

    @Slot()
    def _browse(self) -> None:
        chosen = self.chosen
        dialog = QFileDialog(self, "Export to", self.folder_field.text())
        if chosen.target == "folder":
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix(chosen.suffix.removeprefix("."))
            dialog.setNameFilter(f"{chosen.title} (*{chosen.suffix})")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder_field.setText)
        dialog.open()

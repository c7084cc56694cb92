"""What is in files that masks are imported from, and which mends are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from annotator.exchange.choices import ImportChoices
from annotator.exchange.findings import Finding
from annotator.exchange.inspection import ImportReport
from annotator.views.import_objects import ImportObjects
from annotator.views.screen_room import resize_within_screen

_WIDTH, _HEIGHT = 760, 620


class ImportDialog(QDialog):
    """Shows what was found and offers mends; nothing changes before the person says Import.

    Args:
        formats: keys and titles of what can be imported.
        parent: the window.
    """

    path_chosen = Signal(object)
    """`pathlib.Path` to look at."""
    import_requested = Signal(object)
    """`ImportChoices`."""
    closed = Signal()
    """The person is done with it; what still runs should stop."""

    def __init__(self, formats: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import masks")
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._report: ImportReport | None = None
        self._boxes: dict[str, QCheckBox] = {}
        self.path_field = QLineEdit(self)
        self.path_field.setObjectName("importPath")
        self.path_field.setPlaceholderText("File or folder with masks")
        self.path_field.textChanged.connect(self._forget_videos)
        self.path_field.returnPressed.connect(self._look)
        file_button = QPushButton("File…", self)
        folder_button = QPushButton("Folder…", self)
        for button in (file_button, folder_button):
            button.setAutoDefault(False)
        file_button.clicked.connect(self._browse_file)
        folder_button.clicked.connect(self._browse_folder)
        place = QHBoxLayout()
        place.addWidget(self.path_field, 1)
        place.addWidget(file_button)
        place.addWidget(folder_button)
        self.format_box = QComboBox(self)
        self.format_box.setObjectName("importFormat")
        self.format_box.addItem("Recognise the format", "")
        for key, title in formats:
            self.format_box.addItem(title, key)
        self.video_box = QComboBox(self)
        self.video_box.setObjectName("importVideo")
        self.video_box.setToolTip("Which of the videos in the files")
        self.format_box.activated.connect(self._look)
        self.video_box.activated.connect(self._look)
        kind = QHBoxLayout()
        kind.addWidget(self.format_box, 1)
        kind.addWidget(self.video_box, 1)
        titles = ", ".join(title for _, title in formats)
        self.facts_label = QLabel(f"Reads {titles}.", self)
        self.facts_label.setWordWrap(True)
        self.objects = ImportObjects(self)
        self.objects.changed.connect(self._refresh)
        self._findings = QWidget(self)
        self._findings_layout = QVBoxLayout(self._findings)
        self._findings_layout.setContentsMargins(0, 0, 8, 0)
        self._area = QScrollArea(self)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidget(self._findings)
        self.progress_bar = QProgressBar(self)
        self.progress_bar.setTextVisible(False)
        self.state_label = QLabel(self)
        self.state_label.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.import_button = self.buttons.addButton(
            "Import", QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.import_button.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(place)
        layout.addLayout(kind)
        layout.addWidget(self.facts_label)
        layout.addWidget(self.objects, 2)
        layout.addWidget(self._area, 3)
        layout.addWidget(self.progress_bar)
        layout.addWidget(self.state_label)
        layout.addWidget(self.buttons)
        self.objects.hide()
        self._area.hide()
        self.video_box.hide()
        self.progress_bar.hide()
        self._refresh()
        self.resize(_WIDTH, self.sizeHint().height())

    @property
    def format_key(self) -> str:
        """Format that the person says it is; empty when it should be recognised."""
        return str(self.format_box.currentData())

    @property
    def video(self) -> str:
        """Which of several videos in the files; empty when the person did not say."""
        return self.video_box.currentText()

    @property
    def choices(self) -> ImportChoices:
        """What is decided as the dialog stands."""
        return ImportChoices(self.accepted_mends, self.objects.way, self.objects.targets)

    @property
    def accepted_mends(self) -> frozenset[str]:
        """Keys of the mends that are ticked."""
        return frozenset(key for key, box in self._boxes.items() if box.isChecked())

    def mend_box(self, key: str) -> QCheckBox:
        """Check box of a mend; KeyError when it is not offered."""
        return self._boxes[key]

    def look_at(self, path: Path) -> None:
        """Have a path looked at, as if it had been chosen."""
        self.path_field.setText(str(path))
        self._forget_videos()
        self._look()

    def ask_video(self, names: Sequence[str]) -> None:
        """Offer the videos that are in the files; choosing one looks again."""
        self.show_fault(f"There are {len(names)} videos in the files; choose one of them.")
        self.video_box.clear()
        self.video_box.addItem("")
        self.video_box.addItems(list(names))
        self.video_box.setPlaceholderText("Which video?")
        self.video_box.show()

    def begin(self, text: str) -> None:
        """Show that something runs."""
        self.progress_bar.setRange(0, 0)
        self.progress_bar.show()
        self.state_label.setText(text)
        self.import_button.setEnabled(False)

    @Slot(int, int)
    def show_progress(self, done: int, total: int) -> None:
        """Show how far it is."""
        self.progress_bar.setRange(0, total)
        self.progress_bar.setValue(done)

    def show_fault(self, text: str) -> None:
        """Say why nothing can be imported from there."""
        self._report = None
        self._clear()
        self.progress_bar.hide()
        self.objects.hide()
        self.facts_label.setText("")
        self._refresh()
        self.state_label.setText(f"⚠ {text}")

    def show_refusal(self, text: str) -> None:
        """Say why it cannot be imported so; another choice may work."""
        self.progress_bar.hide()
        self._refresh()
        self.state_label.setText(f"⚠ {text}")

    def show_report(self, report: ImportReport, title: str) -> None:
        """Show what was found, with the recommended mends ticked.

        Args:
            report: of the inspection.
            title: of the format.
        """
        self._report = report
        self._clear()
        self._area.show()
        if self.height() < _HEIGHT:
            resize_within_screen(self, QSize(self.width(), _HEIGHT))
        self.progress_bar.hide()
        sizes = ", ".join(f"{width} x {height}" for height, width in report.sizes)
        numbers = sorted(report.found.masks)
        span = f"frame {numbers[0]}" if len(numbers) == 1 else f"frames {numbers[0]}-{numbers[-1]}"
        noun = "mask" if len(numbers) == 1 else "masks"
        self.facts_label.setText(
            f"<b>{title}</b>: {len(numbers)} {noun} of {sizes} pixels, {span}, "
            f"{len(report.pixels)} objects"
        )
        self.objects.show_report(report)
        self.objects.setVisible(bool(report.pixels))
        for finding in report.findings:
            self._add_finding(finding)
        if not report.findings:
            self._findings_layout.addWidget(QLabel("Nothing is wrong with them.", self))
        self._findings_layout.addStretch(1)
        self._refresh()

    def accept(self) -> None:
        """Report what is decided; the dialog stays until the import is done."""
        if self.import_button.isEnabled():
            self.import_requested.emit(self.choices)

    def reject(self) -> None:
        """Close without a change."""
        self.closed.emit()
        super().reject()

    def _add_finding(self, finding: Finding) -> None:
        text = f"{finding.text[0].upper()}{finding.text[1:]}"
        label = QLabel(f"{'⚠' if finding.is_fault else '·'} {text}", self)
        label.setWordWrap(True)
        self._findings_layout.addWidget(label)
        for mend in finding.mends:
            box = QCheckBox(f"{mend.text[0].upper()}{mend.text[1:]}", self)
            box.setObjectName(f"mend_{mend.key}")
            box.setChecked(mend.is_recommended)
            box.setStyleSheet("margin-left: 18px")
            box.toggled.connect(self._refresh)
            self._boxes[mend.key] = box
            self._findings_layout.addWidget(box)

    @Slot()
    def _refresh(self) -> None:
        unmended = [] if self._report is None else self._report.unmended(self.choices.accepted)
        self.import_button.setEnabled(self._report is not None and not unmended)
        if self._report is None:
            self.state_label.setText("")
        elif unmended:
            self.state_label.setText(f"⚠ Accept a mend first: {unmended[0].text}")
        else:
            self.state_label.setText(
                f"Objects: {self.objects.summary or 'none'}. Nothing is changed yet; the import is "
                "one undo step."
            )

    def _clear(self) -> None:
        self._boxes.clear()
        while (item := self._findings_layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    @Slot()
    def _forget_videos(self) -> None:
        self.video_box.clear()
        self.video_box.hide()

    @Slot()
    def _look(self) -> None:
        text = self.path_field.text().strip()
        if text:
            self.path_chosen.emit(Path(text).expanduser())

    @Slot()
    def _browse_file(self) -> None:
        self._browse(QFileDialog.FileMode.ExistingFile)

    @Slot()
    def _browse_folder(self) -> None:
        self._browse(QFileDialog.FileMode.Directory)

    def _browse(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, "Import masks from", self.path_field.text())
        dialog.setFileMode(mode)
        if mode is QFileDialog.FileMode.ExistingFile:
            dialog.setNameFilter("Masks (*.png *.json *.xml *.zip);;All files (*)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._take_file)
        dialog.open()

    @Slot(str)
    def _take_file(self, path: str) -> None:
        self.look_at(Path(path))

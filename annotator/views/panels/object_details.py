"""Category and opacity of the chosen object, under the list."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker, QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QGridLayout, QLabel, QLineEdit, QWidget

from annotator.model.objects import ObjectRecord
from annotator.views.actions import ActionTable
from annotator.views.panels.own_keys import KeySlider


class ObjectDetails(QWidget):
    """Shows one record; what a person changes is reported, never stored here."""

    category_changed = Signal(int, str)
    """object id, category."""
    opacity_changed = Signal(int, float)
    """object id, factor on the opacity of the masks in [0, 1]."""

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._object_id: int | None = None
        self.category = QLineEdit(self)
        self.category.setObjectName("objectCategory")
        self.category.setPlaceholderText("class, such as person")
        actions.follow(
            self.category.setToolTip, "Class of the chosen object, for exports ([object.category])"
        )
        self.category.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.category.setCompleter(completer)
        self.category.editingFinished.connect(self._on_category)
        self.category.returnPressed.connect(self.category.clearFocus)
        self.opacity = KeySlider(Qt.Orientation.Horizontal, self)
        self.opacity.setObjectName("objectOpacity")
        self.opacity.setRange(0, 100)
        self.opacity.setPageStep(10)
        self.opacity.setTracking(False)  # one undo step a drag
        self.opacity.setToolTip("Opacity of the chosen object's mask")
        self.opacity.valueChanged.connect(self._on_opacity)
        layout = QGridLayout(self)
        layout.setContentsMargins(10, 6, 10, 2)
        layout.setVerticalSpacing(4)
        for row, (text, widget) in enumerate(
            (("Category", self.category), ("Opacity", self.opacity))
        ):
            label = QLabel(text, self)
            label.setProperty("faint", True)
            layout.addWidget(label, row, 0)
            layout.addWidget(widget, row, 1)
        layout.setColumnStretch(1, 1)
        self.show_record(None, ())

    def show_record(self, record: ObjectRecord | None, categories: Iterable[str]) -> None:
        """Show an object.

        Args:
            record: The chosen object, ``None`` for none.
            categories: Classes in use, offered while typing.
        """
        self._object_id = record.object_id if record is not None else None
        self._known.setStringList(sorted({name for name in categories if name}))
        for widget in (self.category, self.opacity):
            widget.setEnabled(record is not None)
        with QSignalBlocker(self.category), QSignalBlocker(self.opacity):
            text = record.category if record is not None else ""
            if not self.category.hasFocus() or self.category.text() != text:
                self.category.setText(text)
            self.opacity.setValue(round(100 * record.opacity) if record is not None else 100)

    def edit_category(self) -> None:
        """Put the cursor into the category."""
        if self._object_id is not None:
            self.category.setFocus()
            self.category.selectAll()

    def _on_category(self) -> None:
        if self._object_id is not None:
            self.category_changed.emit(self._object_id, self.category.text().strip())

    def _on_opacity(self, percent: int) -> None:
        if self._object_id is not None:
            self.opacity_changed.emit(self._object_id, percent / 100)

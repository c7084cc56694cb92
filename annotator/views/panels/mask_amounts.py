"""How far masks grow, shrink and are smoothed, and which islands are small."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QWidget

MAX_AMOUNT = 200
MAX_ISLAND = 1_000_000


class MaskAmounts(QWidget):
    """Two fields: pixels for grow, shrink and smooth; the size of an island."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.amount_field = self._field(1, MAX_AMOUNT, 3, 64, " px")
        self.amount_field.setToolTip("How far grow, shrink and smooth go, in frame pixels")
        self.amount_field.setAccessibleName("Amount of grow, shrink and smooth")
        self.island_field = self._field(1, MAX_ISLAND, 200, 88, " px")
        self.island_field.setToolTip("Parts of fewer pixels are islands")
        self.island_field.setAccessibleName("Size of islands")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.setSpacing(8)
        layout.addWidget(QLabel("Mask", self))
        layout.addWidget(self.amount_field)
        layout.addWidget(QLabel("Islands under", self))
        layout.addWidget(self.island_field)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def _field(self, least: int, most: int, value: int, width: int, suffix: str) -> QSpinBox:
        field = QSpinBox(self)
        field.setRange(least, most)
        field.setValue(value)
        field.setSuffix(suffix)
        field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        field.setKeyboardTracking(False)
        field.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        field.setFixedSize(width, 26)
        field.lineEdit().returnPressed.connect(field.clearFocus)
        return field

    @property
    def amount(self) -> int:
        """Pixels for grow, shrink and smooth."""
        return self.amount_field.value()

    @property
    def least_island(self) -> int:
        """Parts of fewer pixels are islands."""
        return self.island_field.value()

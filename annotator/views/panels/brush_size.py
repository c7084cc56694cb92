"""Size of the brush: a slider that is fine for small brushes, and a field."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QSpinBox, QWidget

from annotator.views.actions import ActionTable

MIN_DIAMETER, MAX_DIAMETER = 1, 1000
_STEPS = 200


def stepped_diameter(diameter: int, steps: int) -> int:
    """Return the diameter after some steps of about 15 %, at least one pixel each.

    Args:
        diameter: In frame pixels.
        steps: Positive for larger.
    """
    for _ in range(abs(steps)):
        change = max(1, round(diameter * 0.15))
        diameter += change if steps > 0 else -change
    return min(max(diameter, MIN_DIAMETER), MAX_DIAMETER)


class BrushSize(QWidget):
    """Diameter of the brush in frame pixels."""

    diameter_changed = Signal(int)

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setRange(0, _STEPS)
        self._slider.setFixedWidth(130)
        self._slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._slider.setAccessibleName("Brush size")
        self.field = QSpinBox(self)
        self.field.setRange(MIN_DIAMETER, MAX_DIAMETER)
        self.field.setSuffix(" px")
        self.field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.field.setKeyboardTracking(False)
        self.field.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.field.setFixedSize(72, 26)
        self.field.lineEdit().returnPressed.connect(self.field.clearFocus)
        for widget in (self._slider, self.field):
            actions.follow(
                widget.setToolTip,
                "Brush size in frame pixels ([tool.smaller] and [tool.larger], or Alt+wheel)",
            )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.setSpacing(8)
        layout.addWidget(QLabel("Brush", self))
        layout.addWidget(self._slider)
        layout.addWidget(self.field)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._slider.valueChanged.connect(self._on_slider)
        self.field.valueChanged.connect(self._on_field)
        self._quiet = False
        self.set_diameter(24)

    @property
    def diameter(self) -> int:
        """Diameter in frame pixels."""
        return self.field.value()

    def set_diameter(self, diameter: int) -> None:
        """Set it, and report a change."""
        self.field.setValue(diameter)
        self._show_on_slider(self.field.value())

    def step(self, steps: int) -> None:
        """Make it larger (or smaller, when negative) by some steps."""
        self.set_diameter(stepped_diameter(self.diameter, steps))

    def _show_on_slider(self, diameter: int) -> None:
        self._quiet = True
        self._slider.setValue(round(_STEPS * math.log(diameter) / math.log(MAX_DIAMETER)))
        self._quiet = False

    def _on_slider(self, position: int) -> None:
        if not self._quiet:
            self._quiet = True
            self.field.setValue(round(MAX_DIAMETER ** (position / _STEPS)))
            self._quiet = False

    def _on_field(self, diameter: int) -> None:
        if not self._quiet:
            self._show_on_slider(diameter)
        self.diameter_changed.emit(diameter)

"""Which layers lie over the frame, how opaque they are, and what their colours mean."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QLinearGradient, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from annotator.views.actions import ActionTable
from annotator.views.colour_tables import reliability_colour
from annotator.views.panels.own_keys import KeyCheckBox, KeySlider


@dataclass(frozen=True)
class OverlayState:
    """Which layers show, and how. Opacities lie in [0, 1]."""

    masks: bool = True
    contours: bool = True
    reliability: bool = False
    clusters: bool = False
    masks_opacity: float = 0.45
    reliability_opacity: float = 0.7
    clusters_opacity: float = 0.65


class _Legend(QWidget):
    """Colours of the reliability map from doubt to trust."""

    def sizeHint(self) -> QSize:
        return QSize(180, 34)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        bar = QRectF(0, 2, self.width(), 10)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for step in range(11):
            gradient.setColorAt(step / 10, QColor(*reliability_colour(step / 10)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 4, 4)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        text = QRectF(0, 14, self.width(), 18)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft, "doubt")
        painter.drawText(text, Qt.AlignmentFlag.AlignRight, "trust")


class OverlayPanel(QWidget):
    """A switch and an opacity for each layer; the switches are the actions of the View menu."""

    state_changed = Signal(object)
    """`OverlayState` after a switch or a slider moved."""

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = {
            "masks": actions["view.masks"],
            "contours": actions["view.contours"],
            "reliability": actions["view.reliability"],
            "clusters": actions["view.clusters"],
        }
        self._sliders: dict[str, KeySlider] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        titles = {
            "masks": "Masks",
            "contours": "Contours",
            "reliability": "Reliability",
            "clusters": "Proxy clusters",
        }
        for row, (name, title) in enumerate(titles.items()):
            action = self._actions[name]
            box = KeyCheckBox(title, self)
            box.setToolTip(action.toolTip())
            box.toggled.connect(action.setChecked)
            action.toggled.connect(box.setChecked)
            action.toggled.connect(self._emit)
            grid.addWidget(box, row, 0)
            if name != "contours":
                slider = KeySlider(Qt.Orientation.Horizontal, self)
                slider.setRange(5, 100)
                slider.setToolTip(f"Opacity of {title.lower()}")
                slider.setAccessibleName(f"{title} opacity")
                slider.valueChanged.connect(self._emit)
                self._sliders[name] = slider
                grid.addWidget(slider, row, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(10)
        layout.addLayout(grid)
        title_label = QLabel("Reliability", self)
        title_label.setProperty("faint", True)
        layout.addWidget(title_label)
        layout.addWidget(_Legend(self))
        layout.addStretch()
        self._quiet = False
        self.set_state(OverlayState())

    @property
    def state(self) -> OverlayState:
        """What the switches and sliders say."""
        return OverlayState(
            masks=self._checked("masks"),
            contours=self._checked("contours"),
            reliability=self._checked("reliability"),
            clusters=self._checked("clusters"),
            masks_opacity=self._sliders["masks"].value() / 100,
            reliability_opacity=self._sliders["reliability"].value() / 100,
            clusters_opacity=self._sliders["clusters"].value() / 100,
        )

    def set_state(self, state: OverlayState) -> None:
        """Set every switch and slider; reported once."""
        self._quiet = True
        for name, action in self._actions.items():
            action.setChecked(getattr(state, name))
        for name, slider in self._sliders.items():
            slider.setValue(round(getattr(state, f"{name}_opacity") * 100))
        self._quiet = False
        self._emit()

    def _checked(self, name: str) -> bool:
        action: QAction = self._actions[name]
        return action.isChecked()

    def _emit(self) -> None:
        if not self._quiet:
            self.state_changed.emit(self.state)

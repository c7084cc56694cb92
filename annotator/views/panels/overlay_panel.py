"""Which layers lie over the frame, how opaque they are, and what their colours mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from annotator.views.actions import ActionTable
from annotator.views.panels.overlay_legend import ROW_HEIGHT, OverlayLegend
from annotator.views.panels.own_keys import KeyCheckBox, KeySlider

ALPHA_RANGE = (0.05, 1.5)
"""Least and largest threshold of the reliability filter, in nats."""

LEGEND_ROWS = 2
"""Overlays that are explained at once; those beyond are scrolled to."""

_TITLES = {
    "masks": "Masks",
    "contours": "Contours",
    "reliability": "Reliability",
    "filter": "Filter at alpha",
    "clusters": "Proxy clusters",
    "references": "References",
    "probability": "Probability",
    "embedding": "Embedding",
    "difference": "Difference",
    "flicker": "Flicker",
}


@dataclass(frozen=True)
class OverlayState:
    """Which layers show, and how. Opacities lie in [0, 1].

    Attributes:
        hidden: Whether nothing shows, whatever the switches say.
        filter_alpha: Entropy in nats above which the reliability filter drops a pixel.
    """

    masks: bool = True
    contours: bool = True
    reliability: bool = False
    filter: bool = False
    clusters: bool = False
    references: bool = False
    probability: bool = False
    embedding: bool = False
    difference: bool = False
    flicker: bool = False
    masks_opacity: float = 0.45
    contours_opacity: float = 1.0
    reliability_opacity: float = 0.7
    clusters_opacity: float = 0.65
    references_opacity: float = 0.6
    probability_opacity: float = 0.75
    embedding_opacity: float = 0.9
    difference_opacity: float = 0.8
    flicker_opacity: float = 0.85
    filter_alpha: float = 0.35
    hidden: bool = False

    def shows(self, name: str) -> bool:
        """Whether a layer is switched on and nothing is hidden."""
        return not self.hidden and bool(getattr(self, name))


class OverlayPanel(QWidget):
    """A switch and an opacity for each layer; the switches are the actions of the View menu."""

    state_changed = Signal(object)
    """`OverlayState` after a switch or a slider moved."""

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = actions
        self._actions = {name: actions[f"view.{name}"] for name in (*_TITLES, "hidden")}
        self._actions["hidden"].toggled.connect(self._emit)
        self._sliders: dict[str, KeySlider] = {}
        content = QWidget(self)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addLayout(self._make_grid(content))
        layout.addStretch()
        self.legend = OverlayLegend(self)
        self._legend_view = _scrolled(self.legend, self)
        self._legend_view.setObjectName("overlayLegend")
        self._legend_view.setViewportMargins(12, 4, 12, 4)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(_scrolled(content, self), 1)
        outer.addWidget(self._legend_view)  # in view however low the panel is
        self._quiet = False
        self.set_state(OverlayState())

    def _make_grid(self, parent: QWidget) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (name, title) in enumerate(_TITLES.items()):
            action = self._actions[name]
            box = KeyCheckBox(title, parent)
            box.setObjectName(f"overlay.{name}")
            self._table.follow_tip(box.setToolTip, action.objectName())
            box.toggled.connect(action.setChecked)
            action.toggled.connect(box.setChecked)
            action.toggled.connect(self._emit)
            grid.addWidget(box, row, 0)
            slider = KeySlider(Qt.Orientation.Horizontal, parent)
            slider.setObjectName(f"opacity.{name}")
            slider.setMinimumWidth(60)
            if name == "filter":
                slider.setRange(round(100 * ALPHA_RANGE[0]), round(100 * ALPHA_RANGE[1]))
                words = "Entropy in nats above which a pixel is dropped (alpha)"
            else:
                slider.setRange(5, 100)
                words = f"Opacity of {title.lower()}"
            slider.setToolTip(words)
            slider.setAccessibleName(words)
            slider.valueChanged.connect(self._emit)
            self._sliders[name] = slider
            grid.addWidget(slider, row, 1)
        return grid

    @property
    def state(self) -> OverlayState:
        """What the switches and sliders say."""
        values: dict[str, Any] = {
            name: action.isChecked() for name, action in self._actions.items()
        }
        for name, slider in self._sliders.items():
            setting = "filter_alpha" if name == "filter" else f"{name}_opacity"
            values[setting] = slider.value() / 100
        return OverlayState(**values)

    def set_state(self, state: OverlayState) -> None:
        """Set every switch and slider; reported once."""
        self._quiet = True
        for name, action in self._actions.items():
            action.setChecked(getattr(state, name))
        for name, slider in self._sliders.items():
            value = state.filter_alpha if name == "filter" else getattr(state, f"{name}_opacity")
            slider.setValue(round(value * 100))
        self._quiet = False
        self._emit()

    def _emit(self) -> None:
        if self._quiet:
            return
        state = self.state
        self.legend.set_names([name for name in _TITLES if state.shows(name)])
        rows = min(self.legend.height(), LEGEND_ROWS * ROW_HEIGHT)
        self._legend_view.setVisible(rows > 0)
        self._legend_view.setFixedHeight(rows + 8)
        self.state_changed.emit(state)


def _scrolled(content: QWidget, parent: QWidget) -> QScrollArea:
    """The content as wide as there is room, scrolled where it is too high."""
    scroll = QScrollArea(parent)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(content)
    return scroll

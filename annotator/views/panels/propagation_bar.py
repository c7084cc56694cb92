"""Starting, pausing and watching a propagation."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from annotator.views.actions import ActionTable
from annotator.views.elided_label import ElidedLabel


@dataclass(frozen=True)
class RunStatus:
    """What the bar tells about a run.

    Attributes:
        running: Whether a run is open (a paused one too).
        paused: Whether it waits.
        done: Frames finished.
        total: Frames of the whole run; one that is predicted from both sides counts twice.
        frames_per_second: Speed, ``None`` before the second frame.
        waiting: Runs that wait for this one.
        forecast: What a run would need, shown while none is open.
    """

    running: bool = False
    paused: bool = False
    done: int = 0
    total: int = 0
    frames_per_second: float | None = None
    waiting: int = 0
    forecast: str = ""

    @property
    def text(self) -> str:
        """``42 of 131 · 3.1 frames/s · 0:29 left``."""
        if not self.running:
            return self.forecast
        parts = [f"{self.done} of {self.total}"]
        if self.paused:
            parts.append("paused")
        elif self.frames_per_second:
            parts.append(f"{self.frames_per_second:.1f} frames/s")
            seconds = round((self.total - self.done) / self.frames_per_second)
            parts.append(f"{seconds // 60}:{seconds % 60:02d} left")
        if self.waiting:
            parts.append(f"{self.waiting} waiting")
        return " · ".join(parts)


class _Chip(ElidedLabel):
    clicked = Signal()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()


class PropagationBar(QFrame):
    """Direction buttons, pause and stop, progress in words and as a bar, model and device."""

    model_clicked = Signal()

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("propagationBar")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        label = QLabel("Propagate", self)
        label.setProperty("faint", True)
        layout.addWidget(label)
        layout.addSpacing(4)
        for name, text in (
            ("propagate.backward", "Back"),
            ("propagate.both", "Both"),
            ("propagate.forward", "Forward"),
        ):
            layout.addWidget(self._button(actions, name, text))
        layout.addSpacing(6)
        for name in ("propagate.pause", "propagate.stop"):
            layout.addWidget(self._button(actions, name, None))
        self.follow_button = self._button(actions, "propagate.follow", None)
        layout.addWidget(self.follow_button)
        layout.addSpacing(10)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setMinimumWidth(50)
        self.progress.setMaximumWidth(240)
        layout.addWidget(self.progress, 1)
        layout.addSpacing(8)
        self.status_label = ElidedLabel(self)
        self.status_label.setObjectName("runStatus")
        layout.addWidget(self.status_label)
        layout.addStretch(1)
        layout.addSpacing(12)
        self.model_label = _Chip(self)
        self.model_label.setObjectName("modelLabel")
        self.model_label.setProperty("faint", True)
        self.model_label.clicked.connect(self.model_clicked)
        layout.addWidget(self.model_label)
        self.set_status(RunStatus())
        self.set_model("loading the network …")

    def _button(self, actions: ActionTable, name: str, text: str | None) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(actions[name])
        button.setIconSize(QSize(18, 18))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if text is not None:
            action = actions[name]
            action.setIconText(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return button

    def set_status(self, status: RunStatus) -> None:
        """Show how far a run is."""
        self.progress.setRange(0, max(status.total, 1))
        self.progress.setValue(status.done)
        self.progress.setVisible(status.running)
        self.follow_button.setVisible(status.running)
        self.status_label.setText(status.text)

    def set_model(self, text: str, *, tip: str = "") -> None:
        """Show which network runs on which device, or why none does."""
        self.model_label.setText(text)
        self.model_label.setToolTip(
            tip or "Network, device and number format in use; click to choose others"
        )

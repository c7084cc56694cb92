"""The bar of the review mode: how much is checked, how much is left, what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from annotator.views.actions import ActionTable
from annotator.views.elided_label import ElidedLabel


@dataclass(frozen=True)
class ReviewStatus:
    """What the bar tells.

    Attributes:
        checked: Frames with masks of which a person made or verified every one.
        total: Frames with masks.
        places_left: Doubtful places that nobody has looked at.
        next_frame: The most doubtful of these, ``None`` when none is left.
        next_reliability: Its lowest reliability in [0, 1].
    """

    checked: int = 0
    total: int = 0
    places_left: int = 0
    next_frame: int | None = None
    next_reliability: float = 1.0

    @property
    def text(self) -> str:
        """``23 of 60 frames checked · 8 places left · next: 34, reliability 0.41``."""
        parts = [f"{self.checked} of {self.total} frames checked"]
        if self.next_frame is None:
            parts.append("no doubtful place is left")
        else:
            plural = "" if self.places_left == 1 else "s"
            parts.append(f"{self.places_left} place{plural} left")
            parts.append(f"next: frame {self.next_frame}, reliability {self.next_reliability:.2f}")
        return " · ".join(parts)


class ReviewBar(QFrame):
    """Progress in words and as a bar, and the buttons of the review."""

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reviewBar")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 12, 2)
        layout.setSpacing(6)
        title = QLabel("Review", self)
        title.setProperty("faint", True)
        layout.addWidget(title)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(140)
        layout.addWidget(self.progress)
        self.status_label = ElidedLabel(self)
        self.status_label.setObjectName("reviewStatus")
        layout.addWidget(self.status_label, 1)
        for name, text in (
            ("review.verify", "Right, next"),
            ("review.next_doubtful", "Skip"),
            ("review.suggest", "Suggest"),
        ):
            button = QToolButton(self)
            button.setObjectName(name)
            button.setText(text)
            button.setIcon(actions[name].icon())
            actions.follow_tip(button.setToolTip, name)
            button.clicked.connect(actions[name].trigger)
            button.setIconSize(QSize(18, 18))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            layout.addWidget(button)
        close = QToolButton(self)
        close.setText("End")
        close.setToolTip("End the review")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(lambda: actions["review.mode"].setChecked(False))
        layout.addWidget(close)
        self.setVisible(False)

    def set_status(self, status: ReviewStatus) -> None:
        """Show how much is left."""
        self.progress.setRange(0, max(status.total, 1))
        self.progress.setValue(status.checked)
        self.status_label.setText(status.text)

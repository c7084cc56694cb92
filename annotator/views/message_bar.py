"""A strip over the canvas that tells what went wrong, without stopping the work."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from annotator.views.icons import icon


class Severity(StrEnum):
    """How much a message matters."""

    INFO = "info"
    WAIT = "wait"
    WARNING = "warning"
    ERROR = "error"


_LOOK = {
    Severity.INFO: ("mdi6.information-outline", "#2f81f7", 6000),
    Severity.WAIT: ("mdi6.timer-sand", "#2f81f7", 0),
    Severity.WARNING: ("mdi6.alert-outline", "#d29922", 0),
    Severity.ERROR: ("mdi6.alert-octagon-outline", "#f0524d", 0),
}

_MARGIN = 10
_WIDEST = 860


class MessageBar(QFrame):
    """One message at a time; information leaves by itself, faults stay until dismissed."""

    action_triggered = Signal()
    """The person pressed the button that the message offers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self._severity = Severity.INFO
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._button = QPushButton(self)
        self._button.clicked.connect(self.action_triggered)
        close = QToolButton(self)
        close.setText("\N{MULTIPLICATION SIGN}")
        close.setToolTip("Dismiss")
        close.clicked.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.setSpacing(10)
        for widget in (self._icon, self._text, self._button, close):
            layout.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self.hide()

    @property
    def text(self) -> str:
        """The message shown, empty when there is none."""
        return self._text.text() if not self.isHidden() else ""

    @property
    def action(self) -> str:
        """Text of the button that was offered last, empty when there was none."""
        return self._button.text()

    @property
    def severity(self) -> Severity:
        """How much the message shown matters."""
        return self._severity

    def show_message(
        self, text: str, severity: Severity = Severity.INFO, *, action: str | None = None
    ) -> None:
        """Show a message in place of the one before.

        Args:
            text: One or two sentences for a person.
            severity: Colour, icon, and whether it leaves by itself.
            action: Text of a button to offer, or ``None``.
        """
        name, colour, lifetime_ms = _LOOK[severity]
        self._severity = severity
        self._icon.setPixmap(icon(name, accent=QColor(colour)).pixmap(20, 20))
        self._text.setText(text)
        self._button.setVisible(action is not None)
        self._button.setText(action or "")
        self.setStyleSheet(
            f"#messageBar {{ border: 1px solid {colour}; border-left: 4px solid {colour}; "
            "border-radius: 6px; background: palette(window); }"
        )
        self.show()
        self.raise_()
        below = self.parentWidget()
        self.place(below.width() if below is not None else self.width())
        self._timer.stop()
        if lifetime_ms:
            self._timer.start(lifetime_ms if action is None else 3 * lifetime_ms)

    def place(self, room: int) -> None:
        """Lie at the upper edge of the widget below.

        Args:
            room: Width of that widget.
        """
        width = min(room - 2 * _MARGIN, _WIDEST)
        height = max(self.heightForWidth(width), self.sizeHint().height())
        self.setGeometry((room - width) // 2, _MARGIN, width, height)

    def dismiss(self) -> None:
        """Take the message away."""
        self._timer.stop()
        self._text.clear()
        self.hide()

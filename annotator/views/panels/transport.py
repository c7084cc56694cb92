"""Play, step and the frame number."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QToolButton, QWidget

from annotator.views.actions import ActionTable

_BUTTONS = ("frame.first", "frame.previous", "frame.play", "frame.next", "frame.last")


class FrameField(QSpinBox):
    """A field for a number that Esc leaves as it was."""

    given_up = Signal()

    def event(self, event: QEvent) -> bool:
        """Take Esc before the shortcut of the window does."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Report Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class TransportBar(QWidget):
    """Buttons of the frame menu and a field to type a frame into."""

    frame_requested = Signal(int)

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        for name in _BUTTONS:
            button = QToolButton(self)
            button.setDefaultAction(actions[name])
            button.setIconSize(QSize(20, 20))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            layout.addWidget(button)
        layout.addSpacing(8)
        self.frame_field = FrameField(self)
        self.frame_field.setObjectName("frameField")
        self.frame_field.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.frame_field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.frame_field.setKeyboardTracking(False)
        self.frame_field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.frame_field.setToolTip("Frame number: type one and press Enter")
        self.frame_field.setMinimumSize(58, 26)
        self.frame_field.valueChanged.connect(self._on_value)
        self.frame_field.lineEdit().returnPressed.connect(self.frame_field.clearFocus)
        self.frame_field.given_up.connect(self._leave_field)
        actions["frame.go_to"].triggered.connect(self._ask_frame)
        self._actions = [actions[name] for name in (*_BUTTONS, "frame.go_to")]
        self._current = 0
        layout.addWidget(self.frame_field)
        self._count = QLabel("", self)
        self._count.setProperty("faint", True)
        layout.addSpacing(4)
        layout.addWidget(self._count)
        self._quiet = False
        self.set_frames(0)

    def set_frames(self, count: int) -> None:
        """Set the number of frames; 0 for no video."""
        self._quiet = True
        self.frame_field.setRange(0, max(count - 1, 0))
        self.frame_field.setEnabled(count > 0)
        for action in self._actions:
            action.setEnabled(count > 0)
        self._count.setText(f"of 0 … {count - 1}" if count else "no video")
        self._quiet = False

    def set_current_frame(self, frame: int) -> None:
        """Show the number of the frame on the canvas."""
        self._quiet = True
        self._current = frame
        self.frame_field.setValue(frame)
        self._quiet = False

    @Slot()
    def _ask_frame(self) -> None:
        """Take the keys, so that a number can be typed."""
        self.frame_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.frame_field.selectAll()

    @Slot()
    def _leave_field(self) -> None:
        """Forget what was typed and give the keys back."""
        self.set_current_frame(self._current)
        self.frame_field.lineEdit().setText(self.frame_field.textFromValue(self._current))
        self.frame_field.clearFocus()

    def _on_value(self, frame: int) -> None:
        if not self._quiet:
            self.frame_requested.emit(frame)

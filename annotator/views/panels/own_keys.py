"""Controls that keep their own keys while they have the focus, where the window has shortcuts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QSlider

_SLIDER_KEYS = frozenset(
    {
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
    }
)


def _takes(event: QEvent, keys: frozenset[Qt.Key]) -> bool:
    return (
        isinstance(event, QKeyEvent)
        and event.type() == QEvent.Type.ShortcutOverride
        and event.key() in keys
        and not event.modifiers()
    )


class KeySlider(QSlider):
    """A slider that is reached by Tab, not by a click, and moves by the arrow keys then."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[call-overload]
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def event(self, event: QEvent) -> bool:
        """Take the arrow keys before the window's shortcuts do."""
        if _takes(event, _SLIDER_KEYS):
            event.accept()
            return True
        return bool(super().event(event))


class KeyCheckBox(QCheckBox):
    """A check box that is reached by Tab, not by a click, and toggles by Space then."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[call-overload]
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def event(self, event: QEvent) -> bool:
        """Take Space before the window's shortcut does."""
        if _takes(event, frozenset({Qt.Key.Key_Space})):
            event.accept()
            return True
        return bool(super().event(event))

"""Windows that fit the screen that they open on, title bar included."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

_FRAME = QSize(16, 48)
"""What the desktop's own title bar and borders may take."""


def room_for_window(available: QSize) -> QSize:
    """Return how large a window may be inside its frame.

    Args:
        available: Room on the screen, without the desktop's own bars.
    """
    return available - _FRAME


def resize_within_screen(window: QWidget, size: QSize) -> None:
    """Give a window a size, or as much of it as its screen has room for."""
    window.resize(size.boundedTo(room_for_window(window.screen().availableSize())))

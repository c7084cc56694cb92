"""A view that is moved by the middle button, or with Space held; a tap of Space is reported."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QCursor, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from annotator.views.canvas.zoom_view import ZoomView


class PanningView(ZoomView):
    """Moves the picture; what is built on it asks first whether an event was taken for that."""

    space_tapped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pan_from: QPointF | None = None
        self._space_held = False
        self._space_panned = False

    @property
    def is_panning(self) -> bool:
        """Whether the picture is being moved, or a press would begin to."""
        return self._space_held or self._pan_from is not None

    def idle_cursor(self) -> QCursor:
        """Cursor while the picture is not being moved."""
        return QCursor(Qt.CursorShape.ArrowCursor)

    def begin_pan(self, event: QMouseEvent) -> bool:
        """Begin to move the picture; False when the press is none for that."""
        button = event.button()
        by_space = button == Qt.MouseButton.LeftButton and self._space_held
        if button != Qt.MouseButton.MiddleButton and not by_space:
            return False
        self._pan_from = event.position()
        self._space_panned = True
        self.update_cursor()
        return True

    def continue_pan(self, event: QMouseEvent) -> bool:
        """Move the picture on; False when it is not being moved."""
        if self._pan_from is None:
            return False
        self.pan_by(self._pan_from - event.position())
        self._pan_from = event.position()
        return True

    def end_pan(self, event: QMouseEvent) -> bool:
        """Let the picture go; False when it is not being moved."""
        buttons = (Qt.MouseButton.MiddleButton, Qt.MouseButton.LeftButton)
        if self._pan_from is None or event.button() not in buttons:
            return False
        self._pan_from = None
        self.update_cursor()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hold Space to move the picture; other keys are for others."""
        if event.key() != Qt.Key.Key_Space:
            event.ignore()  # arrow keys are frames here, not scrolling
        elif not event.isAutoRepeat():
            self._space_held, self._space_panned = True, False
            self.update_cursor()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A tap of Space without a drag is reported."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat() and self._space_held:
            self._space_held = False
            self.update_cursor()
            if not self._space_panned:
                self.space_tapped.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget a held Space when the keys go elsewhere."""
        super().focusOutEvent(event)
        self._space_held = False
        self.update_cursor()

    def update_cursor(self) -> None:
        """Show a hand while the picture is being moved."""
        if self._pan_from is not None:
            cursor = QCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space_held:
            cursor = QCursor(Qt.CursorShape.OpenHandCursor)
        else:
            cursor = self.idle_cursor()
        self.viewport().setCursor(cursor)

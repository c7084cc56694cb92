"""What every tool has: the canvas's gestures, answered by doing nothing."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt

from annotator.controller.tools.context import ToolContext
from annotator.views.canvas.gestures import PointerEvent
from annotator.views.canvas.previews import RingShape
from annotator.views.canvas.tools import Tool


class ToolGestures:
    """A tool that does nothing yet; implements `GestureTarget`.

    Args:
        context: what the tool works on.
        tool: which one it is.
    """

    has_ring: ClassVar[bool] = False
    """Whether the ring of the brush shows where it paints."""

    def __init__(self, context: ToolContext, tool: Tool) -> None:
        self.context = context
        self.tool = tool

    @property
    def in_hand(self) -> bool:
        """Whether something is begun and not ended."""
        return False

    @property
    def ring(self) -> RingShape | None:
        """Shape of the ring at the pointer."""
        return self.context.brush_shape if self.has_ring else None

    def status(self, _name: str) -> str | None:
        """Say what the left button does at this moment; None for what the tool always does.

        Args:
            _name: of the chosen object.
        """
        return None

    def press(self, pointer: PointerEvent) -> None:
        """A button went down."""

    def move(self, pointer: PointerEvent) -> None:
        """The pointer moved."""

    def release(self, pointer: PointerEvent) -> None:
        """The button went up."""

    def double_click(self, pointer: PointerEvent) -> None:
        """The second press of two counts as any press."""
        self.press(pointer)

    def wants_key(self, _key: Qt.Key) -> bool:
        """Whether the tool wants a key now."""
        return False

    def press_key(self, key: Qt.Key) -> None:
        """A key that it wanted went down."""

    def leave(self) -> None:
        """The pointer left the canvas."""

    def abort(self) -> None:
        """Drop what is in hand."""

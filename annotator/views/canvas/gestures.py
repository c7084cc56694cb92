"""What the canvas hands to the tool in use: the pointer in frame pixels, and a few keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Qt


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """One position of the pointer.

    Attributes:
        x: column in frame pixels; pixel ``int(x)`` is under the pointer. May lie outside the frame.
        y: row in frame pixels.
        erases: whether the right button (or the eraser end of a pen) is down.
        held: whether a button is down.
        pressure: of a pen, 0 to 1; 1 for a mouse.
        shift: whether Shift is held.
        control: whether Ctrl (Command) is held.
        reach: how far, in frame pixels, a handle may be from the pointer to be meant.
    """

    x: float
    y: float
    erases: bool = False
    held: bool = False
    pressure: float = 1.0
    shift: bool = False
    control: bool = False
    reach: float = 7.0

    @property
    def point(self) -> tuple[float, float]:
        """(x, y)."""
        return self.x, self.y


class GestureTarget(Protocol):
    """A tool, as the canvas sees it."""

    @property
    def in_hand(self) -> bool:
        """Whether something is begun and not ended, which Esc would drop."""

    def press(self, pointer: PointerEvent) -> None:
        """A button went down."""

    def move(self, pointer: PointerEvent) -> None:
        """The pointer moved, with a button down (`PointerEvent.held`) or over the frame only."""

    def release(self, pointer: PointerEvent) -> None:
        """The button went up."""

    def double_click(self, pointer: PointerEvent) -> None:
        """The second press of two quick ones; a release follows."""

    def wants_key(self, key: Qt.Key) -> bool:
        """Whether the tool wants a key now, before it is taken for a shortcut."""

    def press_key(self, key: Qt.Key) -> None:
        """A key that it wanted went down."""

    def leave(self) -> None:
        """The pointer left the canvas."""

    def abort(self) -> None:
        """Drop what is in hand, as if it had never been begun."""

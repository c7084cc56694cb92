"""The record of one action."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActionSpec:
    """One thing that a person can ask for.

    Attributes:
        name: Permanent name, ``"menu.verb"``.
        text: What the menu says.
        keys: Key sequences in portable form; the first is shown.
        icon: Name in the icon font.
        tip: One sentence for the tool tip and the F1 sheet.
        checkable: Whether it is a switch.
        group: Actions of the same group exclude each other.
        begins_section: Whether a line stands above it in the menu.
    """

    name: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str | None = None
    tip: str = ""
    checkable: bool = False
    group: str | None = None
    begins_section: bool = False

    @property
    def menu(self) -> str:
        """Name of the menu it stands in."""
        return self.name.partition(".")[0]

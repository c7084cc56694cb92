"""Which frames a person promoted to references, or excluded."""

from __future__ import annotations

from enum import IntEnum


class ReferenceChoice(IntEnum):
    """What a person said about a frame as reference."""

    AUTOMATIC = 0
    """Nothing: it is one when a person made or verified a cell of it."""
    PROMOTED = 1
    EXCLUDED = 2


class ReferenceChoices:
    """Promoted and excluded frames. Read it freely; commands change it."""

    def __init__(self) -> None:
        self._choices: dict[int, ReferenceChoice] = {}

    @property
    def promoted(self) -> set[int]:
        """Frames that are references whoever made them."""
        return {f for f, choice in self._choices.items() if choice is ReferenceChoice.PROMOTED}

    @property
    def excluded(self) -> set[int]:
        """Frames that are never references."""
        return {f for f, choice in self._choices.items() if choice is ReferenceChoice.EXCLUDED}

    def choice(self, frame_index: int) -> ReferenceChoice:
        """What was chosen for a frame."""
        return self._choices.get(frame_index, ReferenceChoice.AUTOMATIC)

    def set(self, frame_index: int, choice: ReferenceChoice) -> None:
        """Choose (for commands)."""
        if choice is ReferenceChoice.AUTOMATIC:
            self._choices.pop(frame_index, None)
        else:
            self._choices[frame_index] = choice

"""What every undoable command is."""

from __future__ import annotations

from typing import Protocol

from annotator.model.editor import DocumentEditor


class Command(Protocol):
    """One undo step. Commands hold everything they need to go both ways.

    Made by the ``prepare`` class method of its class from the present state of a document, and
    applied to that state; apply and revert then alternate. A command that would change nothing is
    empty, and the history forgets it.
    """

    @property
    def text(self) -> str:
        """What it does, for the menu: "Undo <text>"."""

    @property
    def frame_index(self) -> int | None:
        """Frame to show when it is undone or redone; None to stay."""

    @property
    def nbytes(self) -> int:
        """Bytes held, about."""

    @property
    def is_empty(self) -> bool:
        """Whether it would change nothing."""

    def apply(self, editor: DocumentEditor) -> None:
        """Do it, on the state it was prepared for."""

    def revert(self, editor: DocumentEditor) -> None:
        """Undo it, on the state it left."""

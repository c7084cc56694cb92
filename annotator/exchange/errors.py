"""What can be wrong with an import or an export, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class ExchangeError(Exception):
    """Files cannot be imported or exported; the message says which, why and what to do."""


class UnknownFormatError(ExchangeError):
    """Files are of no format that is known, or not of the one that was said."""


class SeveralVideosError(ExchangeError):
    """Files hold several videos, and it was not said which one is meant.

    Attributes:
        names: of the videos.
    """

    def __init__(self, where: Path, names: Sequence[str], wanted: str) -> None:
        listed = ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
        super().__init__(
            f"{where} holds {len(names)} videos ({listed}), none of them called "
            f"{wanted or 'so'}; say which one by its name"
        )
        self.names = tuple(names)


class DamagedFileError(ExchangeError):
    """A file breaks off, or contradicts itself."""


class MendNeededError(ExchangeError):
    """Masks cannot be imported as they are, and no mend for it was accepted."""


class ExchangeStoppedError(Exception):
    """The person stopped it; what is done already is kept for the next attempt."""

"""What can be wrong with an import or an export, as a person reads it."""

from __future__ import annotations


class ExchangeError(Exception):
    """Files cannot be imported or exported; the message says which, why and what to do."""


class UnknownFormatError(ExchangeError):
    """Files are of no format that is known, or not of the one that was said."""


class DamagedFileError(ExchangeError):
    """A file breaks off, or contradicts itself."""


class MendNeededError(ExchangeError):
    """Masks cannot be imported as they are, and no mend for it was accepted."""


class ExchangeStoppedError(Exception):
    """The person stopped it; what is done already is kept for the next attempt."""

"""Errors of the data package; every message is written for a person."""

from __future__ import annotations

from vos_core.errors import UserError


class DataError(UserError):
    """Something about training or benchmark data is wrong; the message says the mend."""


class CacheError(DataError):
    """A cache folder is missing, stale, unfinished or damaged."""


class SourceError(DataError):
    """A source archive is missing, unreadable or not laid out as expected."""


class ClipSpecError(DataError):
    """A clip specification contradicts itself or cannot be met by the data."""

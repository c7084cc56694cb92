"""Errors of the annotation model; every message is written for the person at the window."""

from __future__ import annotations


class ModelError(Exception):
    """Something cannot be done to the document; the message says what, and what would be right."""


class ObjectError(ModelError):
    """An object id that does not exist, exists already or is out of range, or a bad attribute."""


class LockedObjectError(ObjectError):
    """The object to be changed is locked."""


class FrameError(ModelError):
    """A frame index outside the sequence or a map of another size than the frames."""


class HistoryError(ModelError):
    """A step of the history that cannot be done now."""


class HistoryBusyError(HistoryError):
    """Undo or redo was asked for while a stroke or a propagation is still open."""

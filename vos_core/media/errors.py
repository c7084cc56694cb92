"""What can be wrong with frames, label maps and places to write to, as a person reads it."""

from __future__ import annotations

from vos_core.errors import UserError


class MediaError(UserError):
    """Root of the errors about files with pictures in them; the message is for a person."""


class FrameSourceError(MediaError):
    """A video or a folder of frames cannot be opened or read."""


class LabelMapError(MediaError):
    """A file, or an array, does not hold a usable label map."""


class OutputError(MediaError):
    """Something cannot be written where it should go."""

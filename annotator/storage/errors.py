"""What can be wrong with a project folder, as a person reads it."""

from __future__ import annotations


class ProjectError(Exception):
    """A project cannot be opened or written; the message says where, why and what to do."""


class ProjectFormatError(ProjectError):
    """A file of the project is damaged or does not say what it should."""


class NewerProjectError(ProjectError):
    """The project was written by a newer version of this application."""


class ProjectExistsError(ProjectError):
    """A new project was to be made where one, or something else, is already."""


class ProjectLockedError(ProjectError):
    """Another running application has the project open.

    Attributes:
        pid: its process id.
        host: name of its computer.
    """

    def __init__(self, message: str, *, pid: int, host: str) -> None:
        super().__init__(message)
        self.pid = pid
        self.host = host


class FramesMissingError(ProjectError):
    """The video or folder that a project annotates is not where it was.

    Attributes:
        kind: "video" or "folder".
    """

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind

"""What the controllers share: what is open, the frame in view, the chosen object, messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from annotator.controller.workspace import Workspace
from annotator.model.document import Document
from annotator.model.events import Connection, Event
from annotator.model.objects import ObjectRecord
from annotator.views.message_bar import Severity


class Editor(QObject):
    """The state of the window that is no part of the document. Lives on the main thread."""

    workspace_changed = Signal(object)
    """The new `Workspace`, or None."""
    frame_changed = Signal(int)
    """Another frame is wanted in view."""
    frame_shown = Signal(int)
    """A frame and its masks are on the canvas."""
    active_object_changed = Signal(object)
    """Id of the chosen object, or None."""
    navigated = Signal(int)
    """A person (not a run) went to a frame."""
    message = Signal(str, object)
    """Text and `Severity` for the message bar."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace: Workspace | None = None
        self._frame = 0
        self._shown: int | None = None
        self._pixels: np.ndarray | None = None
        self._active: int | None = None

    @property
    def workspace(self) -> Workspace | None:
        """What is open."""
        return self._workspace

    @property
    def document(self) -> Document | None:
        """Document of what is open."""
        return self._workspace.document if self._workspace else None

    @property
    def frame(self) -> int:
        """Frame that is wanted in view."""
        return self._frame

    @property
    def shown_frame(self) -> int | None:
        """Frame on the canvas, ``None`` before the first is decoded."""
        return self._shown

    @property
    def shown_pixels(self) -> np.ndarray | None:
        """Picture on the canvas, uint8 [H, W, 3] RGB, not to be written to."""
        return self._pixels

    @property
    def active_object(self) -> int | None:
        """Id of the chosen object."""
        return self._active

    @property
    def active_record(self) -> ObjectRecord | None:
        """Record of the chosen object."""
        document = self.document
        if document is None or self._active is None or self._active not in document.objects:
            return None
        return document.objects[self._active]

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Take up another sequence, or none; the old one is the caller's to close."""
        self._workspace = workspace
        self._frame = 0
        self._shown = None
        self._pixels = None
        ids = workspace.document.objects.ids if workspace else ()
        self._active = ids[0] if ids else None
        self.workspace_changed.emit(workspace)
        self.active_object_changed.emit(self._active)
        if workspace is not None:
            self.frame_changed.emit(0)

    def go_to(self, frame: int, *, by_run: bool = False) -> None:
        """Ask for a frame, clipped to the sequence.

        Args:
            frame: Frame index.
            by_run: Whether a propagation asks that the view follows, not a person.
        """
        if self._workspace is None:
            return
        clipped = min(max(frame, 0), self._workspace.sequence.frame_count - 1)
        if not by_run:
            self.navigated.emit(clipped)
        if clipped != self._frame:
            self._frame = clipped
            self.frame_changed.emit(clipped)

    def note_shown(self, frame: int, pixels: np.ndarray | None = None) -> None:
        """Note that a frame is on the canvas.

        Args:
            frame: Frame index.
            pixels: uint8 [H, W, 3] RGB, kept and not copied; ``None`` for one without a picture.
        """
        self._shown = frame
        self._pixels = pixels
        self.frame_shown.emit(frame)

    def choose_object(self, object_id: int | None) -> None:
        """Choose another object, or none."""
        if object_id != self._active:
            self._active = object_id
            self.active_object_changed.emit(object_id)

    def inform(self, text: str) -> None:
        """Tell something that leaves by itself."""
        self.message.emit(text, Severity.INFO)

    def warn(self, text: str) -> None:
        """Tell why something was not done."""
        self.message.emit(text, Severity.WARNING)

    def fail(self, text: str) -> None:
        """Tell about a fault."""
        self.message.emit(text, Severity.ERROR)


class DocumentListeners:
    """Connections to the events of the open document, dropped with it."""

    def __init__(self) -> None:
        self._connections: list[Connection] = []

    def listen(self, event: Event[Any], listener: Callable[..., object]) -> None:
        """Connect until `drop`."""
        self._connections.append(event.connect(listener))

    def drop(self) -> None:
        """Disconnect everything."""
        for connection in self._connections:
            connection.disconnect()
        self._connections.clear()

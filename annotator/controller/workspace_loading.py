"""Opening frames or a project: everything is read aside, nothing that is open is touched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from annotator.controller.workspace import Workspace, project_folders
from annotator.model.document import Document
from annotator.model.sequence import FrameSequence
from annotator.storage.errors import ProjectError
from annotator.storage.frames_location import fingerprint
from annotator.storage.project import is_project
from annotator.storage.session import ProjectSession
from vos_core.media import FrameSource, open_frames


@dataclass(frozen=True)
class OpeningRequest:
    """What is to be opened, and how.

    Attributes:
        path: Video, folder of frames, or project folder.
        beside: Whether a project may lie beside the frames.
        take_lock: Open a project that another application has open.
        frames: Where the frames of the project folder ``path`` are now, when the person said so.
    """

    path: Path
    beside: bool = True
    take_lock: bool = False
    frames: Path | None = None


class WorkspaceLoader:
    """Opens what a request asks for, in any thread.

    Args:
        request: What to open.
        on_progress: Told what is being read and how much of it, 0 to 1; an exception of its own
            ends the loading, closes what was opened, and is passed on.
        on_error: Called from the saver's thread when something could not be saved, later.
        on_saved: Called from there after each save.
    """

    def __init__(
        self,
        request: OpeningRequest,
        *,
        on_progress: Callable[[str, float], object],
        on_error: Callable[[str], object],
        on_saved: Callable[[], object],
    ) -> None:
        self._request = request
        self._on_progress = on_progress
        self._on_error = on_error
        self._on_saved = on_saved

    def load(self) -> Workspace:
        """Open a project folder, or frames with the project that belongs to them if there is one.

        Raises:
            MediaError: The frames cannot be read.
            ProjectError: The project cannot be opened.
            OSError: The path cannot be reached.
        """
        path = self._request.path
        with ExitStack() as opened:  # closes what was opened when a later step fails
            if path.is_dir() and is_project(path):
                workspace = self._load_project(opened)
            else:
                workspace = self._load_frames(opened)
            opened.pop_all()
        return workspace

    def _load_project(self, opened: ExitStack) -> Workspace:
        project = self._open_project(self._request.path)
        opened.callback(project.close)
        found = self._request.frames or project.locate_frames()
        source = self._open_frames(found)
        opened.callback(source.close)
        sequence = FrameSequence.of(source)
        if self._request.frames is not None:
            project.move_frames(sequence)
        elif not _fits(project, sequence):
            raise ProjectError(
                f"{sequence.path} has {sequence.size_text} now; the project {self._request.path} "
                f"annotates {project.frames.frame_count} frames of {project.frames.width} x "
                f"{project.frames.height}. Put the frames back as they were."
            )
        elif sequence.path != Path(project.frames.path):
            project.move_frames(sequence)
        return Workspace(sequence, project.document, project, notice=source.notice, source=source)

    def _load_frames(self, opened: ExitStack) -> Workspace:
        source = self._open_frames(self._request.path)
        opened.callback(source.close)
        sequence = FrameSequence.of(source)
        for folder in project_folders(sequence, beside=self._request.beside):
            if not is_project(folder):
                continue
            project = self._open_project(folder)
            if _fits(project, sequence) and _is_of(project, sequence):
                return Workspace(
                    sequence, project.document, project, notice=source.notice, source=source
                )
            project.close()
        document = Document(sequence.frame_count, sequence.height, sequence.width)
        return Workspace(
            sequence,
            document,
            notice=source.notice,
            fingerprint=fingerprint(sequence.path),
            source=source,
        )

    def _open_frames(self, path: Path) -> FrameSource:
        return open_frames(path, on_progress=lambda share: self._on_progress("frames", share))

    def _open_project(self, folder: Path) -> ProjectSession:
        return ProjectSession.open(
            folder,
            take_lock=self._request.take_lock,
            on_progress=lambda done, count: self._on_progress("masks", done / max(count, 1)),
            on_error=self._on_error,
            on_saved=self._on_saved,
        )


def _fits(project: ProjectSession, sequence: FrameSequence) -> bool:
    """Say whether number and size of the frames are those of the project."""
    known = project.frames
    return (known.frame_count, known.height, known.width) == (
        sequence.frame_count,
        sequence.height,
        sequence.width,
    )


def _is_of(project: ProjectSession, sequence: FrameSequence) -> bool:
    """Say whether the project annotates these frames and not others of the same name."""
    try:
        return project.locate_frames() == sequence.path
    except ProjectError:
        return False

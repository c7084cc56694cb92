"""Opening frames or a project: everything is read aside, nothing that is open is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from annotator.controller.workspace import Workspace, project_folders
from annotator.model.document import Document
from annotator.model.sequence import FrameSequence
from annotator.storage.errors import ProjectError
from annotator.storage.project import is_project
from annotator.storage.session import ProjectSession
from vos_core.media import open_frames


def load_workspace(
    path: Path,
    *,
    beside: bool,
    take_lock: bool,
    on_error: Callable[[str], object],
    on_saved: Callable[[], object],
) -> Workspace:
    """Open a project folder, or frames with the project that belongs to them if there is one.

    Args:
        path: Video, folder of frames, or project folder.
        beside: Whether a project may lie beside the frames.
        take_lock: Open a project that another application has open.
        on_error: Called from the saver's thread when something could not be saved.
        on_saved: Called from there after each save.

    Raises:
        MediaError: The frames cannot be read.
        ProjectError: The project cannot be opened.
        OSError: The path cannot be reached.
    """

    def open_project(folder: Path) -> ProjectSession:
        return ProjectSession.open(
            folder, take_lock=take_lock, on_error=on_error, on_saved=on_saved
        )

    if path.is_dir() and is_project(path):
        project = open_project(path)
        try:
            sequence, notice = _describe(project.locate_frames())
            if not _fits(project, sequence):
                raise ProjectError(
                    f"{sequence.path} has {sequence.size_text} now; the project {path} annotates "
                    f"{project.frames.frame_count} frames of {project.frames.width} x "
                    f"{project.frames.height}. Put the frames back as they were."
                )
        except BaseException:
            project.close()
            raise
        return Workspace(sequence, project.document, project, notice=notice)
    sequence, notice = _describe(path)
    for folder in project_folders(sequence, beside=beside):
        if not is_project(folder):
            continue
        project = open_project(folder)
        if _fits(project, sequence) and _is_of(project, sequence):
            return Workspace(sequence, project.document, project, notice=notice)
        project.close()
    document = Document(sequence.frame_count, sequence.height, sequence.width)
    return Workspace(sequence, document, notice=notice)


def _describe(path: Path) -> tuple[FrameSequence, str | None]:
    """Describe frames, and what a person should know of a source that is damaged in part."""
    with open_frames(path) as source:
        return FrameSequence.of(source), source.notice


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

"""What is open: the frames, their document, its history, and the project that keeps it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import platformdirs

from annotator.model.clusters import ClusterStore
from annotator.model.document import Document
from annotator.model.history import History
from annotator.model.sequence import FrameSequence
from annotator.storage.session import FOLDER_SUFFIX, ProjectSession, default_folder
from annotator.storage.settings import APPLICATION
from vos_core.media import FrameSource, open_frames

_LONGEST_NAME = 200
"""Bytes of a name that leave room for what is put behind it; disks take 255."""


class Workspace:
    """One open sequence. A new project gets its folder with the first change.

    Attributes:
        sequence: The frames.
        document: What is annotated on them.
        history: Undo and redo.
        project: The project that saves the document, ``None`` until there is something to save.
        notice: What the person should know about frames that can be used only in part.
        clusters: Proxy clusters of the frames, kept with the project.
        fingerprint: Digest by which the frames are recognised, ``None`` when it is not known yet.
    """

    def __init__(
        self,
        sequence: FrameSequence,
        document: Document,
        project: ProjectSession | None = None,
        *,
        notice: str | None = None,
        fingerprint: str | None = None,
        source: FrameSource | None = None,
    ) -> None:
        self.sequence = sequence
        self.document = document
        self.history = History(document)
        self.project = project
        self.clusters = ClusterStore() if project is None else project.clusters
        self.notice = notice
        self.fingerprint = fingerprint
        self._source = source

    def open_frames(self) -> FrameSource:
        """Give the frames for one reader: those opened already to the first, then new ones.

        Raises:
            FrameSourceError: They cannot be opened any more.
        """
        source, self._source = self._source, None
        return open_frames(self.sequence.path) if source is None else source

    def close(self) -> bool:
        """Let go of frames that nobody took, save and close the project.

        Returns:
            Whether everything is in files.
        """
        source, self._source = self._source, None
        if source is not None:
            source.close()
        return self.project is None or self.project.close()

    @property
    def is_saved(self) -> bool:
        """Whether every change is in files."""
        return self.project is None or self.project.is_saved


def project_folders(sequence: FrameSequence, *, beside: bool = True) -> list[Path]:
    """List places for a project of these frames, the best one first.

    Args:
        sequence: The frames.
        beside: Whether the folder of the frames may be used.

    Returns:
        ``NAME.annotation`` beside the frames, the same with the full file name (two videos may
        differ in their suffix only), then a folder of the user's own.
    """
    path = sequence.path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    own = Path(platformdirs.user_data_dir(APPLICATION, appauthor=False)) / "projects"
    short = sequence.name.encode()[:_LONGEST_NAME].decode(errors="ignore")
    folders = [own / f"{short}-{digest}{FOLDER_SUFFIX}"]
    if beside:
        folders = [default_folder(sequence), path.parent / f"{path.name}{FOLDER_SUFFIX}", *folders]
    return list(dict.fromkeys(folders))

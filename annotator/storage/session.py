"""An open project: every change of its document is journalled at once and saved a moment later."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from annotator.model.clusters import ClusterFrame, ClusterStore
from annotator.model.document import Document
from annotator.model.sequence import FrameSequence
from annotator.storage.autosave import AutoSave
from annotator.storage.cluster_files import read_clusters
from annotator.storage.errors import ProjectError, ProjectExistsError
from annotator.storage.frames_location import describe_frames, locate_frames
from annotator.storage.lock import LOCK_NAME, ProjectLock
from annotator.storage.migration import back_up
from annotator.storage.project import ProjectPaths, is_project, load_project
from annotator.storage.schema import VERSION, FramesRecord
from annotator.storage.writer import (
    FRAMES,
    SETTINGS,
    ItemKey,
    ProjectWriter,
    clean_leftovers,
    empty_record,
    everything_in,
    whole_batch,
)
from vos_core.media.atomic import check_writable

_log = logging.getLogger(__name__)

FOLDER_SUFFIX = ".annotation"


def default_folder(sequence: FrameSequence) -> Path:
    """Where a project goes unless the person chooses: beside its frames."""
    return sequence.path.parent / f"{sequence.name}{FOLDER_SUFFIX}"


class ProjectSession:
    """A document tied to its project folder. Made by `create` or `open`.

    Used in the main thread. Callbacks come from the saver's thread, or from the main thread for the
    journal: hand them a queued signal.

    Attributes:
        document: what is edited; every command on it is saved by itself.
        folder: the project folder.
        frames: what the project knows of its frames.
        warnings: what was mended on opening, for the person; a map read late may add one.
        clusters: proxy clusters of the frames; what is put there is saved, what is asked for comes
            from the folder.
    """

    def __init__(
        self,
        folder: Path,
        document: Document,
        frames: FramesRecord,
        *,
        lock: ProjectLock,
        writer: ProjectWriter | None,
        saved_journal: int = 0,
        settings: dict[str, Any] | None = None,
        warnings: list[str] | None = None,
        clusters: ClusterStore | None = None,
        silence_s: float = 1.0,
        on_error: Callable[[str], object] | None = None,
        on_saved: Callable[[], object] | None = None,
    ) -> None:
        self.folder = folder
        self.document = document
        self.frames = frames
        self.warnings = [] if warnings is None else warnings
        self._settings: dict[str, Any] = dict(settings or {})
        self._lock = lock
        self._saving = (
            None
            if writer is None
            else AutoSave(
                document,
                writer,
                saved_journal=saved_journal,
                silence_s=silence_s,
                gather=self._everything,
                on_error=on_error,
                on_saved=on_saved,
            )
        )
        self._is_open = True
        self.clusters = ClusterStore() if clusters is None else clusters
        self.clusters.load_with(self._read_clusters)
        self._cluster_connections = (
            self.clusters.changed.connect(self._save_clusters),
            self.clusters.forgotten.connect(self._forget_clusters),
        )

    @classmethod
    def create(
        cls,
        folder: Path,
        sequence: FrameSequence,
        *,
        document: Document | None = None,
        clusters: ClusterStore | None = None,
        fingerprint: str | None = None,
        silence_s: float = 1.0,
        on_error: Callable[[str], object] | None = None,
        on_saved: Callable[[], object] | None = None,
    ) -> ProjectSession:
        """Make a new project.

        Quick, because a window waits for it: the folder, an empty ``project.json`` and a first
        journal record are made at once, the saver writes the rest.

        Args:
            folder: made when missing; must be empty.
            sequence: the frames to annotate.
            document: what was annotated before there was a folder; a new one when None.
            clusters: proxy clusters known before; a new store when None.
            fingerprint: digest of the frames, when somebody has taken it already.
            silence_s: seconds without a change before changes are saved.
            on_error: called with a message when something could not be saved; it stays in memory
                and is tried again.
            on_saved: called after each save.

        Raises:
            ProjectExistsError: the folder holds a project, or something else.
            ProjectLockedError: another application is at it.
            OutputError: the folder cannot be written.
            ProjectError: the frames cannot be read.
        """
        folder = folder.absolute()
        if is_project(folder):
            raise ProjectExistsError(f"{folder} holds a project already; open it instead")
        if folder.exists() and (
            not folder.is_dir() or any(item.name != LOCK_NAME for item in folder.iterdir())
        ):
            raise ProjectExistsError(f"{folder} is not empty; choose a new folder for the project")
        check_writable(folder)
        if document is None:
            document = Document(sequence.frame_count, sequence.height, sequence.width)
        try:
            frames = describe_frames(sequence, folder, digest=fingerprint)
        except OSError as error:
            raise ProjectError(f"{sequence.path} cannot be read: {error.strerror}") from error
        lock = ProjectLock(folder)
        lock.acquire()
        try:
            writer = ProjectWriter(folder, empty_record(frames))
            writer.write_table(reach_disk=False)
        except BaseException:
            lock.release()
            raise
        session = cls(
            folder,
            document,
            frames,
            lock=lock,
            writer=writer,
            clusters=clusters,
            silence_s=silence_s,
            on_error=on_error,
            on_saved=on_saved,
        )
        if session._saving is not None:
            session._saving.take_up(everything_in(document))
        return session

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        take_lock: bool = False,
        silence_s: float = 1.0,
        on_progress: Callable[[int, int], object] | None = None,
        on_error: Callable[[str], object] | None = None,
        on_saved: Callable[[], object] | None = None,
    ) -> ProjectSession:
        """Open a project: read it whole, replay its journal, then tie the two together.

        Args:
            folder: the project folder.
            take_lock: take the project from the application that has it (the person said so).
            silence_s: seconds without a change before changes are saved.
            on_progress: called with (files read, files in all).
            on_error: as for `create`.
            on_saved: as for `create`.

        Raises:
            ProjectLockedError: another application has it open.
            ProjectError: it cannot be read (see `load_project`).
        """
        folder = folder.absolute()
        lock = ProjectLock(folder)
        is_read_only = False
        if is_project(folder):
            try:
                lock.acquire(force=take_lock)
            except OSError as error:
                _log.info("%s cannot be locked: %s", folder, error)
                is_read_only = True
        try:
            loaded = load_project(folder, on_progress=on_progress)
            if is_read_only:
                loaded.warnings.append(
                    f"{folder} cannot be written: changes stay in memory; save to another folder "
                    "to keep them"
                )
            else:
                with contextlib.suppress(OSError):
                    clean_leftovers(folder)
                if loaded.record.version < VERSION:
                    copy = back_up(ProjectPaths(folder).project, loaded.record.version)
                    loaded.warnings.append(
                        f"The project was of the older version {loaded.record.version} and is "
                        f"brought up to date; {copy.name} keeps what its table was."
                    )
        except BaseException:
            lock.release()
            raise
        session = cls(
            folder,
            loaded.document,
            loaded.record.frames,
            lock=lock,
            writer=None if is_read_only else ProjectWriter(folder, loaded.record),
            saved_journal=loaded.record.saved_journal,
            settings=loaded.settings,
            warnings=loaded.warnings,
            silence_s=silence_s,
            on_error=on_error,
            on_saved=on_saved,
        )
        if session._saving is not None:
            session._saving.submit_change(loaded.unsaved)
            is_old = loaded.record.version < VERSION
            if is_old or loaded.settings != loaded.record.settings:
                session._saving.submit({SETTINGS: loaded.settings})
        return session

    @property
    def is_read_only(self) -> bool:
        """Whether the folder cannot be written: nothing is saved, everything stays in memory."""
        return self._saving is None

    @property
    def is_saved(self) -> bool:
        """Whether every change is in the project's files (journal aside)."""
        return self._saving is not None and self._saving.is_clean

    @property
    def settings(self) -> dict[str, Any]:
        """Copy of what tools remembered with the project."""
        return dict(self._settings)

    def set_setting(self, name: str, value: object) -> None:
        """Remember a JSON value with the project (current frame, bookmarks ...)."""
        if self._settings.get(name) == value and name in self._settings:
            return
        self._settings[name] = value
        if self._saving is not None:
            self._saving.settings_changed(dict(self._settings))

    def locate_frames(self) -> Path:
        """Where the frames are now.

        Raises:
            FramesMissingError: they are gone; ask, then `move_frames`.
        """
        return locate_frames(self.frames, self.folder)

    def move_frames(self, sequence: FrameSequence) -> None:
        """Tie the project to frames at another place.

        Raises:
            ProjectError: another number or size of frames, or they cannot be read.
        """
        known, found = self.frames, sequence
        if (known.frame_count, known.height, known.width) != (
            found.frame_count,
            found.height,
            found.width,
        ):
            raise ProjectError(
                f"{found.path} has {found.size_text}; the project annotates {known.frame_count} "
                f"frames of {known.width} x {known.height}: choose the same video"
            )
        try:
            self.frames = describe_frames(sequence, self.folder)
        except OSError as error:
            raise ProjectError(f"{sequence.path} cannot be read: {error.strerror}") from error
        if self._saving is not None:
            self._saving.submit({FRAMES: self.frames})

    def save_soon(self) -> None:
        """Save what is not saved yet, without waiting for it."""
        if self._saving is not None:
            self._saving.save_soon()

    def settle(self, timeout_s: float = 10.0) -> bool:
        """Save what is pending and wait; unlike the others, in any thread."""
        return self._saving is not None and self._saving.settle(timeout_s)

    def save_whole(self) -> None:
        """Write everything again, soon, whether it changed or not."""
        if self._saving is not None:
            self._saving.save_whole()

    def flush(self, timeout_s: float = 60.0) -> bool:
        """Save what is not saved yet and wait; False when something could not be written."""
        return self._saving is not None and self._saving.flush(timeout_s)

    def close(self, timeout_s: float = 60.0) -> bool:
        """Save, stop saving, give the project free.

        Returns:
            Whether everything is in the files. When not, the journal may still have it.
        """
        if not self._is_open:
            return True
        self._is_open = False
        for connection in self._cluster_connections:
            connection.disconnect()
        is_saved = self._saving is not None and self._saving.close(timeout_s)
        self._lock.release()
        return is_saved

    def _save_clusters(self, frame_index: int, clusters: ClusterFrame) -> None:
        if self._saving is not None:
            self._saving.submit({("clusters", frame_index): clusters})

    def _forget_clusters(self, frames: frozenset[int]) -> None:
        if self._saving is not None:
            self._saving.submit({("clusters", frame): None for frame in frames})

    def _read_clusters(self, frame_index: int) -> ClusterFrame | None:
        size = (self.document.height, self.document.width)
        return read_clusters(ProjectPaths(self.folder).cluster_map(frame_index), size)

    def _everything(self) -> dict[ItemKey, Any]:
        return {**whole_batch(self.document, self._settings), FRAMES: self.frames}

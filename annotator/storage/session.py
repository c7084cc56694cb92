"""An open project: every change of its document is journalled at once and saved a moment later."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from annotator.model.changes import ChangeSet
from annotator.model.document import Document
from annotator.model.sequence import FrameSequence
from annotator.storage.effects import effect_of
from annotator.storage.errors import ProjectError, ProjectExistsError
from annotator.storage.frames_location import describe_frames, locate_frames
from annotator.storage.journal import Journal
from annotator.storage.lock import LOCK_NAME, ProjectLock
from annotator.storage.project import ProjectPaths, is_project, load_project
from annotator.storage.saver import Saver
from annotator.storage.schema import FramesRecord
from annotator.storage.writer import (
    FRAMES,
    SETTINGS,
    TABLES,
    ItemKey,
    ProjectWriter,
    Tables,
    clean_leftovers,
    record_of,
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
        warnings: what was mended on opening, for the person.
        is_read_only: the folder cannot be written: nothing is saved, everything stays in memory.
    """

    def __init__(
        self,
        folder: Path,
        document: Document,
        frames: FramesRecord,
        *,
        lock: ProjectLock,
        writer: ProjectWriter,
        saved_journal: int = 0,
        settings: dict[str, Any] | None = None,
        warnings: list[str] | None = None,
        is_read_only: bool = False,
        silence_s: float = 1.0,
        on_error: Callable[[str], object] | None = None,
        on_saved: Callable[[], object] | None = None,
    ) -> None:
        self.folder = folder
        self.document = document
        self.frames = frames
        self.warnings = [] if warnings is None else warnings
        self.is_read_only = is_read_only
        self._settings: dict[str, Any] = dict(settings or {})
        self._lock = lock
        self._writer = writer
        self._on_error = on_error
        self._on_saved = on_saved
        self._journal = Journal(ProjectPaths(folder).journal, saved_generation=saved_journal)
        self._taken_generation = saved_journal
        self._needs_whole_save = False
        self._saver: Saver[ItemKey, Any] = Saver(
            self._write_batch,
            silence_s=silence_s,
            on_take=self._note_take,
            on_saved=self._batch_saved,
            on_error=self._saving_failed,
        )
        self._connection = document.changed.connect(self._document_changed)
        self._is_open = True

    @classmethod
    def create(
        cls,
        folder: Path,
        sequence: FrameSequence,
        *,
        document: Document | None = None,
        silence_s: float = 1.0,
        on_error: Callable[[str], object] | None = None,
        on_saved: Callable[[], object] | None = None,
    ) -> ProjectSession:
        """Make a new project and write it at once.

        Args:
            folder: made when missing; must be empty.
            sequence: the frames to annotate.
            document: what was annotated before there was a folder; a new one when None.
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
            frames = describe_frames(sequence, folder)
        except OSError as error:
            raise ProjectError(f"{sequence.path} cannot be read: {error.strerror}") from error
        lock = ProjectLock(folder)
        lock.acquire()
        try:
            writer = ProjectWriter(folder, record_of(document, frames))
            writer.write(whole_batch(document, {}), saved_journal=0)
        except BaseException:
            lock.release()
            raise
        return cls(
            folder,
            document,
            frames,
            lock=lock,
            writer=writer,
            silence_s=silence_s,
            on_error=on_error,
            on_saved=on_saved,
        )

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
        except BaseException:
            lock.release()
            raise
        session = cls(
            folder,
            loaded.document,
            loaded.record.frames,
            lock=lock,
            writer=ProjectWriter(folder, loaded.record),
            saved_journal=loaded.record.saved_journal,
            settings=loaded.record.settings,
            warnings=loaded.warnings,
            is_read_only=is_read_only,
            silence_s=silence_s,
            on_error=on_error,
            on_saved=on_saved,
        )
        session._submit(session._items_of(loaded.unsaved))
        return session

    @property
    def is_saved(self) -> bool:
        """Whether every change is in the project's files (journal aside)."""
        return self._saver.is_clean

    @property
    def settings(self) -> dict[str, Any]:
        """Copy of what tools remembered with the project."""
        return dict(self._settings)

    def set_setting(self, name: str, value: object) -> None:
        """Remember a JSON value with the project (current frame, bookmarks ...)."""
        if self._settings.get(name) == value and name in self._settings:
            return
        self._settings[name] = value
        self._submit({SETTINGS: dict(self._settings)})

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
        self._submit({FRAMES: self.frames})

    def save_whole(self) -> None:
        """Write everything again, soon, whether it changed or not."""
        self._needs_whole_save = False
        self._submit({**whole_batch(self.document, self._settings), FRAMES: self.frames})

    def flush(self, timeout_s: float = 60.0) -> bool:
        """Save what is not saved yet and wait; False when something could not be written."""
        if self._needs_whole_save:
            self.save_whole()
        return self._saver.flush(timeout_s)

    def close(self, timeout_s: float = 60.0) -> bool:
        """Save, stop saving, give the project free.

        Returns:
            Whether everything is in the files. When not, the journal may still have it.
        """
        if not self._is_open:
            return True
        self._is_open = False
        self._connection.disconnect()
        if self._needs_whole_save and not self.is_read_only:
            self.save_whole()
        is_saved = self._saver.close(timeout_s)
        try:
            self._journal.close()
        except OSError as error:
            self._tell(f"the journal of {self.folder} could not be written: {error}")
        self._lock.release()
        return is_saved and not self.is_read_only

    def _document_changed(self, change: ChangeSet) -> None:
        if self._needs_whole_save:
            self.save_whole()
            return
        if self.is_read_only:
            return
        items = self._items_of(change)
        label_maps = {index: items["mask", index] for index in change.label_maps}
        make_record, nbytes = effect_of(self.document, change, label_maps)
        with self._saver.lock:
            try:
                self._journal.append(make_record, nbytes)
            except OSError as error:
                reason = error.strerror or str(error)
                self._tell(
                    f"the journal of {self.folder} could not be written ({reason}); a crash before "
                    "the next save would lose the last changes"
                )
            self._saver.submit(items)

    def _items_of(self, change: ChangeSet) -> dict[ItemKey, Any]:
        """Present values of what changed, for the saver."""
        document = self.document
        items: dict[ItemKey, Any] = {}
        for index in change.label_maps:
            items["mask", index] = document.label_maps.snapshot(index)
        for index in change.reliability_maps:
            items["reliability", index] = document.reliability_maps.pack(index)
        for index in change.cells:
            items["cells", index] = document.cells.row(index)
        if change.objects or change.references:
            items[TABLES] = Tables.of(document)
        return items

    def _submit(self, items: dict[ItemKey, Any]) -> None:
        if not self.is_read_only:
            self._saver.submit(items)

    def _note_take(self) -> None:
        self._taken_generation = self._journal.begin_generation()

    def _write_batch(self, batch: dict[ItemKey, Any]) -> None:
        self._writer.write(batch, saved_journal=self._taken_generation)
        self._journal.drop_until(self._taken_generation)

    def _batch_saved(self) -> None:
        if self._on_saved is not None:
            self._on_saved()

    def _saving_failed(self, error: Exception) -> None:
        if isinstance(error, ProjectError):
            self._needs_whole_save = True
        self._tell(f"not saved: {error}")

    def _tell(self, message: str) -> None:
        _log.warning("%s", message)
        if self._on_error is not None:
            self._on_error(message)

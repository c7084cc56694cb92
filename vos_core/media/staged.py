"""Many files of one folder, written by threads, checked, and put in place only when all are right.

Files wait in a hidden folder beside the target. It outlives an interruption: the next attempt keeps
every file in it, or in the target itself, that is whole and holds what it should, and writes the
others only.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from vos_core.media.atomic import check_writable, ensure_folder, reason
from vos_core.media.errors import LabelMapError, MediaError, OutputError

_log = logging.getLogger(__name__)

Progress = Callable[[int], object]
"""Hears how many files are done; what it raises stops the work."""


@dataclass(frozen=True)
class PlannedFile:
    """What a file should hold.

    Attributes:
        contents: Ways to get its bytes, tried in order until one leaves a file that is right.
        holds: Reads a file back and says whether it is right; ``MediaError`` counts as no.
    """

    contents: tuple[Callable[[], bytes], ...]
    holds: Callable[[Path], bool]


class StagedFolder:
    """Writes the files of a folder so that either all of them are in place or none.

    A context manager. Leaving it with an error keeps what is staged for the next attempt, except
    after a ``LabelMapError``: what cannot be exported will not be exported later either.

    Args:
        folder: Where the files go; made when missing.
        progress: Hears the number of files done.
        workers: Threads; encoding and decoding run outside Python's lock.

    Attributes:
        written: Files written by this attempt.
        kept: Files that were right already.

    Raises:
        OutputError: The folder cannot be written.
    """

    def __init__(
        self, folder: Path, *, progress: Progress | None = None, workers: int | None = None
    ) -> None:
        self.folder = check_writable(folder)
        self.staging = folder.with_name(f".{folder.name}.part")
        self.written = 0
        self.kept = 0
        self._names: list[str] = []
        self._progress = progress
        self._workers = workers or min(8, max(2, os.cpu_count() or 1))
        self._pool = ThreadPoolExecutor(self._workers, "export")
        self._pending: deque[Future[bool | None]] = deque()

    def __enter__(self) -> Self:
        ensure_folder(self.staging)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        is_of_use = self.staging.is_dir() and any(self.staging.iterdir())
        if kind is None or isinstance(error, LabelMapError) or not is_of_use:
            shutil.rmtree(self.staging, ignore_errors=True)

    def put(self, name: str, plan: Callable[[], PlannedFile]) -> None:
        """Have a file written; waits while too many others are under way.

        Args:
            name: Of the file.
            plan: Called in a thread of its own.

        Raises:
            MediaError: This or an earlier file cannot be made, or does not read back.
        """
        self._names.append(name)
        self._pending.append(self._pool.submit(self._write, name, plan))
        while len(self._pending) > 3 * self._workers or self._pending[0].done():
            self._take_result()
            if not self._pending:
                break

    def commit(self) -> None:
        """Wait for all files, then move them into place.

        Raises:
            MediaError: As for `put`.
            OutputError: The folder holds files of the same kind that are not of this export, or a
                file cannot be moved.
        """
        while self._pending:
            self._take_result()
        suffixes = {Path(name).suffix for name in self._names}
        wanted = set(self._names)
        strangers = sorted(
            path.name
            for path in self.folder.iterdir()
            if path.suffix in suffixes and path.name not in wanted and path.name[0] != "."
        )
        if strangers:
            raise OutputError(
                f"{self.folder} also holds {strangers[0]}, which is not of this export of "
                f"{len(self._names)} frames; export into an empty folder"
            )
        staged = {path.name for path in self.staging.iterdir()}
        try:
            moving = [name for name in self._names if name in staged]
            list(self._pool.map(self._flush, moving))
            for name in moving:
                (self.staging / name).replace(self.folder / name)
        except OSError as error:
            raise OutputError(f"cannot write into {self.folder}: {reason(error)}") from error

    def _take_result(self) -> None:
        was_written = self._pending.popleft().result()
        self.written += bool(was_written)
        self.kept += not was_written
        if self._progress is not None:
            self._progress(self.written + self.kept)

    def _write(self, name: str, plan: Callable[[], PlannedFile]) -> bool:
        """Make one file; False when it was there already."""
        planned = plan()
        staged = self.staging / name
        if _is_right(self.folder / name, planned) or _is_right(staged, planned):
            return False
        for content in planned.contents:
            try:
                staged.write_bytes(content())
            except FileNotFoundError as error:
                _log.debug("%s: %s", name, error)
                continue  # a stored file that is gone; the next way makes it
            except OSError as error:
                raise OutputError(f"cannot write {staged}: {reason(error)}") from error
            if _is_right(staged, planned):
                return True
        staged.unlink(missing_ok=True)
        raise OutputError(
            f"{self.folder / name} does not read back as it was written; is the disk sound?"
        )

    def _flush(self, name: str) -> None:
        descriptor = os.open(self.staging / name, os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_right(path: Path, planned: PlannedFile) -> bool:
    try:
        return path.is_file() and planned.holds(path)
    except (MediaError, OSError, ValueError):  # damaged, half of it, or no text
        return False

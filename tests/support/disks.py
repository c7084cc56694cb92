"""Disks that refuse: full, read-only, or a folder without permission, for root as for anyone."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass
class Refusals:
    """What a disk was asked to change.

    Attributes:
        asked: Changes that were asked for.
        refused: Those that failed.
    """

    asked: int = 0
    refused: int = 0


@contextmanager
def refusing(
    folder: Path, error: int, *, after: int = 0, whole_tree: bool = True
) -> Iterator[Refusals]:
    """Let what would change a folder fail as the system lets it fail.

    Making, opening for writing, syncing, moving and deleting of files count as changes; on a full
    disk (``ENOSPC``) moving and deleting succeed.

    Args:
        folder: The folder.
        error: Number of the error, as ``errno.EROFS``.
        after: So many changes succeed before.
        whole_tree: Whether what lies in folders below is meant too; without, new and vanishing
            entries of the folder itself only, as for one without permission to write.
    """
    count = Refusals()
    top = folder.absolute()
    frees_room = error == errno.ENOSPC

    def check(path: Any) -> None:
        if isinstance(path, int):  # a file descriptor, which was checked when it was opened
            return
        place = Path(os.fsdecode(path)).absolute()
        if place.parent == top or (whole_tree and place.is_relative_to(top)):
            refuse(place)

    def refuse(place: Path) -> None:
        count.asked += 1
        if count.asked > after:
            count.refused += 1
            raise OSError(error, os.strerror(error), str(place))

    def makes(path: Any) -> bool:
        return whole_tree or not os.path.lexists(path)

    real_open, real_io_open = os.open, io.open

    def low_open(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if flags & _WRITES and makes(path):
            check(path)
        return real_open(path, flags, *rest, **options)

    def high_open(path: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        if set(mode) & set("wax+") and not isinstance(path, int) and makes(path):
            check(path)
        return real_io_open(path, mode, *rest, **options)

    def checked(function: Callable[..., Any]) -> Callable[..., Any]:
        def change(path: Any, *rest: Any, **options: Any) -> Any:
            check(path)
            return function(path, *rest, **options)

        return change

    def sync(descriptor: int) -> None:
        if frees_room:
            refuse(top)
        real_sync(descriptor)

    real_sync = os.fsync
    with (
        mock.patch.object(os, "open", low_open),
        mock.patch.object(io, "open", high_open),
        mock.patch.object(builtins, "open", high_open),
        mock.patch.object(os, "mkdir", checked(os.mkdir)),
        mock.patch.object(os, "fsync", sync),
        mock.patch.object(os, "replace", os.replace if frees_room else checked(os.replace)),
        mock.patch.object(os, "rename", os.rename if frees_room else checked(os.rename)),
        mock.patch.object(os, "unlink", os.unlink if frees_room else checked(os.unlink)),
    ):
        yield count


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Take away the permission to write into a folder; from root by `refusing`."""
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        mode = folder.stat().st_mode
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(mode)
    else:
        with refusing(folder, errno.EACCES, whole_tree=False):
            yield

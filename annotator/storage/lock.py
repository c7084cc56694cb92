"""One application at a time in a project: a lock file that says who has it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import socket
import sys
from pathlib import Path
from typing import NamedTuple

from annotator.storage.errors import ProjectLockedError

_log = logging.getLogger(__name__)

LOCK_NAME = ".lock"
_MAY_ASK = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
_STILL_ACTIVE = 259


class _Mark(NamedTuple):
    """Who has a lock: process id, host name, start of the process as the kernel tells it."""

    pid: int
    host: str
    started: str | None


class ProjectLock:
    """Lock file of a project folder, with process id, start of the process and host.

    A lock whose process runs no more (on this host) is stale and is taken over: that is how a
    project opens again after a crash.

    Args:
        folder: the project folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK_NAME
        self._is_held = False

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._is_held

    def acquire(self, *, force: bool = False) -> None:
        """Take the lock.

        Args:
            force: take it from whoever has it (the person said so).

        Raises:
            ProjectLockedError: a running process, or another host, has it.
            OSError: the folder cannot be written.
        """
        content = json.dumps(_own_mark()._asdict()).encode()
        for _ in range(3):
            try:
                descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            except FileExistsError:
                if not force:
                    self._refuse_running()
                with contextlib.suppress(FileNotFoundError):
                    self.path.unlink()
                continue
            try:
                os.write(descriptor, content)
            finally:
                os.close(descriptor)
            self._is_held = True
            return
        raise ProjectLockedError(
            f"{self.path.parent} is being opened by another application; try again",
            pid=0,
            host=socket.gethostname(),
        )

    def release(self) -> None:
        """Give the lock back, when it is still this process's."""
        if not self._is_held:
            return
        self._is_held = False
        if self._read() == _own_mark():
            with contextlib.suppress(OSError):
                self.path.unlink()

    def _refuse_running(self) -> None:
        mark = self._read()
        if mark is None:
            return
        pid, host = mark.pid, mark.host
        if host == socket.gethostname() and not _is_running(pid, mark.started):
            _log.info("the lock of %s is stale: process %d is gone", self.path.parent, pid)
            return
        raise ProjectLockedError(
            f"{self.path.parent} is open already, in process {pid} on {host}; close it there first",
            pid=pid,
            host=host,
        )

    def _read(self) -> _Mark | None:
        """Content of the lock file; None when there is none, or half of one."""
        try:
            values = json.loads(self.path.read_text(encoding="utf-8"))
            mark = _Mark(values["pid"], values["host"], values["started"])
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return mark if isinstance(mark.pid, int) and isinstance(mark.host, str) else None


def _own_mark() -> _Mark:
    pid = os.getpid()
    return _Mark(pid, socket.gethostname(), _start_of(pid))


def _is_running(pid: int, started: str | None) -> bool:
    """Whether the process lives and is the same one, as far as the system can tell."""
    now = _start_of(pid)
    if now is not None or started is not None:
        return now is not None and (started is None or now == started)
    if sys.platform == "win32":
        return _is_running_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _start_of(pid: int) -> str | None:
    """When a process began, in the kernel's ticks; None when it is gone or nothing says so."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    # The second field is the name in brackets and may hold spaces; field 22 is the start, field 3
    # the state (a zombie still has an entry but runs no more).
    rest = fields.rpartition(")")[2].split()
    return None if not rest or rest[0] in ("Z", "X") else rest[19]


def _is_running_on_windows(pid: int) -> bool:
    """Ask the system: signal 0, which asks elsewhere, is Ctrl+C on Windows."""
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(_MAY_ASK, False, pid)
    if not handle:
        return False
    try:
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        return code.value == _STILL_ACTIVE
    finally:
        kernel.CloseHandle(handle)

"""Files that are either the old ones or the new ones, never half of one.

The bytes go to a temporary file in the same folder, reach the disk, and then take the place of the
target in one step of the file system. A crash, a full disk or a lost power supply in between
leaves the previous content as it was.
"""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from vos_core.media.errors import OutputError

_TOKEN_BYTES = 4


def write_bytes_atomic(path: str | Path, data: bytes) -> None:
    """Write a file whole or not at all, making its folder when that is missing.

    Args:
        path: The file to write; what it held before is replaced.
        data: Its new content.

    Raises:
        OutputError: The file cannot be written there; the old content is untouched.
    """
    with replacing(path) as temporary, temporary.open("wb") as stream:
        stream.write(data)


def write_text_atomic(path: str | Path, text: str, *, reach_disk: bool = True) -> None:
    """Write a UTF-8 text file whole or not at all; see ``write_bytes_atomic`` and ``replacing``."""
    with replacing(path, reach_disk=reach_disk) as temporary, temporary.open("wb") as stream:
        stream.write(text.encode("utf-8"))


@contextlib.contextmanager
def replacing(path: str | Path, *, reach_disk: bool = True) -> Iterator[Path]:
    """Give a temporary path beside ``path``, and put it in its place when the block succeeds.

    The temporary file exists, empty, when the block starts, with the permissions that a new file
    gets; its name starts with a dot and keeps the suffix. It is gone after a failure.

    Args:
        path: The file to make or replace.
        reach_disk: Wait until the disk has it. Without, the file is whole for whoever reads it and
            survives a killed process, but not always a power cut in the next seconds.

    Yields:
        The path to write to.

    Raises:
        OutputError: The folder or the file cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.stem}.{secrets.token_hex(_TOKEN_BYTES)}{target.suffix}")
    try:
        ensure_folder(target.parent)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
        if reach_disk:
            _flush_to_disk(temporary)
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {reason(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_leftovers(path: str | Path) -> bool:
    """Remove temporary files of ``replacing`` that a killed process left beside a file.

    Args:
        path: The file that was to be made; nobody may be writing it now.

    Returns:
        Whether there was one.
    """
    target = Path(path)
    token = "[0-9a-f]" * (2 * _TOKEN_BYTES)
    pattern = f".{glob.escape(target.stem)}.{token}{glob.escape(target.suffix)}"
    left = list(target.parent.glob(pattern)) if target.parent.is_dir() else []
    for temporary in left:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return bool(left)


def ensure_folder(path: str | Path) -> Path:
    """Make a folder, and those above it, where missing.

    Args:
        path: The folder.

    Returns:
        The folder as a path.

    Raises:
        OutputError: It cannot be made, or something that is no folder has its name.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"cannot write into {folder}: a file of that name exists") from error
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {reason(error)}") from error
    return folder


def check_writable(path: str | Path) -> Path:
    """Make sure, before long work begins, that files can be written into a folder.

    Args:
        path: The folder; it is made when missing.

    Returns:
        The folder as a path.

    Raises:
        OutputError: Nothing can be written there.
    """
    folder = ensure_folder(path)
    probe = folder / f".{secrets.token_hex(4)}.probe"
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise OutputError(f"cannot write into the folder {folder}: {reason(error)}") from error
    return folder


def reason(error: Exception) -> str:
    """Return what the system says is wrong, in words, without the path it repeats."""
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

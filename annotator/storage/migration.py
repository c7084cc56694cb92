"""Projects of older versions: one step from each version to the next, until it is the present one.

A step gets the table of ``project.json`` as its version wrote it and returns the one that the next
version would have written. It changes values only; files beside the table (masks, reliability maps,
journal) are read the same way by every version so far.

Version 1 was the first. Version 2 says in ``written_by`` which application wrote the file; its
journal may hold maps with a table of values (kind ``remapped``), and ``clusters/`` maps of proxy
clusters, which an application that knows version 1 only would lose without a word.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from annotator.storage.errors import ProjectError
from annotator.storage.json_reader import JsonReader

CURRENT_VERSION = 2

Table = dict[str, Any]
Step = Callable[[Table], Table]


def _to_version_2(table: Table) -> Table:
    return {**table, "written_by": ""}


_STEPS: Mapping[int, Step] = {1: _to_version_2}
"""By the version that a step begins with."""


def migrate(
    reader: JsonReader,
    table: Table,
    version: int,
    *,
    steps: Mapping[int, Step] = _STEPS,
    target: int = CURRENT_VERSION,
) -> Table:
    """Bring the table of an older version to a newer one, step by step.

    Args:
        reader: makes the errors; knows the file's path.
        table: as its version wrote it; left as it is.
        version: of the table.
        steps: by the version that each begins with.
        target: version to reach.

    Returns:
        The table as ``target`` would have written it.

    Raises:
        ProjectFormatError: there is no way from that version, or the table lacks what a step needs.
    """
    while version < target:
        step = steps.get(version)
        if step is None:
            raise reader.wrong(f"project version {version} is too old to be read")
        try:
            table = step(table)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise reader.wrong(
                f"it says version {version}, but not what that version says ({error!r})"
            ) from error
        version += 1
        table["version"] = version
    return table


def back_up(path: Path, version: int) -> Path:
    """Copy ``project.json`` of an older version beside it before it is written anew.

    A backup that is there already stays: it is the older one.

    Args:
        path: ``project.json``.
        version: what it was written in.

    Returns:
        The copy, ``project.version1.json``.

    Raises:
        ProjectError: it cannot be written; then the project must not be either.
    """
    copy = path.with_name(f"{path.stem}.version{version}{path.suffix}")
    if copy.exists():
        return copy
    unfinished = copy.with_name(f".{copy.name}.part")
    try:
        shutil.copy2(path, unfinished)
        unfinished.replace(copy)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise ProjectError(
            f"{path} is of the older project version {version}, and no copy of it can be kept in "
            f"{copy} before it is brought up to date ({error.strerror or error}); make room, or "
            "make the folder writable"
        ) from error
    return copy

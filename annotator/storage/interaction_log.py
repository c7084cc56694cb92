"""What a person and the network did, in order: one JSON line an event, kept with the project.

From it the masks can be made again (`annotator.controller.replay`), and it tells what the work cost
(`annotator.storage.effort`). The file is only ever appended to; a torn last line is left out.

Events, by their ``e``:

- ``open``: the project was opened (``time``), ``state`` it was in; ``base`` where the log does not
  lead to it: everything it held.
- ``network``: which one runs from here on.
- ``edit``: a person's step, its ``effect`` and the ``state`` after it; ``undo``, ``redo``.
- ``run``: a propagation began; ``job``: what the worker was told; ``correct``: a frame it was told
  while it ran; ``result``: a frame it gave that went into the document; ``over``: its end.

``t`` is seconds since the project was opened.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from annotator.model.document import Document
from annotator.storage.errors import ProjectFormatError
from annotator.storage.journal import Part, Record
from annotator.storage.schema import object_to_json

_log = logging.getLogger(__name__)

LOG_NAME = "interactions.jsonl"
VERSION = 1

Line = dict[str, Any]


class InteractionLog:
    """Appends lines in a thread of its own; what cannot be written is told once and left.

    Args:
        path: The file; made with the first line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="interactions")
        self._has_failed = False

    def append(self, make_line: Callable[[], Line]) -> None:
        """Write a line, made in the thread of values that nobody changes any more."""
        self._thread.submit(self._write, make_line)

    def flush(self, timeout_s: float = 30.0) -> None:
        """Wait until everything is written."""
        done = threading.Event()
        self._thread.submit(done.set)
        done.wait(timeout_s)

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._thread.shutdown()

    def _write(self, make_line: Callable[[], Line]) -> None:
        if self._has_failed:
            return
        try:
            text = json.dumps(make_line(), separators=(",", ":"), ensure_ascii=False)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text + "\n")
        except OSError as error:  # the work itself is saved elsewhere; a log with a gap is no log
            self._has_failed = True
            _log.warning("%s: the log of this session ends here: %s", self.path, error)


def read_log(path: Path) -> Iterator[Line]:
    """Lines of a log, oldest first; a torn last one is left out.

    Raises:
        ProjectFormatError: There is no log, or a line in the middle is damaged.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectFormatError(
            f"{path} cannot be read: {error}; only projects worked on in this version have a log"
        ) from error
    for number, text in enumerate(lines[:-1], start=1):
        try:
            line = json.loads(text)
            line["e"]
        except (ValueError, KeyError, TypeError) as error:
            raise ProjectFormatError(f"{path}, line {number}: not an event ({error!r})") from error
        yield line


def state_digest(document: Document) -> int:
    """CRC-32 of cells and objects: tells whether a log leads to a document."""
    cells = document.cells
    digest = zlib.crc32(cells.reliability_codes.tobytes(), zlib.crc32(cells.states.tobytes()))
    objects = [object_to_json(record) for record in document.objects]
    text = json.dumps([objects, document.objects.highest_id], sort_keys=True)
    return zlib.crc32(text.encode(), digest)


def record_to_json(record: Record) -> list[Line]:
    """A journal record as JSON."""
    return [
        part.head | ({"data": base64.b64encode(part.data).decode("ascii")} if part.data else {})
        for part in record
    ]


def record_from_json(values: list[Line]) -> Record:
    """What `record_to_json` made.

    Raises:
        ProjectFormatError: It is something else.
    """
    try:
        return [
            Part(
                {name: value for name, value in head.items() if name != "data"},
                base64.b64decode(head.get("data", "")),
            )
            for head in values
        ]
    except (AttributeError, TypeError, ValueError) as error:
        raise ProjectFormatError(f"the log holds a damaged effect: {error!r}") from error

"""Append-only journal: what changed since the last save, so that a killed process loses nothing.

A journal file is `MAGIC` followed by records. A record is one command's effect: length and CRC-32
of the rest, then a line of JSON that lists the parts, then the parts' bytes. Parts hold the state
*after* the command, so that replaying a record twice, or over files that are newer, ends in the
same state. A torn last record (the process died in the write) is cut off by its length or its
checksum.
"""

from __future__ import annotations

import json
import logging
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_log = logging.getLogger(__name__)

MAGIC = b"VOSJ1\n"
_HEAD = struct.Struct("<II")
_LARGEST_RECORD = 1 << 31
_SMALL_BYTES = 1 << 18


@dataclass(frozen=True)
class Part:
    """One piece of a record: what it is, and its bytes."""

    head: dict[str, Any]
    data: bytes | memoryview = b""


Record = list[Part]


class Journal:
    """Numbered journal files in a folder; the last one is written to.

    `append` is called in the main thread, `begin_generation` under the lock that `append` is called
    under, `drop_until` in any thread.

    Args:
        folder: made when the first record is written.
        saved_generation: number of the last file whose content is saved; numbering goes on after
            it.
        on_error: told why a record could not be written, in the thread that tried.
    """

    def __init__(
        self,
        folder: Path,
        *,
        saved_generation: int = 0,
        on_error: Callable[[OSError], object] | None = None,
    ) -> None:
        self.folder = folder
        self._on_error = on_error
        self._generation = max([saved_generation, *_numbers(folder)]) + 1
        self._writing: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._stream: BinaryIO | None = None
        self._stream_generation = 0
        self._gap_generation: int | None = None

    @property
    def generation(self) -> int:
        """Number of the file that the next record goes to."""
        return self._generation

    def append(self, make_record: Callable[[], Record], nbytes: int) -> None:
        """Write a record.

        A small one is with the operating system when this returns. A large one is made and written
        in a thread, and so is what comes while the thread is at it: records keep their order, and
        nobody waits for a disk.

        After a failure nothing more is written until what is missing was saved otherwise: a journal
        with a gap would be worse than one that ends.

        Args:
            make_record: makes the record of values that nobody changes any more.
            nbytes: about how many bytes it works on.
        """
        is_idle = self._writing is None or self._writing.done()
        if is_idle and nbytes <= _SMALL_BYTES:
            self._write(make_record, self._generation)
        else:
            self._writing = self._thread.submit(self._write, make_record, self._generation)

    def _write(self, make_record: Callable[[], Record], generation: int) -> None:
        if self._gap_generation is not None:
            self._gap_generation = generation
            return
        payload = _encode(make_record())
        try:
            stream = self._open(generation)
            position = stream.tell()
            try:
                _write_all(stream, _HEAD.pack(len(payload), zlib.crc32(payload)) + payload)
            except OSError:
                stream.truncate(position)
                raise
        except OSError as error:
            self._gap_generation = generation
            if self._on_error is not None:
                self._on_error(error)

    def begin_generation(self) -> int:
        """Start a new file at the next record; returns the number of the last one before it."""
        ended = self._generation
        self._generation += 1
        return ended

    def drop_until(self, generation: int) -> None:
        """Delete the files up to a generation: everything in them is saved."""
        if self._gap_generation is not None and self._gap_generation <= generation:
            self._gap_generation = None
        for number in sorted(_numbers(self.folder)):
            if number <= generation:
                path = _path(self.folder, number)
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    _log.warning("cannot delete %s: %s", path, error)

    def close(self) -> None:
        """Wait for what is being written and close the file."""
        self._thread.shutdown()
        self._close_stream()

    def _close_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _open(self, generation: int) -> BinaryIO:
        if self._stream is None or self._stream_generation != generation:
            self._close_stream()
            self.folder.mkdir(parents=True, exist_ok=True)
            self._stream = _path(self.folder, generation).open("ab", buffering=0)
            self._stream_generation = generation
            if self._stream.tell() == 0:
                _write_all(self._stream, MAGIC)
        return self._stream


def read_journal(folder: Path, *, saved_generation: int = 0) -> Iterator[Record]:
    """Records of the journal files after a generation, oldest first, as far as they are whole."""
    for number in sorted(_numbers(folder)):
        if number > saved_generation:
            yield from _read_file(_path(folder, number))


def _read_file(path: Path) -> Iterator[Record]:
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            if os.fstat(stream.fileno()).st_size >= len(MAGIC):
                _log.warning("%s is no journal; left out", path)
            return
        while len(head := stream.read(_HEAD.size)) == _HEAD.size:
            length, checksum = _HEAD.unpack(head)
            payload = stream.read(length) if length < _LARGEST_RECORD else b""
            if len(payload) != length or zlib.crc32(payload) != checksum:
                _log.info("%s ends in a torn record; left out", path)
                return
            yield _decode(payload)


def _encode(record: Record) -> bytes:
    heads = [{**part.head, "bytes": len(part.data)} for part in record]
    line = json.dumps(heads, separators=(",", ":")).encode()
    return line + b"\n" + b"".join(part.data for part in record)


def _decode(payload: bytes) -> Record:
    line, _, rest = payload.partition(b"\n")
    record = []
    for head in json.loads(line):
        length = head.pop("bytes")
        record.append(Part(head, rest[:length]))
        rest = rest[length:]
    return record


def _write_all(stream: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = stream.write(view)
        view = view[written:]


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.log"


def _numbers(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return [int(path.stem) for path in folder.glob("*.log") if path.stem.isdigit()]

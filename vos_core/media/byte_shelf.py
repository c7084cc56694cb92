"""A place for bytes that last, away from the heap and, where the system allows, out of memory.

A long run makes a few small results a frame, between large blocks that come and go. On the heap
each of them would take a bite out of a free block, which then no longer holds what it held the
frame before, so that the process grows although little is kept. On a shelf they lie side by side.
"""

from __future__ import annotations

import logging
import mmap
import os
import tempfile
from typing import IO

import numpy as np
import numpy.typing as npt

_log = logging.getLogger(__name__)

FIRST_CHUNK_BYTES = 1 << 20
LARGEST_CHUNK_BYTES = 64 << 20
_ALIGNMENT = 64
_LEAVE_BYTES = 1 << 20


class ByteShelf:
    """Takes byte strings and gives views of copies that lie in a scratch file.

    The file has no name and goes with the process. What was put down is read back from it when
    somebody looks, so that it costs memory only for as long; where no file can be had the bytes
    stay in memory. A chunk of the shelf, of which each is twice as large as the one before, is
    given up when the last view into it is gone. One thread puts things down; any may read views.

    Args:
        first_chunk_bytes: Size of the first chunk.
        largest_chunk_bytes: Chunks do not grow beyond it, unless one thing alone is larger.
    """

    def __init__(
        self,
        first_chunk_bytes: int = FIRST_CHUNK_BYTES,
        largest_chunk_bytes: int = LARGEST_CHUNK_BYTES,
    ) -> None:
        self._next_bytes, self._largest_bytes = first_chunk_bytes, largest_chunk_bytes
        self._chunk: mmap.mmap | bytearray = bytearray()
        self._used = self._left = 0
        self._has_files = True

    def put(self, data: bytes | memoryview) -> memoryview:
        """Copy bytes onto the shelf.

        Args:
            data: What lasts.

        Returns:
            The copy, read-only.
        """
        size = len(data)
        if self._used + size > len(self._chunk):
            self._begin(size)
        start, end = self._used, self._used + size
        view = memoryview(self._chunk)
        view[start:end] = data
        self._used = end + -end % _ALIGNMENT
        if self._used - self._left >= _LEAVE_BYTES:
            self._leave_to_file()
        return view[start:end].toreadonly()

    def put_array(self, values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Copy an array of bytes onto the shelf.

        Args:
            values: uint8 of any shape.

        Returns:
            The copy, read-only, of the same shape.
        """
        return np.frombuffer(self.put(values.tobytes()), np.uint8).reshape(values.shape)

    def _begin(self, least: int) -> None:
        """Start a chunk; the one before is left to its file."""
        self._leave_to_file()
        size = max(self._next_bytes, least)
        self._next_bytes = min(2 * self._next_bytes, self._largest_bytes)
        self._chunk, self._used, self._left = self._new_chunk(size), 0, 0

    def _new_chunk(self, size: int) -> mmap.mmap | bytearray:
        if self._has_files:
            try:
                with tempfile.TemporaryFile(prefix="vos-shelf-") as file:
                    _reserve(file, size)
                    return mmap.mmap(file.fileno(), size)
            except (OSError, ValueError) as error:
                self._has_files = False
                _log.info("results stay in memory, there is no scratch file for them: %s", error)
        return bytearray(size)

    def _leave_to_file(self) -> None:
        """Let the system take the full pages out of memory; a look at them reads them back."""
        whole = self._used // mmap.PAGESIZE * mmap.PAGESIZE
        start, self._left = self._left, whole
        if isinstance(self._chunk, mmap.mmap) and whole > start and hasattr(mmap, "MADV_DONTNEED"):
            self._chunk.madvise(mmap.MADV_DONTNEED, start, whole - start)


def _reserve(file: IO[bytes], size: int) -> None:
    """Give a file its size on the disk now: a full disk found at a later write ends the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    block = bytes(1 << 20)
    for _ in range(-(-size // len(block))):
        file.write(block)
    file.truncate(size)
    file.flush()

"""A shelf gives back what was put on it, keeps memory small, and lets go of what nobody holds."""

from __future__ import annotations

import gc
import mmap
import sys
import tempfile
import weakref
from pathlib import Path

import numpy as np
import pytest

from vos_core.media.byte_shelf import ByteShelf


def blocks(count: int, size: int, seed: int = 3) -> list[bytes]:
    """Byte strings of random content and of sizes around one."""
    rng = np.random.default_rng(seed)
    return [rng.bytes(int(rng.integers(size // 2, size))) for _ in range(count)]


def test_what_was_put_down_is_there_in_every_chunk() -> None:
    shelf = ByteShelf(first_chunk_bytes=4096, largest_chunk_bytes=16384)
    data = [b"", b"x", *blocks(60, 3000), bytes(50_000), b"last"]
    views = [shelf.put(one) for one in data]
    assert [bytes(view) for view in views] == data
    assert all(view.readonly for view in views)


def test_an_array_keeps_its_shape_and_cannot_be_written() -> None:
    shelf = ByteShelf()
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    kept = shelf.put_array(values.T)
    np.testing.assert_array_equal(kept, values.T)
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 1
    assert shelf.put_array(np.zeros((0, 5), np.uint8)).shape == (0, 5)


def test_it_takes_a_view_of_itself() -> None:
    shelf = ByteShelf()
    first = shelf.put(b"abcdef")
    assert bytes(shelf.put(first[2:4])) == b"cd"


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="reads Linux's own count")
def test_what_lies_there_takes_no_memory_until_it_is_looked_at() -> None:
    def resident() -> float:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6

    shelf = ByteShelf()
    block = bytes(range(256)) * 2048
    views = [shelf.put(block)]
    before = resident()
    views += [shelf.put(block) for _ in range(150)]  # 79 MB
    assert resident() - before < 12
    assert all(view == block for view in views)


def test_a_chunk_goes_with_its_last_view() -> None:
    shelf = ByteShelf(first_chunk_bytes=4096, largest_chunk_bytes=4096)
    first = shelf.put(bytes(4096))
    chunk = weakref.ref(first.obj)
    second = shelf.put(bytes(4096))
    gc.collect()
    assert chunk() is not None
    del first
    gc.collect()
    assert chunk() is None
    assert bytes(second) == bytes(4096)


def test_without_a_scratch_file_the_bytes_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    shelf = ByteShelf(first_chunk_bytes=1024, largest_chunk_bytes=2048)
    data = blocks(20, 900)
    views = [shelf.put(one) for one in data]
    assert [bytes(view) for view in views] == data
    assert not isinstance(views[0].obj, mmap.mmap)


@pytest.mark.skipif(sys.platform == "win32", reason="a file's size is reserved in another way")
def test_a_disk_that_is_full_is_found_when_the_chunk_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_file: int, _start: int, size: int) -> None:
        if size > 4096:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", refuse)
    shelf = ByteShelf(first_chunk_bytes=8192, largest_chunk_bytes=8192)
    view = shelf.put(b"kept")
    assert bytes(view) == b"kept" and not isinstance(view.obj, mmap.mmap)

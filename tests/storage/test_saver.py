"""One saver thread: latest write wins, silence before writing, nothing lost on failure."""

from __future__ import annotations

import threading
import time

import pytest

from annotator.storage.saver import Saver


class Disk:
    """Remembers batches; can be blocked or made to fail."""

    def __init__(self) -> None:
        self.batches: list[dict[str, int]] = []
        self.times: list[float] = []
        self.fails = False
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def write(self, batch: dict[str, int]) -> None:
        self.entered.set()
        assert self.gate.wait(20)
        self.times.append(time.monotonic())
        if self.fails:
            raise OSError("no space left")
        self.batches.append(dict(batch))


@pytest.fixture
def disk() -> Disk:
    return Disk()


def test_the_latest_value_of_each_item_is_written_once(disk):
    saver: Saver[str, int] = Saver(disk.write, silence_s=3600)
    for value in range(5):
        saver.submit({"a": value})
    saver.submit({"b": 9})
    assert not saver.is_clean
    assert saver.flush(20)
    assert disk.batches == [{"a": 4, "b": 9}]
    assert saver.is_clean
    assert saver.close(20)


def test_writing_waits_for_silence_but_not_for_ever(disk):
    saved = threading.Event()
    saver: Saver[str, int] = Saver(
        disk.write, silence_s=0.2, longest_wait_s=0.6, on_saved=saved.set
    )
    begin = time.monotonic()
    while not disk.times and time.monotonic() - begin < 20:
        saver.submit({"a": 1})  # never silent
        time.sleep(0.02)
    assert disk.times[0] - begin >= 0.55
    saver.flush(20)
    saved.clear()
    last = time.monotonic()
    saver.submit({"a": 2})
    assert saved.wait(20)
    assert disk.times[-1] - last >= 0.19
    saver.close(20)


def test_values_that_come_during_a_write_go_into_the_next(disk):
    saver: Saver[str, int] = Saver(disk.write, silence_s=0.0)
    disk.gate.clear()
    saver.submit({"a": 1})
    assert disk.entered.wait(20)
    begin = time.monotonic()
    saver.submit({"a": 2})  # does not wait for the disk
    assert time.monotonic() - begin < 1
    disk.gate.set()
    assert saver.close(20)
    assert disk.batches == [{"a": 1}, {"a": 2}]


def test_a_failed_batch_is_kept_under_what_came_since_and_tried_again(disk):
    errors: list[Exception] = []
    saver: Saver[str, int] = Saver(disk.write, silence_s=0.0, retry_s=0.1, on_error=errors.append)
    disk.fails = True
    disk.gate.clear()
    saver.submit({"a": 1, "b": 1})
    assert disk.entered.wait(20)
    saver.submit({"a": 2})
    disk.gate.set()
    assert not saver.flush(20)
    assert str(errors[0]) == "no space left"
    assert disk.batches == []
    disk.fails = False
    deadline = time.monotonic() + 20
    while not saver.is_clean and time.monotonic() < deadline:
        time.sleep(0.01)  # by itself, without another change
    assert disk.batches[-1] == {"a": 2, "b": 1}
    assert saver.close(20)


def test_closing_with_a_failing_disk_says_so_and_ends_the_thread(disk):
    before = set(threading.enumerate())
    saver: Saver[str, int] = Saver(disk.write, silence_s=3600)
    disk.fails = True
    saver.submit({"a": 1})
    assert not saver.close(20)
    assert not set(threading.enumerate()) - before
    with pytest.raises(RuntimeError, match="closed"):
        saver.submit({"a": 2})


def test_a_take_holds_all_that_was_submitted_under_the_lock_before(disk):
    taken: list[int] = []
    count = 0
    saver: Saver[str, int] = Saver(disk.write, silence_s=0.0, on_take=lambda: taken.append(count))
    for value in range(300):
        with saver.lock:
            count += 1
            saver.submit({"a": value})
    saver.close(20)
    assert taken[-1] == 300
    assert [batch["a"] + 1 for batch in disk.batches] == taken


def test_hurrying_writes_now_and_holds_nobody(disk):
    saver: Saver[str, int] = Saver(disk.write, silence_s=3600, longest_wait_s=3600)
    disk.gate.clear()
    saver.submit({"a": 1})
    begin = time.monotonic()
    saver.hurry()
    assert time.monotonic() - begin < 5
    assert disk.entered.wait(20)
    disk.gate.set()
    deadline = time.monotonic() + 20
    while not saver.is_clean and time.monotonic() < deadline:
        time.sleep(0.005)
    assert disk.batches == [{"a": 1}]
    saver.submit({"a": 2})  # the hurry is over
    time.sleep(0.05)
    assert disk.batches == [{"a": 1}]
    assert saver.close(20)

"""The journal keeps the order of what happened, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from annotator.storage.journal import Journal, Part, Record, read_journal


def record(number: int) -> Record:
    return [Part({"number": number}, bytes([number]) * number)]


def numbers(folder: Path) -> list[int]:
    """Numbers of the records in a folder, each checked to be whole."""
    found = []
    for (part,) in read_journal(folder):
        assert part.data == bytes([part.head["number"]]) * part.head["number"]
        found.append(part.head["number"])
    return found


def test_a_large_record_under_way_holds_nobody_and_keeps_its_place(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    gate = threading.Event()

    def large() -> Record:
        assert gate.wait(20)
        return record(2)

    journal.append(lambda: record(1), 10)
    begin = time.monotonic()
    journal.append(large, 1 << 24)
    journal.append(lambda: record(3), 10)
    journal.append(lambda: record(4), 10)
    assert time.monotonic() - begin < 5  # the gate is shut for as long as we like
    assert numbers(tmp_path) == [1]
    gate.set()
    journal.close()
    assert numbers(tmp_path) == [1, 2, 3, 4]


def test_after_a_failure_nothing_follows_until_all_was_saved(tmp_path: Path) -> None:
    errors: list[OSError] = []
    blocked = tmp_path / "journal"
    blocked.write_text("in the way")
    journal = Journal(blocked, on_error=errors.append)
    journal.append(lambda: record(1), 10)
    assert len(errors) == 1
    blocked.unlink()
    journal.append(lambda: record(2), 10)  # a journal with a gap would be worse than none
    assert numbers(blocked) == [] and len(errors) == 1
    journal.drop_until(journal.begin_generation())
    journal.append(lambda: record(3), 10)
    journal.close()
    assert numbers(blocked) == [3]

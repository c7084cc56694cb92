"""A process killed at any moment, a save under way or not, loses at most the stroke in hand."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotator.storage.errors import ProjectError
from annotator.storage.project import load_project
from annotator.storage.session import ProjectSession
from annotator.storage.writer import LEFTOVER
from tests.model.states import check_consistent, state_of
from tests.storage.painter import painted
from tests.storage.projects import make_frames, make_project
from tests.storage.random_edits import random_edits

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def painter() -> Iterator[Callable[[str, Path, int, float], int]]:
    """Process that edits projects in children; the function kills one and returns its last edit."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.painter"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    words, answers = process.stdin, process.stdout

    def edit_and_kill(how: str, folder: Path, seed: int, life_s: float) -> int:
        words.write(f"{how} {folder} {seed}\n")
        words.flush()
        pid = int(answers.readline().split()[1])
        done = int(answers.readline())  # it has begun
        time.sleep(life_s)
        os.kill(pid, signal.SIGKILL)
        while (line := answers.readline()) != "gone\n":
            done = int(line)
        return done

    try:
        yield edit_and_kill
    finally:
        words.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        answers.close()


@dataclass
class KillCount:
    """What a series of kills did.

    Attributes:
        kills: How often the process was killed.
        strokes: Strokes that were painted in all.
        lost: Strokes that were done and are gone.
        most_lost: The most that one kill lost.
        unopened: Kills after which the project did not open.
        in_save: Kills in the middle of a save: a temporary file was left.
        unsaved: Kills before the last strokes were in the files: the journal had them.
    """

    kills: int = 0
    strokes: int = 0
    lost: int = 0
    most_lost: int = 0
    unopened: int = 0
    in_save: int = 0
    unsaved: int = 0

    def table(self) -> str:
        """Markdown table of one row."""
        names = [name.replace("_", " ") for name in vars(self)]
        values = [str(value) for value in vars(self).values()]
        lines = (names, ["---:"] * len(names), values)
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def kill_often(tmp_path: Path, kills: int, longest_life_s: float) -> KillCount:
    """Kill a process that paints into one project, again and again, and count."""
    make_frames(tmp_path / "frames", count=5, height=64, width=64)
    session, _ = make_project(tmp_path)
    session.close()
    rng = random.Random(7)
    count = KillCount()
    last = 0
    with painter() as edit_and_kill:
        for number in range(kills):
            life_s = rng.random() * longest_life_s
            done = edit_and_kill("strokes", session.folder, number, life_s)
            count.kills += 1
            count.in_save += any(LEFTOVER.fullmatch(p.name) for p in session.folder.rglob(".*"))
            try:
                loaded = load_project(session.folder)
            except ProjectError:
                count.unopened += 1
                continue
            count.unsaved += not loaded.unsaved.is_empty
            found = painted(loaded.document)
            last = max(found)
            assert found == set(range(last + 1))  # no hole
            assert last <= done + 1  # at most the one in hand is more than what was told
            count.lost += max(0, done - last)
            count.most_lost = max(count.most_lost, done - last)
    count.strokes = last + 1
    reopened = ProjectSession.open(session.folder)
    assert painted(reopened.document) == set(range(last + 1))
    assert reopened.warnings == []
    reopened.close()
    return count


def test_a_process_killed_during_any_edit_leaves_the_state_before_or_after_it(tmp_path):
    rng = random.Random(3)
    make_frames(tmp_path / "frames", count=4, height=48, width=60)
    ends = set()
    with painter() as edit_and_kill:
        for seed in range(10):
            session, _ = make_project(tmp_path, f"project {seed}")
            session.close()
            done = edit_and_kill("everything", session.folder, seed, rng.random() * 0.25)
            loaded = load_project(session.folder)
            assert loaded.warnings == []
            check_consistent(loaded.document)
            twin, _ = make_project(tmp_path, f"twin {seed}")
            edits = random_edits(twin.document, seed)
            while next(edits) < done:
                pass
            states = [state_of(twin.document)]
            next(edits)
            states.append(state_of(twin.document))
            twin.close()
            assert state_of(loaded.document) in states
            ends.add(done)
    assert max(ends) > 20


def test_twelve_kills_lose_no_finished_stroke(tmp_path):
    count = kill_often(tmp_path, 12, 0.15)
    assert (count.kills, count.lost, count.unopened) == (12, 0, 0)
    assert count.strokes > 12 and count.unsaved > 0


@pytest.mark.slow
def test_a_hundred_kills_lose_no_finished_stroke(tmp_path, capsys):
    count = kill_often(tmp_path, 100, 0.25)
    with capsys.disabled():
        sys.stdout.write(f"\n{count.table()}\n")
    assert (count.kills, count.lost, count.unopened) == (100, 0, 0)
    assert count.strokes > 100
    assert count.in_save > 0 and count.unsaved > 50

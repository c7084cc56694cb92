"""A process killed at any moment, a save under way or not, loses at most the stroke in hand."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from annotator.storage.project import load_project
from annotator.storage.session import ProjectSession
from tests.storage.painter import painted
from tests.storage.projects import make_frames, make_project

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

ROOT = Path(__file__).resolve().parents[2]


def kill_often(tmp_path: Path, kills: int, longest_life_s: float) -> tuple[int, int, int]:
    """Kill a painter again and again; returns (kills, strokes lost, strokes in all)."""
    make_frames(tmp_path / "frames", count=5, height=64, width=64)
    session, _ = make_project(tmp_path)
    session.close()
    rng = random.Random(7)
    painter = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.painter"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert painter.stdin is not None and painter.stdout is not None
    lost = last = 0
    try:
        for number in range(kills):
            painter.stdin.write(f"{session.folder} {number}\n")
            painter.stdin.flush()
            pid = int(painter.stdout.readline().split()[1])
            done = int(painter.stdout.readline())  # it has begun
            time.sleep(rng.random() * longest_life_s)
            os.kill(pid, signal.SIGKILL)
            while (line := painter.stdout.readline()) != "gone\n":
                if line.endswith("\n"):
                    done = int(line)
            found = painted(load_project(session.folder).document)
            last = max(found)
            assert found == set(range(last + 1))  # no hole
            assert last in (done, done + 1)  # all that were done, or one more
            lost += max(0, done - last)
    finally:
        painter.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            painter.wait(10)
        painter.kill()
        painter.stdout.close()
    reopened = ProjectSession.open(session.folder)
    assert painted(reopened.document) == set(range(last + 1))
    assert reopened.warnings == []
    reopened.close()
    return kills, lost, last + 1


def test_twelve_kills_lose_no_finished_stroke(tmp_path):
    _, lost, strokes = kill_often(tmp_path, 12, 0.15)
    assert lost == 0
    assert strokes > 12


@pytest.mark.slow
def test_a_hundred_kills_lose_no_finished_stroke(tmp_path):
    kills, lost, strokes = kill_often(tmp_path, 100, 0.25)
    assert (kills, lost) == (100, 0)
    assert strokes > 100

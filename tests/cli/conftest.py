"""Running ``vos`` in this process, and a small video to run it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.support.fake_propagator import FakePropagator
from tests.support.videos import constant_times, write_numbered_video
from vos_core.cli import propagate as propagate_command
from vos_core.cli.app import run
from vos_core.media import write_label_map


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def vos(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run ``vos`` with some words and tell its exit code and what it printed."""

    def call(*words: str | Path) -> Outcome:
        capfd.readouterr()
        code = run([str(word) for word in words])
        printed = capfd.readouterr()
        return Outcome(code, printed.out, printed.err)

    return call


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakePropagator:
    """Put a propagator without a network in the place of the real one."""
    propagator = FakePropagator()
    monkeypatch.setattr(propagate_command, "load_propagator", lambda model, device: propagator)
    return propagator


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A numbered video of 10 frames, 64 rows and 96 columns."""
    return write_numbered_video(tmp_path_factory.mktemp("clip") / "clip.mp4", constant_times(10))


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """A mask for it with two objects."""
    label_map = np.zeros((64, 96), np.uint8)
    label_map[10:30, 10:40] = 1
    label_map[40:60, 20:30] = 2
    path = tmp_path / "mask.png"
    write_label_map(path, label_map)
    return path

"""The window lives while the worker works: gaps between ticks of a timer in its thread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotator.demo.gaps import GapMeter
from tests.support.fake_backend import FakeBackend
from tests.support.gui import Driver, write_frames

pytestmark = pytest.mark.gui


def busy_matrices() -> None:
    """Compute as torch does: in a library that lets go of the interpreter's lock."""
    values = np.random.default_rng(0).standard_normal((700, 700)).astype(np.float32)
    for _ in range(6):
        values = values @ values
        values /= np.abs(values).max() + 1


def test_the_window_answers_within_50_ms_while_frames_are_computed(
    driver: Driver, backend: FakeBackend, tmp_path: Path
) -> None:
    backend.work = busy_matrices
    driver.open(write_frames(tmp_path / "large", 12, 540, 960))
    driver.window.brush_size.set_diameter(120)
    driver.drag([(300, 200), (500, 300)])
    meter = GapMeter(driver.window)
    meter.start()
    driver.qtbot.wait(1000)
    meter.stop()
    alone = meter.summary()["max_ms"]  # what a busy machine takes with no run at all
    worst = 1000.0
    for _ in range(3):  # another process may take the core away: one quiet run of three is asked
        meter.gaps_ms.clear()
        steps = len(backend.steps)
        driver.go_to(0)
        meter.start()
        driver.trigger("propagate.forward")
        driver.wait_for_end(60000)
        meter.stop()
        assert len(backend.steps) == steps + 11
        worst = min(worst, meter.summary()["max_ms"])
        if worst < 50:
            break
    assert max(meter.busy_ms) < 30, "the window's thread itself was busy for too long"
    assert worst < 50 + max(alone - 10, 0), f"the window was deaf for {worst:.0f} ms"


def test_the_first_propagated_frame_is_in_the_document_within_a_second(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.application.service.load()
    driver.wait(lambda: driver.application.network.backend is not None)
    driver.drag([(20, 20), (40, 20)])
    driver.trigger("propagate.forward")
    driver.wait(lambda: driver.document.label_map(1).any(), timeout=1000)
    driver.wait_for_end()

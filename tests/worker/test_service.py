"""The worker: jobs in, results out, and the flags that get in between two frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from annotator.worker.engine import MAX_UNSEEN_RESULTS
from annotator.worker.jobs import (
    Correction,
    Direction,
    EndReason,
    JobEnd,
    JobResult,
    PropagationJob,
)
from annotator.worker.service import PropagationService
from tests.support.fake_backend import FakeBackend

pytestmark = pytest.mark.gui

H, W = 8, 12


class Frames:
    """Frames that note in which thread they are read and that they were closed."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.closed = False

    def read(self, index: int) -> np.ndarray:
        self.threads.add(threading.get_ident())
        return np.full((H, W, 3), index, np.uint8)

    def close(self) -> None:
        self.closed = True


class Log:
    def __init__(self, service: PropagationService) -> None:
        self.results: list[JobResult] = []
        self.ends: list[JobEnd] = []
        service.result_ready.connect(self.results.append)
        service.job_ended.connect(self.ends.append)

    @property
    def frames(self) -> list[int]:
        return [message.result.index for message in self.results]


@pytest.fixture
def frames() -> Frames:
    return Frames()


@pytest.fixture
def service(qtbot: QtBot, backend: FakeBackend, frames: Frames) -> Iterator[PropagationService]:
    made = PropagationService(backend, lambda _path: frames)
    yield made
    backend.gate.set()
    made.shut_down()
    made.deleteLater()


def job(number: int, last: int, *references: int, direction: str = "forward") -> PropagationJob:
    """From frame 0 (and other references) to the last frame."""
    label_map = np.zeros((H, W), np.uint8)
    label_map[2:4, 2:4] = 1
    return PropagationJob(
        number=number,
        frames_path=Path("clip"),
        references=dict.fromkeys((0, *references), label_map),
        direction=Direction(direction),
        start=0,
        first=0,
        last=last,
    )


def test_a_job_copies_and_freezes_what_it_is_given() -> None:
    label_map = np.ones((2, 2), np.uint8)
    made = PropagationJob(1, Path("x"), {0: label_map}, Direction.FORWARD, 0, 0, 3)
    label_map[:] = 7
    assert (made.references[0] == 1).all()
    with pytest.raises(ValueError, match="read-only"):
        made.references[0][0, 0] = 3
    with pytest.raises(TypeError):
        made.references[1] = label_map  # type: ignore[index]


def test_results_come_frame_by_frame_with_progress(
    service: PropagationService, backend: FakeBackend, qtbot: QtBot
) -> None:
    log = Log(service)
    service.start(job(1, 3, 3))
    qtbot.waitUntil(lambda: bool(log.ends), timeout=5000)
    assert log.frames == [1, 2, 2, 1]  # from both sides
    assert [(m.done, m.total) for m in log.results] == [(i, 4) for i in range(1, 5)]
    assert log.ends == [JobEnd(1, EndReason.FINISHED)]
    assert backend.open_passes == 0
    assert not log.results[0].result.label_map.flags.writeable


def test_everything_happens_in_one_other_thread(
    service: PropagationService, backend: FakeBackend, frames: Frames, qtbot: QtBot
) -> None:
    log = Log(service)
    service.start(job(1, 2))
    qtbot.waitUntil(lambda: bool(log.ends), timeout=5000)
    service.start(job(2, 2))
    qtbot.waitUntil(lambda: len(log.ends) == 2, timeout=5000)
    assert frames.threads == backend.threads and len(backend.threads) == 1
    assert threading.get_ident() not in backend.threads


def test_results_of_an_older_job_are_dropped(
    service: PropagationService, backend: FakeBackend, qtbot: QtBot
) -> None:
    log = Log(service)
    backend.gate.clear()
    service.start(job(1, 3))
    qtbot.waitUntil(lambda: len(backend.starts) == 1, timeout=5000)
    service.start(job(2, 2))
    backend.gate.set()
    qtbot.waitUntil(lambda: bool(log.ends), timeout=5000)
    assert log.frames == [1, 2] and [m.number for m in log.results] == [2, 2]
    assert log.ends == [JobEnd(2, EndReason.FINISHED)]


def test_an_old_number_is_refused(service: PropagationService) -> None:
    service.start(job(3, 1))
    with pytest.raises(ValueError, match="not newer"):
        service.start(job(3, 1))


def test_a_correction_ahead_becomes_a_reference_and_is_no_target(
    service: PropagationService, backend: FakeBackend, qtbot: QtBot
) -> None:
    log = Log(service)
    backend.gate.clear()
    service.start(job(1, 4))
    service.correct(Correction(1, 3, np.full((H, W), 5, np.uint8)))
    backend.gate.set()
    qtbot.waitUntil(lambda: bool(log.ends), timeout=5000)
    # frame 3 shows another object: from there nothing comes back
    assert log.frames == [1, 2, 4] and backend.corrections == [3]
    assert log.results[-1].result.label_map.max() == 5


def test_a_correction_of_another_job_is_ignored(
    service: PropagationService, backend: FakeBackend, qtbot: QtBot
) -> None:
    log = Log(service)
    backend.gate.clear()
    service.start(job(2, 2))
    service.correct(Correction(1, 2, np.full((H, W), 5, np.uint8)))
    backend.gate.set()
    qtbot.waitUntil(lambda: bool(log.ends), timeout=5000)
    assert log.frames == [1, 2] and backend.corrections == []


def test_the_worker_waits_for_a_window_that_does_not_take_results(
    service: PropagationService, backend: FakeBackend
) -> None:
    """Without an event loop in this thread nothing is taken; memory must not fill with results."""
    service.start(job(1, 39))
    threading.Event().wait(0.5)
    assert len(backend.steps) <= MAX_UNSEEN_RESULTS


def test_shutting_down_in_the_middle_ends_thread_and_reader(
    service: PropagationService, backend: FakeBackend, frames: Frames, qtbot: QtBot
) -> None:
    backend.seconds = 0.05
    log = Log(service)
    service.start(job(1, 99))
    qtbot.waitUntil(lambda: len(log.results) >= 2, timeout=5000)
    service.shut_down()
    steps = len(backend.steps)
    threading.Event().wait(0.2)
    assert len(backend.steps) == steps and frames.closed and backend.open_passes == 0
    service.shut_down()  # twice does no harm


def test_a_load_that_fails_is_told_and_tried_again(
    service: PropagationService, backend: FakeBackend, qtbot: QtBot
) -> None:
    backend.load_error = "no weights here"
    with qtbot.waitSignal(service.load_failed) as failed:
        service.load()
    assert failed.args == ["no weights here"]
    log = Log(service)
    backend.load_error = None
    with qtbot.waitSignal(service.loaded):
        service.start(job(1, 1))
    qtbot.waitUntil(lambda: bool(log.ends), timeout=5000)
    assert log.frames == [1]

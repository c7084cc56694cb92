"""A closer look in the worker's thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from annotator.model.label_maps import PackedMap
from annotator.worker.inspection import InspectionRequest, InspectionService
from annotator.worker.service import PropagationService
from tests.support.fake_backend import FakeBackend
from tests.support.gui import FRAME_HEIGHT, FRAME_WIDTH, write_frames
from vos_core.media import open_frames


@pytest.fixture
def services(backend: FakeBackend) -> Iterator[tuple[PropagationService, InspectionService]]:
    service = PropagationService(backend, open_frames)
    yield service, InspectionService(service, backend, open_frames)
    service.shut_down()


def request(number: int, path: Path, frame: int) -> InspectionRequest:
    label_map = np.zeros((FRAME_HEIGHT, FRAME_WIDTH), np.uint8)
    label_map[20:40, 20:40] = 3
    packed = PackedMap.of(label_map)
    return InspectionRequest(number, path, frame, {0: packed}, (frame - 1, packed), (3,))


def test_only_the_newest_request_is_answered(
    qtbot: QtBot, tmp_path: Path, backend: FakeBackend, services: tuple
) -> None:
    service, looks = services
    path = write_frames(tmp_path / "clip", 5)
    with qtbot.waitSignal(service.loaded):
        service.load()
    heard: list[int] = []
    looks.inspected.connect(lambda found: heard.append(found.frame))
    with qtbot.waitSignal(looks.inspected) as signal:
        for frame in (1, 2, 3):
            looks.request(request(looks.next_number(), path, frame))
    assert heard == [3]
    found = signal.args[0]
    assert found.object_ids == (3,) and found.reference_frames == (0,)
    assert found.probabilities[0, 7, 7] == 200 and found.probabilities[0, 0, 0] == 10
    assert backend.threads and threading.get_ident() not in backend.threads


def test_a_failure_is_told_and_the_thread_lives(
    qtbot: QtBot, tmp_path: Path, services: tuple
) -> None:
    service, looks = services
    path = write_frames(tmp_path / "clip", 5)
    with qtbot.waitSignal(looks.failed) as signal:
        looks.request(request(looks.next_number(), path, 1))
    assert "not loaded" in signal.args[0]
    with qtbot.waitSignal(service.loaded):
        service.load()
    with qtbot.waitSignal(looks.failed) as signal:
        looks.request(request(looks.next_number(), tmp_path / "gone", 1))
    with qtbot.waitSignal(looks.inspected):
        looks.request(request(looks.next_number(), path, 2))

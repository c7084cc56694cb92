"""The steered job with the real network: both ways, corrections on the way, undo, verify, again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from annotator.application import Application
from annotator.model.cells import CellState
from annotator.model.commands import AddObject
from annotator.model.commands.frames import ReplaceLabelMap
from annotator.storage.settings import Settings
from annotator.worker.backend import NetworkBackend
from tests.support.gui import Driver, destroy
from vos_core.media import open_frames
from vos_core.media.sample import sample_clip, sample_masks

pytestmark = [pytest.mark.gui, pytest.mark.slow]

FRAMES, ROWS = 9, 160
LONG = 120_000


@pytest.fixture
def clip(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Nine small frames of the sample clip and the mask of the first."""
    folder = tmp_path / "short"
    folder.mkdir()
    with open_frames(sample_clip()) as source:
        scale = ROWS / source.read(0).shape[0]
        for index in range(FRAMES):
            frame = source.read(2 * index)
            small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            Image.fromarray(small).save(folder / f"{index:05d}.png")
    size = small.shape[1], small.shape[0]
    mask = cv2.resize(sample_masks()[0], size, interpolation=cv2.INTER_NEAREST)
    return folder, np.asarray(mask, np.uint8)


@pytest.fixture
def network_driver(
    make_driver: Callable[[], Driver], qtbot: QtBot, tmp_path: Path
) -> Callable[[], Driver]:
    """A window with the shipped weights on the processor."""
    del make_driver

    def build() -> Driver:
        application = Application(
            backend=NetworkBackend(device="cpu"), settings=Settings(tmp_path / "settings.json")
        )
        application.window.show()
        qtbot.waitExposed(application.window)
        return Driver(application, qtbot)

    return build


def put(driver: Driver, frame: int, mask: np.ndarray) -> None:
    """Put a person's mask on a frame."""
    workspace = driver.application.editor.workspace
    assert workspace is not None
    while len(driver.document.objects) < int(mask.max()):
        workspace.history.do(AddObject.prepare(driver.document))
    workspace.history.do(ReplaceLabelMap.prepare(driver.document, frame, mask))


def scrub_and_zoom(driver: Driver) -> None:
    """Scrub to the end and zoom in, as one does while masks travel."""
    driver.go_to(FRAMES - 1)
    driver.wheel(40, 40, 1)
    QTest.mouseMove(driver.canvas.viewport(), QPoint(30, 30))


def test_the_steered_job(
    network_driver: Callable[[], Driver], clip: tuple[Path, np.ndarray]
) -> None:
    folder, mask = clip
    driver = network_driver()
    try:
        driver.application.service.load()
        driver.wait(lambda: driver.application.network.backend is not None, LONG)
        driver.open(folder)
        put(driver, 0, mask)
        _correct_during_the_run(driver, mask)
        _both_ways_and_undo(driver)
        _verify_and_do_one_object_again(driver)
    finally:
        destroy(driver.application)


def _correct_during_the_run(driver: Driver, mask: np.ndarray) -> None:
    document = driver.document
    driver.key(Qt.Key.Key_F)
    driver.wait(lambda: len(document.cells.frames_of(1)) >= 5, LONG)
    put(driver, 3, np.roll(mask, 6, axis=1))  # passed already
    corrected = document.label_map(3).copy()
    put(driver, 7, np.roll(mask, 12, axis=1))  # ahead
    ahead = document.label_map(7).copy()
    scrub_and_zoom(driver)
    driver.wait_for_end(LONG)
    np.testing.assert_array_equal(document.label_map(3), corrected)
    np.testing.assert_array_equal(document.label_map(7), ahead)
    assert document.cells.state(3, 1) is CellState.CORRECTED
    made = [f for f in range(FRAMES) if document.cells.state(f, 1) is CellState.PROPAGATED]
    assert made == [1, 2, 4, 5, 6, 8]
    assert document.reference_frames() == (0, 3, 7)


def _both_ways_and_undo(driver: Driver) -> None:
    document = driver.document
    before = [document.label_map(i).copy() for i in range(FRAMES)]
    driver.go_to(3)
    driver.trigger("propagate.both")
    driver.wait_for_end(LONG)
    for index in (0, 3, 7):
        np.testing.assert_array_equal(document.label_map(index), before[index])
    assert document.reliability_map(5) is not None
    driver.trigger("edit.undo")
    for index, label_map in enumerate(before):
        np.testing.assert_array_equal(document.label_map(index), label_map)
    driver.trigger("edit.redo")


def _verify_and_do_one_object_again(driver: Driver) -> None:
    document = driver.document
    driver.go_to(5)
    driver.trigger("review.verify")
    verified = document.label_map(5).copy()
    others = [document.label_map(i) != 1 for i in range(FRAMES)]
    frozen = [np.where(others[i], document.label_map(i), 0) for i in range(FRAMES)]
    assert driver.application.propagation.propagate_range(4, 6, (1,))
    driver.wait_for_end(LONG)
    np.testing.assert_array_equal(document.label_map(5), verified)
    for index in range(FRAMES):
        kept = frozen[index] > 0
        np.testing.assert_array_equal(document.label_map(index)[kept], frozen[index][kept])

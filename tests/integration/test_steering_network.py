"""The steered job with the real network: both ways, corrections on the way, undo, verify, again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
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
from tests.integration.test_exchange import import_dialog, press_import, run_export
from tests.support.gui import Driver, destroy
from vos_core.matching import global_matching
from vos_core.media import open_frames
from vos_core.media.sample import sample_clip, sample_masks
from vos_core.networks.aoc_lite import AocLite, Features

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
    network_driver: Callable[[], Driver], clip: tuple[Path, np.ndarray], tmp_path: Path
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
        _out_and_into_an_empty_project(driver, network_driver(), tmp_path)
    finally:
        destroy(driver.application)


def test_a_device_without_memory_goes_down_says_so_and_every_frame_is_made(
    network_driver: Callable[[], Driver],
    clip: tuple[Path, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, mask = clip
    encode = AocLite.encode
    largest = []

    def encode_if_it_fits(self: AocLite, images: torch.Tensor) -> Features:
        if min(images.shape[-2:]) > 150 and len(largest) >= 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        largest.append(min(images.shape[-2:]))
        return encode(self, images)

    monkeypatch.setattr(AocLite, "encode", encode_if_it_fits)
    monkeypatch.setattr(global_matching, "CHUNK_ELEMENTS", 1 << 20)
    monkeypatch.setattr(global_matching, "DEVICE_CHUNK_ELEMENTS", 1 << 20)
    driver = network_driver()
    try:
        driver.open(folder)
        put(driver, 0, mask)
        told: list[str] = []
        driver.application.editor.message.connect(lambda text, _severity: told.append(text))
        driver.key(Qt.Key.Key_F)
        driver.wait_for_end(LONG)
        assert any("smaller chunks" in text for text in told)
        assert any("144 rows instead of 160" in text for text in told)
        for index in range(1, FRAMES):
            assert driver.document.cells.state(index, 1) is CellState.PROPAGATED
            assert driver.document.label_map(index).shape == mask.shape
            assert (driver.document.label_map(index) == 1).any()
    finally:
        destroy(driver.application)


def test_a_network_that_breaks_in_the_middle_keeps_its_frames_and_runs_again(
    network_driver: Callable[[], Driver],
    clip: tuple[Path, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, mask = clip
    step = AocLite.step
    steps = []

    def break_at_the_fourth(self: AocLite, *arguments: object) -> object:
        steps.append(1)
        if len(steps) == 4:
            raise RuntimeError("the driver was reset")
        return step(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(AocLite, "step", break_at_the_fourth)
    driver = network_driver()
    try:
        driver.open(folder)
        put(driver, 0, mask)
        driver.key(Qt.Key.Key_F)
        driver.wait_for_end(LONG)
        text = driver.window.messages.text
        assert "the driver was reset" in text and "3 frames done before it are kept" in text
        assert [driver.document.cells.state(i, 1) for i in range(5)] == [
            CellState.DRAWN,
            *3 * [CellState.PROPAGATED],
            CellState.EMPTY,
        ]
        driver.go_to(2)
        driver.key(Qt.Key.Key_F)
        driver.wait_for_end(LONG)
        assert driver.document.cells.state(FRAMES - 1, 1) is CellState.PROPAGATED
    finally:
        destroy(driver.application)


def stroke(driver: Driver, frame: int) -> np.ndarray:
    """Paint a piece of object 1 with the mouse while a run goes on; where it lies."""
    driver.go_to(frame)
    driver.application.editor.choose_object(1)
    driver.window.brush_size.set_diameter(12)
    driver.drag([(30, 40), (60, 40)])
    rows, columns = np.mgrid[38:43, 32:58]
    return np.ravel_multi_index((rows, columns), driver.document.label_map(frame).shape)


def _correct_during_the_run(driver: Driver, mask: np.ndarray) -> None:
    document = driver.document
    driver.key(Qt.Key.Key_F)
    driver.wait(lambda: len(document.cells.frames_of(1)) >= 5, LONG)
    put(driver, 3, np.roll(mask, 6, axis=1))  # passed already
    corrected = document.label_map(3).copy()
    painted = stroke(driver, 7)  # ahead, unless the machine is quick
    scrub_and_zoom(driver)
    driver.wait_for_end(LONG)
    np.testing.assert_array_equal(document.label_map(3), corrected)
    assert (document.label_map(7).ravel()[painted] == 1).all()
    assert document.cells.state(3, 1) is CellState.CORRECTED
    assert document.cells.state(7, 1) in (CellState.DRAWN, CellState.CORRECTED)
    made = [f for f in range(FRAMES) if document.cells.state(f, 1) is CellState.PROPAGATED]
    assert made == [1, 2, 4, 5, 6, 8]
    assert document.reference_frames() == (0, 3, 7)


def _both_ways_and_undo(driver: Driver) -> None:
    document = driver.document
    before = [document.label_map(i).copy() for i in range(FRAMES)]
    driver.go_to(3)
    driver.trigger("propagate.both")
    driver.wait_for_end(LONG)
    for index in (0, 3):
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


def _out_and_into_an_empty_project(driver: Driver, second: Driver, tmp_path: Path) -> None:
    """Export as DAVIS masks; another window takes them in and has the same bytes in its files."""
    try:
        run_export(driver, "davis", tmp_path / "export")
        again = tmp_path / "again"
        shutil.copytree(tmp_path / "short", again)
        second.open(again)
        assert press_import(second, import_dialog(second, tmp_path / "export")) == FRAMES
        for index in range(FRAMES):
            np.testing.assert_array_equal(
                second.document.label_map(index), driver.document.label_map(index)
            )
        np.testing.assert_array_equal(second.document.cells.states, driver.document.cells.states)
        files = []
        for each in (driver, second):
            assert each.application.session.save()
            workspace = each.application.editor.workspace
            assert workspace is not None and workspace.project is not None
            masks = (workspace.project.folder / "masks").iterdir()
            files.append({path.name: path.read_bytes() for path in masks})
        assert files[0] == files[1] and len(files[0]) == FRAMES
    finally:
        destroy(second.application)

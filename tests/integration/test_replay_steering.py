"""Everything a person steers with, played again byte for byte, with a small real network."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from annotator.cli import run
from annotator.exchange.choices import ImportWay
from annotator.storage.interaction_log import LOG_NAME, read_log
from annotator.worker.backend import NetworkBackend
from annotator.worker.jobs import BackendInfo, NetworkChoice
from tests.integration.test_exchange import import_dialog, press_import
from tests.support.gui import Driver
from tests.support.tiny_network import SIZE, moving_squares, tiny_propagator
from vos_core.inference import Propagator
from vos_core.media import write_label_map

pytestmark = [pytest.mark.gui, pytest.mark.timeout(600)]

FRAMES = 10
LONG = 120_000


class TinyBackend(NetworkBackend):
    """The propagator of the library with a small network; waits between frames when told to."""

    gate = load_gate = threading.Event()

    def load(self, choice: NetworkChoice | None = None) -> BackendInfo:
        super().load(choice)
        return BackendInfo("tiny", "cpu", "float32")


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> TinyBackend:
    """Loads the small network, here and in the command that replays."""
    monkeypatch.setattr(Propagator, "load", lambda **_: tiny_propagator())
    return TinyBackend()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Ten frames of two squares that move."""
    frames, _ = moving_squares(FRAMES, objects=2, seed=3)
    folder = tmp_path / "squares"
    folder.mkdir()
    for index, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{index:05d}.png")
    return folder


def paint(driver: Driver, frame: int, object_id: int, x: int, y: int) -> None:
    driver.go_to(frame)
    driver.application.editor.choose_object(object_id)
    driver.drag([(x, y), (x + 14, y), (x + 14, y + 6)])


def switch(driver: Driver, name: str, value: bool) -> None:
    action = driver.window.actions_table[name]
    if action.isChecked() != value:
        action.trigger()


def begin(driver: Driver, clip: Path) -> None:
    """Two objects in frame 0, the first also in the last frame."""
    driver.application.service.load()
    driver.open(clip)
    driver.wait(lambda: driver.application.network.backend is not None, LONG)
    driver.window.brush_size.set_diameter(12)
    driver.drag([(20, 20), (34, 20)])
    driver.trigger("object.add")
    driver.drag([(60, 60), (74, 60)])
    paint(driver, FRAMES - 1, 1, 30, 24)


def both_sides(driver: Driver, clip: Path) -> None:
    driver.go_to(0)
    driver.trigger("propagate.both")
    driver.wait_for_end(LONG)
    driver.trigger("edit.undo")
    driver.trigger("edit.redo")


def correction_on_the_way(driver: Driver, clip: Path) -> None:
    driver.go_to(0)
    driver.key(Qt.Key.Key_F)
    done = driver.document.cells
    driver.wait(lambda: len(done.frames_of(1)) > 3, LONG)
    driver.trigger("propagate.pause")
    paint(driver, 1, 1, 40, 40)
    paint(driver, 6, 2, 62, 30)
    driver.trigger("propagate.pause")
    driver.wait_for_end(LONG)


def a_range(driver: Driver, clip: Path) -> None:
    both_sides(driver, clip)
    assert driver.application.propagation.propagate_range(3, 5, (2,))
    driver.wait_for_end(LONG)


def chosen_objects_only(driver: Driver, clip: Path) -> None:
    switch(driver, "propagate.chosen_only", True)
    paint(driver, 2, 2, 20, 70)
    driver.trigger("propagate.forward")
    driver.wait_for_end(LONG)
    driver.trigger("propagate.backward")
    driver.wait_for_end(LONG)
    switch(driver, "propagate.chosen_only", False)


def tools_on_masks(driver: Driver, clip: Path) -> None:
    driver.go_to(0)
    driver.trigger("propagate.forward")
    driver.wait_for_end(LONG)
    paint(driver, 4, 1, 30, 30)
    for name in ("mask.grow", "mask.smooth", "mask.holes", "mask.shrink", "mask.islands"):
        driver.trigger(name)
    driver.trigger("edit.undo")
    driver.go_to(5)
    driver.trigger("mask.copy_previous")
    driver.trigger("propagate.forward")
    driver.wait_for_end(LONG)


def imported_as_new_objects(driver: Driver, clip: Path) -> None:
    both_sides(driver, clip)
    label_map = np.zeros((SIZE, SIZE), np.uint8)
    label_map[5:15, 70:90] = 1
    masks = clip.parent / "masks"
    for frame in (2, 3):
        write_label_map(masks / f"{frame:05d}.png", label_map)
    dialog = import_dialog(driver, masks)
    dialog.objects.choose_way(ImportWay.NEW)
    assert press_import(driver, dialog) == 2
    driver.go_to(2)
    driver.trigger("propagate.forward")
    driver.wait_for_end(LONG)


def other_switches(driver: Driver, clip: Path) -> None:
    switch(driver, "propagate.both_sides", False)
    switch(driver, "propagate.memory", True)
    driver.go_to(0)
    driver.trigger("propagate.forward")
    driver.wait_for_end(LONG)
    driver.go_to(3)
    driver.trigger("propagate.promote")
    driver.go_to(5)
    driver.trigger("review.verify")
    driver.go_to(0)
    driver.trigger("propagate.to_verified")
    driver.wait_for_end(LONG)
    driver.go_to(3)
    driver.trigger("propagate.exclude")
    driver.go_to(0)
    driver.trigger("propagate.forward")
    driver.wait_for_end(LONG)
    switch(driver, "propagate.both_sides", True)
    switch(driver, "propagate.memory", False)


@pytest.mark.parametrize(
    "act",
    [
        both_sides,
        correction_on_the_way,
        a_range,
        chosen_objects_only,
        tools_on_masks,
        imported_as_new_objects,
        other_switches,
    ],
)
def test_what_was_steered_comes_out_the_same(
    driver: Driver,
    clip: Path,
    capsys: pytest.CaptureFixture[str],
    act: Callable[[Driver, Path], None],
) -> None:
    begin(driver, clip)
    act(driver, clip)
    workspace = driver.application.editor.workspace
    assert workspace is not None and workspace.project is not None
    project = workspace.project.folder
    driver.trigger("file.close")
    results = sum(line["e"] == "result" for line in read_log(project / LOG_NAME))
    capsys.readouterr()
    code = run(["replay", str(project), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (report["differing_frames"], report["unlike"], report["warnings"]) == ([], [], [])
    assert code == 0 and report["results"] == results >= 5

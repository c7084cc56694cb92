"""The real network: a session on the sample clip, replayed by the command byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from annotator.application import Application
from annotator.cli import run
from annotator.storage.settings import Settings
from annotator.worker.backend import NetworkBackend
from tests.support.gui import Driver, destroy
from tests.support.tiny_network import moving_squares

pytestmark = [pytest.mark.gui, pytest.mark.slow]


@pytest.mark.timeout(300)
def test_the_masks_of_the_real_network_are_made_again(
    qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames, _ = moving_squares(7, size=(129, 161), objects=1, seed=5)
    folder = tmp_path / "clip"
    folder.mkdir()
    for index, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{index:05d}.png")
    application = Application(
        backend=NetworkBackend("aoc-lite", "cpu"), settings=Settings(tmp_path / "settings.json")
    )
    application.window.show()
    driver = Driver(application, qtbot)
    with qtbot.waitSignal(application.service.loaded, timeout=120000):
        application.service.load()
    driver.open(folder)
    driver.window.brush_size.set_diameter(20)
    driver.drag([(60, 60), (80, 60)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end(120000)
    driver.go_to(3)
    driver.drag([(40, 40), (60, 40)])
    driver.trigger("propagate.both")  # between frames 0 and 3 from both sides
    driver.wait(lambda: driver.application.propagation.is_running, 120000)
    driver.go_to(5)
    driver.drag([(90, 90), (104, 90)])  # a correction while it runs
    driver.wait_for_end(120000)
    driver.trigger("edit.undo")
    driver.trigger("edit.redo")
    driver.trigger("object.add")
    driver.go_to(0)
    driver.drag([(20, 100), (34, 100)])
    assert driver.application.propagation.propagate_range(1, 4, (2,))
    driver.wait_for_end(120000)
    workspace = application.editor.workspace
    assert workspace is not None and workspace.project is not None
    project = workspace.project.folder
    destroy(application)
    capsys.readouterr()
    assert run(["replay", str(project), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["differing_frames"] == [] and report["unlike"] == []
    assert report["results"] >= 9 and report["warnings"] == []
    assert run(["effort", str(project)]) == 0
    assert "corrections" in capsys.readouterr().out

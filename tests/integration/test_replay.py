"""A session on the real window, written down and played again, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from annotator.controller.replay import Replay, differing_frames
from annotator.model.document import Document
from annotator.storage.errors import ProjectFormatError
from annotator.storage.interaction_log import LOG_NAME, read_log
from annotator.storage.project import load_project
from tests.model.states import state_of
from tests.support.fake_backend import FakeBackend
from tests.support.gui import FRAME_HEIGHT, FRAME_WIDTH, Driver
from vos_core.media import open_frames

pytestmark = pytest.mark.gui


def project_folder(driver: Driver) -> Path:
    workspace = driver.application.editor.workspace
    assert workspace is not None and workspace.project is not None
    return workspace.project.folder


def replayed(folder: Path, frames: Path, count: int = 12) -> tuple[Replay, Document]:
    made = Document(count, FRAME_HEIGHT, FRAME_WIDTH)
    with open_frames(frames) as source:
        replay = Replay(made, frames, source.read, FakeBackend())
        replay.play(read_log(folder / LOG_NAME))
    return replay, made


def work(driver: Driver, backend: FakeBackend, folder: Path) -> Path:
    """Paint, propagate, correct behind and ahead of the run, undo, redo, verify, run again."""
    driver.application.service.load()
    driver.open(folder)
    driver.window.brush_size.set_diameter(10)
    driver.drag([(20, 20), (32, 20)])
    driver.trigger("object.add")
    driver.drag([(20, 45), (32, 45)])
    backend.seconds = 0.02
    driver.key(Qt.Key.Key_F)
    driver.wait(lambda: len(backend.steps) >= 4)
    driver.trigger("propagate.pause")
    driver.go_to(2)  # behind the run
    driver.drag([(60, 10), (70, 10)])
    driver.go_to(9)  # ahead of it
    driver.application.editor.choose_object(1)
    driver.drag([(60, 30), (66, 30)])
    driver.trigger("propagate.pause")
    driver.wait_for_end()
    backend.seconds = 0.0
    driver.go_to(6)
    driver.trigger("review.verify")
    driver.drag([(80, 50), (84, 50)])
    driver.trigger("edit.undo")
    driver.trigger("edit.undo")
    driver.trigger("edit.redo")
    driver.go_to(0)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    return project_folder(driver)


def test_a_session_is_made_again_byte_for_byte(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    folder = work(driver, backend, frames_folder)
    wanted = state_of(driver.document)
    driver.trigger("file.close")
    replay, made = replayed(folder, frames_folder)
    report = replay.report
    assert report.edits >= 6 and report.results >= 15 and report.sessions == 1
    assert report.unlike == []
    assert state_of(made) == wanted
    assert differing_frames(made, load_project(folder).document) == []


def test_the_log_goes_on_when_the_project_is_opened_again(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    folder = work(driver, backend, frames_folder)
    driver.trigger("file.close")
    driver.open(frames_folder)
    driver.go_to(3)
    driver.drag([(10, 10), (14, 10)])
    wanted = state_of(driver.document)
    driver.trigger("file.close")
    assert not any("base" in line for line in read_log(folder / LOG_NAME))
    replay, made = replayed(folder, frames_folder)
    assert replay.report.sessions == 2
    assert state_of(made) == wanted


def test_what_something_else_changed_is_written_down_whole(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.drag([(20, 20), (32, 20)])
    folder = project_folder(driver)
    driver.trigger("file.close")
    (folder / LOG_NAME).unlink()  # as a project of an older version
    driver.open(frames_folder)
    driver.go_to(3)
    driver.drag([(10, 10), (14, 10)])
    wanted = state_of(driver.document)
    driver.trigger("file.close")
    lines = list(read_log(folder / LOG_NAME))
    assert "base" in lines[0]
    _, made = replayed(folder, frames_folder)
    assert state_of(made) == wanted


def test_a_result_that_comes_out_otherwise_is_told(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    folder = work(driver, backend, frames_folder)
    driver.trigger("file.close")
    path = folder / LOG_NAME
    lines = [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]
    result = next(line for line in lines if line["e"] == "result")
    result["crc"] += 1
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    replay, _ = replayed(folder, frames_folder)
    assert replay.report.unlike == [result["frame"]]


def test_a_damaged_line_is_named_and_a_torn_end_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / LOG_NAME
    path.write_text('{"e":"undo"}\n{"e":"re', encoding="utf-8")
    assert [line["e"] for line in read_log(path)] == ["undo"]
    path.write_text('{"e":"undo"}\nnonsense\n{"e":"undo"}\n', encoding="utf-8")
    with pytest.raises(ProjectFormatError, match="line 2"):
        list(read_log(path))
    with pytest.raises(ProjectFormatError, match="line 1"):
        Replay(Document(1, 2, 2), tmp_path, lambda _: np.zeros(0), FakeBackend()).play(
            [{"e": "result", "job": 7}]
        )

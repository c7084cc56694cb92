"""The switches of a run come back with the next session, the chosen range with its project."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from annotator.views.timeline.selection import RangeSelection
from tests.support.fake_backend import FakeBackend
from tests.support.gui import Driver, write_frames
from tests.support.steering import paint

pytestmark = pytest.mark.gui

SWITCHES = ("propagate.both_sides", "propagate.memory", "propagate.chosen_only")


def switches(driver: Driver) -> list[bool]:
    return [driver.window.actions_table[name].isChecked() for name in SWITCHES]


def test_switches_come_back(
    make_driver: Callable[[], Driver], backend: FakeBackend, frames_folder: Path
) -> None:
    first = make_driver()
    assert switches(first) == [True, False, False]
    for name in SWITCHES:
        first.trigger(name)
    first.window.close()
    second = make_driver()
    assert switches(second) == [False, True, True]
    second.open(frames_folder)
    paint(second, 0, 20, 20)
    second.key(Qt.Key.Key_F)
    second.wait_for_end()
    job = backend.jobs[-1]
    assert (job.both_sides, job.mode, job.object_ids) == (False, "mf", (1,))


@pytest.mark.parametrize(
    "kept", [{"propagate.memory": "yes", "propagate.other": True}, ["propagate.memory"], 7]
)
def test_settings_that_make_no_sense_are_left_out(
    make_driver: Callable[[], Driver], settings_path: Path, kept: object
) -> None:
    settings_path.parent.mkdir(parents=True)
    settings_path.write_text(json.dumps({"run_switches": kept}))
    assert switches(make_driver()) == [True, False, False]


def test_the_chosen_range_comes_back_with_its_project(
    make_driver: Callable[[], Driver], frames_folder: Path, tmp_path: Path
) -> None:
    chosen = RangeSelection((1,), 3, 7)
    first = make_driver()
    first.open(frames_folder)
    paint(first, 0, 20, 20)
    first.window.timeline.choose_range(chosen)
    first.open(write_frames(tmp_path / "other", 4))
    assert first.window.timeline.selection is None
    paint(first, 0, 20, 20)
    first.window.timeline.choose_range(RangeSelection((1,), 1, 2))
    first.window.close()
    second = make_driver()
    second.open(frames_folder)
    assert second.window.timeline.selection == chosen
    second.window.timeline.choose_range(None)
    second.window.close()
    third = make_driver()
    third.open(frames_folder)
    assert third.window.timeline.selection is None


@pytest.mark.parametrize(
    "kept",
    [
        {"objects": [9], "first": 1, "last": 2},
        {"objects": [1], "first": 1, "last": 99},
        {"objects": [], "first": 1, "last": 2},
        {"objects": "1", "first": 1, "last": 2},
        [1, 2],
    ],
)
def test_a_range_that_does_not_fit_is_left_out(
    make_driver: Callable[[], Driver], frames_folder: Path, kept: object
) -> None:
    first = make_driver()
    first.open(frames_folder)
    paint(first, 0, 20, 20)
    project = first.application.editor.workspace.project  # type: ignore[union-attr]
    assert project is not None
    first.window.close()
    path = project.folder / "project.json"
    record = json.loads(path.read_text())
    record["settings"]["chosen_range"] = kept
    path.write_text(json.dumps(record))
    second = make_driver()
    second.open(frames_folder)
    assert second.window.timeline.selection is None

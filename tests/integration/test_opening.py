"""Opening runs beside the window: it goes on, shows how far it is, and can be given up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog

from annotator.demo.gaps import GapMeter
from annotator.storage.project import load_project
from annotator.views.message_bar import Severity
from tests.support.gui import Driver, write_frames
from tests.support.videos import constant_times, write_numbered_video
from vos_core.media import folder

pytestmark = pytest.mark.gui


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A disk that hangs at every picture header until the event is set."""
    opens = threading.Event()
    read = folder._header_size

    def slow(path: Path) -> tuple[int, int]:
        time.sleep(0.002)
        assert opens.wait(30)
        return read(path)

    monkeypatch.setattr(folder, "_header_size", slow)
    yield opens
    opens.set()


def test_the_window_goes_on_while_something_is_opened(
    driver: Driver, frames_folder: Path, tmp_path: Path, gate: threading.Event
) -> None:
    gate.set()
    driver.open(frames_folder)
    gate.clear()
    driver.application.session.open_path(write_frames(tmp_path / "other", 40))
    assert driver.application.session.is_opening
    driver.drag([(20, 20), (40, 20)])  # what is open stays in use
    assert driver.document.label_map(0)[20, 30] == 1
    driver.wait(lambda: "Opening other" in driver.window.messages.text)
    assert driver.window.messages.severity is Severity.WAIT
    first = driver.application.editor.workspace
    gate.set()
    driver.wait(lambda: not driver.application.session.is_opening)
    assert driver.application.editor.workspace is not first
    assert driver.document.frame_count == 40
    assert "Opening" not in driver.window.messages.text
    assert first is not None and first.project is not None
    saved = load_project(first.project.folder)
    assert saved.document.label_map(0)[20, 30] == 1


def test_how_far_it_is_shows_in_the_message(
    driver: Driver, tmp_path: Path, gate: threading.Event
) -> None:
    path = write_frames(tmp_path / "long", 300, 8, 8)
    seen: list[str] = []
    driver.application.session.open_path(path)
    driver.wait(lambda: bool(driver.window.messages.text))
    gate.set()
    while driver.application.session.is_opening:
        driver.qtbot.wait(5)
        seen.append(driver.window.messages.text)
    assert any("looking through the frames" in text and "%" in text for text in seen)


def test_an_opening_is_given_up_and_the_session_stays(
    driver: Driver, frames_folder: Path, tmp_path: Path, gate: threading.Event
) -> None:
    gate.set()
    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    workspace = driver.application.editor.workspace
    gate.clear()
    ended: list[bool] = []
    driver.application.session.opening_ended.connect(ended.append)
    driver.application.session.open_path(write_frames(tmp_path / "other", 40))
    driver.wait(lambda: "Opening other" in driver.window.messages.text)
    driver.window.messages.action_triggered.emit()  # Cancel
    assert ended == [False]
    assert not driver.application.session.is_opening
    assert driver.application.editor.workspace is workspace
    assert "not opened" in driver.window.messages.text
    gate.set()
    driver.trigger("edit.undo")
    assert not driver.document.label_map(0).any()


def test_the_last_thing_asked_for_is_what_opens(
    driver: Driver, frames_folder: Path, tmp_path: Path, gate: threading.Event
) -> None:
    driver.application.session.open_path(write_frames(tmp_path / "other", 40))
    driver.application.session.open_path(frames_folder)
    gate.set()
    driver.wait(lambda: not driver.application.session.is_opening)
    assert driver.document.frame_count == 12
    driver.qtbot.wait(100)  # the other thread ends, unheard
    assert driver.document.frame_count == 12


def test_closing_the_window_ends_an_opening(
    driver: Driver, tmp_path: Path, gate: threading.Event
) -> None:
    driver.application.session.open_path(write_frames(tmp_path / "other", 400, 8, 8))
    gate.set()
    driver.window.close()
    assert not driver.application.session.is_opening
    assert driver.application.editor.workspace is None  # and no thread is left (see the fixture)


def test_opening_a_video_keeps_the_window_alive(driver: Driver, tmp_path: Path) -> None:
    path = write_numbered_video(tmp_path / "long.mp4", constant_times(1500), size=(96, 160))
    meter = GapMeter(driver.window)
    worst = 1000.0
    for _ in range(3):  # another process may take the core away: one quiet opening is asked
        meter.gaps_ms.clear()
        meter.start()
        driver.open(path)
        meter.stop()
        worst = min(worst, meter.summary()["max_ms"])
        driver.trigger("file.close")
    assert worst < 100, f"the window was deaf for {worst:.0f} ms"


def test_a_project_whose_frames_moved_beside_it_opens_and_remembers(
    make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    first = make_driver()
    first.open(frames_folder)
    first.drag([(20, 20), (40, 20)])
    project = first.application.editor.workspace.project.folder  # type: ignore[union-attr]
    first.window.close()
    renamed = frames_folder.with_name("another name")
    frames_folder.rename(renamed)
    second = make_driver()
    second.open(project)
    assert second.application.editor.workspace.sequence.path == renamed  # type: ignore[union-attr]
    assert second.document.label_map(0).any()
    second.window.close()
    assert load_project(project).record.frames.path == str(renamed)


def test_a_project_whose_frames_are_gone_asks_for_them(
    make_driver: Callable[[], Driver], frames_folder: Path, tmp_path: Path
) -> None:
    first = make_driver()
    first.open(frames_folder)
    first.drag([(20, 20), (40, 20)])
    project = first.application.editor.workspace.project.folder  # type: ignore[union-attr]
    first.window.close()
    away = tmp_path / "far" / "away"
    away.parent.mkdir()
    frames_folder.rename(away)
    second = make_driver()
    assert not second.try_open(project)
    assert "is gone" in second.window.messages.text
    second.window.messages.action_triggered.emit()  # Find them …
    dialog = second.window.findChild(QFileDialog)
    assert dialog is not None and dialog.fileMode() is QFileDialog.FileMode.Directory
    with second.qtbot.waitSignal(second.application.session.opening_ended) as ended:
        dialog.fileSelected.emit(str(away))
        dialog.close()
    assert ended.args == [True]
    assert second.document.label_map(0).any()
    second.window.close()
    assert load_project(project).record.frames.path == str(away)


def test_other_frames_in_answer_are_refused(
    make_driver: Callable[[], Driver], frames_folder: Path, tmp_path: Path
) -> None:
    first = make_driver()
    first.open(frames_folder)
    first.drag([(20, 20), (40, 20)])
    project = first.application.editor.workspace.project.folder  # type: ignore[union-attr]
    first.window.close()
    frames_folder.rename(tmp_path / "hidden")
    other = write_frames(tmp_path / "place" / "other", 13)
    (tmp_path / "hidden").rename(tmp_path / "place" / "hidden")
    second = make_driver()
    with second.qtbot.waitSignal(second.application.session.opening_ended) as ended:
        second.application.session.open_path(project, frames=other)
    assert ended.args == [False]
    assert "annotates 12 frames" in second.window.messages.text
    np.testing.assert_equal(load_project(project).document.label_map(0).any(), True)


def test_the_file_of_a_project_opens_the_project(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    workspace = driver.application.editor.workspace
    assert workspace is not None and workspace.project is not None
    folder = workspace.project.folder
    driver.trigger("file.close")
    driver.open(folder / "project.json")
    assert driver.document.label_map(0)[20, 30] == 1


def test_one_picture_offers_the_folder_of_its_frames(driver: Driver, frames_folder: Path) -> None:
    assert not driver.try_open(frames_folder / "00003.png")
    assert "single picture" in driver.window.messages.text
    driver.window.messages.action_triggered.emit()
    driver.wait(lambda: driver.application.editor.shown_frame == 0)
    assert driver.document.frame_count == 12


def test_a_folder_with_the_longest_of_names_is_opened_and_saved(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_a, **_k: str(own))
    folder = write_frames(tmp_path / ("ё" * 125), 2)  # 250 bytes; no suffix fits behind it
    driver.open(folder)
    driver.drag([(20, 20), (40, 20)])
    workspace = driver.application.editor.workspace
    assert workspace is not None and workspace.project is not None
    assert workspace.project.folder.is_relative_to(own)
    driver.trigger("file.close")
    driver.open(folder)
    assert driver.document.label_map(0)[20, 30] == 1

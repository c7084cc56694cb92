"""Bad input at the window: a clear message, the session as it was, nothing lost."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.storage.lock import LOCK_NAME
from annotator.views.message_bar import Severity
from tests.support.gui import Driver, write_frames
from vos_core.media import OverlayVideoWriter

pytestmark = pytest.mark.gui


def cut_short(path: Path) -> None:
    """Keep the head of a picture, which is fine, and half of its pixels."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


def no_video(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("this is no video")
    return path


def empty_file(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def empty_folder(folder: Path) -> Path:
    path = folder / "nothing in here"
    path.mkdir()
    return path


def missing(folder: Path) -> Path:
    return folder / "not there.mp4"


def mixed_sizes(folder: Path) -> Path:
    path = write_frames(folder / "mixed", 3)
    Image.fromarray(np.zeros((10, 10, 3), np.uint8)).save(path / "00003.png")
    return path


@pytest.mark.parametrize("make", [no_video, empty_file, empty_folder, missing, mixed_sizes])
def test_what_cannot_be_opened_is_named_and_the_session_stays(
    driver: Driver, frames_folder: Path, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    before = driver.document.label_map(0).copy()
    bad = make(tmp_path)
    opened = driver.try_open(bad)
    if opened:  # a fault that shows only when the frame is read
        driver.go_to(3)
    bar = driver.window.messages
    assert bad.name in bar.text and bar.severity is Severity.ERROR
    if not opened:
        assert driver.application.editor.workspace is not None
        np.testing.assert_array_equal(driver.document.label_map(0), before)
        driver.trigger("edit.undo")
        assert not driver.document.label_map(0).any()


def test_a_damaged_frame_in_the_middle_is_told_and_the_others_work(
    driver: Driver, frames_folder: Path
) -> None:
    cut_short(frames_folder / "00005.png")
    driver.open(frames_folder)
    driver.go_to(5)
    driver.wait(lambda: "00005" in driver.window.messages.text)
    driver.go_to(6)
    driver.drag([(20, 20), (40, 20)])
    assert driver.document.label_map(6).any()


def test_a_damaged_frame_ends_a_run_but_keeps_what_was_done(
    driver: Driver, frames_folder: Path
) -> None:
    cut_short(frames_folder / "00005.png")
    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    driver.trigger("propagate.forward")
    driver.wait_for_end()
    assert driver.document.cells.frames_of(1) == (0, 1, 2, 3, 4)
    assert "00005" in driver.window.messages.text


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_a_truncated_video_is_told_whether_it_opens_or_not(
    driver: Driver, tmp_path: Path, share: float
) -> None:
    whole = tmp_path / "whole.mp4"
    with OverlayVideoWriter(whole, 64, 96, 25.0) as writer:
        noise = np.random.default_rng(0)
        for _ in range(30):
            writer.write(noise.integers(0, 255, (64, 96, 3), np.uint8))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    opened = driver.try_open(cut)
    assert "cut.mp4" in driver.window.messages.text
    if opened:
        driver.wait(lambda: driver.application.editor.shown_frame == 0)
        assert driver.document.frame_count < 30
    else:
        assert driver.application.editor.workspace is None


def test_propagating_without_a_mask_says_what_is_missing(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.trigger("propagate.forward")
    assert "Paint an object" in driver.window.messages.text
    assert not driver.application.propagation.is_running


def test_a_damaged_project_is_refused_and_left_as_it_is(
    make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    first = make_driver()
    first.open(frames_folder)
    first.drag([(20, 20), (40, 20)])
    project = first.application.editor.workspace.project.folder  # type: ignore[union-attr]
    first.window.close()
    (project / "project.json").write_text('{"version": 1, "frames": 7')
    second = make_driver()
    assert not second.try_open(frames_folder)
    assert "project.json" in second.window.messages.text
    assert second.application.editor.workspace is None
    assert (project / "project.json").read_text().startswith('{"version": 1, "frames": 7')


def test_a_project_in_use_is_told_with_a_way_out(
    make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    first, second = make_driver(), make_driver()
    first.open(frames_folder)
    first.drag([(20, 20), (40, 20)])
    project = first.application.editor.workspace.project.folder  # type: ignore[union-attr]
    assert (project / LOCK_NAME).exists()
    assert not second.try_open(frames_folder)
    assert "open already" in second.window.messages.text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_moves_the_project(
    driver: Driver, frames_folder: Path
) -> None:
    parent = frames_folder.parent
    parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        driver.open(frames_folder)
        driver.drag([(20, 20), (40, 20)])
        assert "instead" in driver.window.messages.text
        assert driver.application.session.save()
    finally:
        parent.chmod(stat.S_IRWXU)


def test_a_place_taken_by_a_file_moves_the_project(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "clip.annotation").write_text("somebody's own file")
    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    assert driver.application.session.save()
    assert (tmp_path / "clip.annotation").read_text() == "somebody's own file"
    project = driver.application.editor.workspace.project  # type: ignore[union-attr]
    assert project is not None and (project.folder / "project.json").exists()


def test_a_project_that_cannot_be_saved_anywhere_keeps_the_window_open(
    driver: Driver, frames_folder: Path, own_home: Path
) -> None:
    (frames_folder.parent / "clip.annotation").write_text("taken")
    projects = own_home / ".local/share/vos-annotator/projects"
    projects.parent.mkdir(parents=True)
    projects.write_text("no folder")
    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    assert "stays in memory" in driver.window.messages.text
    driver.window.close()
    assert driver.window.isVisible(), "closing would have lost the stroke"
    assert "would be lost" in driver.window.messages.text
    driver.window.messages.action_triggered.emit()  # Close without saving
    assert not driver.window.isVisible()


def run_app(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    return subprocess.run(
        [sys.executable, "app.py", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**kept, **environment},
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms always have a display")
def test_without_a_display_it_says_what_to_do() -> None:
    done = run_app()
    assert done.returncode == 2
    assert "QT_QPA_PLATFORM" in done.stderr and "--demo" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="X servers are Linux's affair")
def test_a_display_that_does_not_answer_ends_with_a_message_and_no_crash() -> None:
    done = run_app(DISPLAY=":4711")
    assert done.returncode == 2
    assert ":4711" in done.stderr or "is missing" in done.stderr


def test_a_demo_into_a_full_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    done = run_app("--demo", str(tmp_path))
    assert done.returncode == 2 and "not empty" in done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "thesis.tex"]


def test_an_unknown_device_is_refused() -> None:
    done = run_app("--device", "abacus")
    assert done.returncode == 2 and "abacus" in done.stderr

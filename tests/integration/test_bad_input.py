"""Bad input at the window: a clear message, the session as it was, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from annotator.storage.lock import LOCK_NAME
from annotator.storage.project import load_project
from annotator.storage.session import ProjectSession
from annotator.views.message_bar import Severity
from tests.storage.projects import make_frames
from tests.support.disks import closed
from tests.support.gui import Driver, write_frames
from tests.support.videos import constant_times, write_numbered_video
from vos_core.media import OverlayVideoWriter, write_label_map

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


def empty_frame(folder: Path) -> Path:
    path = write_frames(folder / "one empty", 3)
    (path / "00001.png").write_bytes(b"")
    return path


@pytest.mark.parametrize(
    "make", [no_video, empty_file, empty_folder, missing, mixed_sizes, empty_frame]
)
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


def test_a_folder_that_cannot_be_written_moves_the_project(
    driver: Driver, frames_folder: Path
) -> None:
    with closed(frames_folder.parent):
        driver.open(frames_folder)
        driver.drag([(20, 20), (40, 20)])
        assert "instead" in driver.window.messages.text
        assert driver.application.session.save()


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


def save_and_wait(driver: Driver) -> None:
    """Ctrl+S, until everything is in files."""
    driver.trigger("file.save")
    driver.wait(lambda: "Saved in" in driver.window.messages.text, timeout=20000)


def project_of(driver: Driver) -> ProjectSession:
    """Project of what is open."""
    workspace = driver.application.editor.workspace
    assert workspace is not None and workspace.project is not None
    return workspace.project


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
def test_a_disk_that_fills_while_saving_is_told_and_nothing_is_lost(
    driver: Driver, make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    import resource

    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    save_and_wait(driver)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # every write fails, as on a full disk
    try:
        driver.go_to(3)
        driver.drag([(50, 30), (70, 30)])
        driver.trigger("file.save")
        driver.wait(lambda: "Not saved" in driver.window.messages.text, timeout=20000)
        assert driver.window.messages.severity is Severity.ERROR
        assert driver.window.saved_label.text() == "not saved"
        driver.go_to(4)
        driver.drag([(50, 30), (70, 30)])  # work goes on, in memory
        assert driver.document.label_map(4)[30, 60] == 1
        driver.window.close()
        assert driver.window.isVisible() and "would be lost" in driver.window.messages.text
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    save_and_wait(driver)  # there is room again
    assert driver.window.saved_label.text() == "saved"
    maps = [driver.document.label_map(index).copy() for index in range(12)]
    assert maps[3].any() and maps[4].any()
    driver.window.close()
    second = make_driver()
    second.open(frames_folder)
    for index, label_map in enumerate(maps):
        np.testing.assert_array_equal(second.document.label_map(index), label_map)


def test_a_project_folder_deleted_while_open_is_written_again_whole(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    save_and_wait(driver)
    folder = project_of(driver).folder
    shutil.rmtree(folder)
    driver.go_to(2)
    driver.drag([(50, 30), (70, 30)])
    driver.wait(lambda: "deleted or moved" in driver.window.messages.text, timeout=20000)
    assert driver.window.messages.text.startswith("Not saved: ")
    driver.go_to(3)
    driver.drag([(50, 30), (70, 30)])
    driver.wait(lambda: "Saved again" in driver.window.messages.text, timeout=20000)
    assert str(folder) in driver.window.messages.text
    saved = load_project(folder).document
    for index in (0, 2, 3):
        np.testing.assert_array_equal(saved.label_map(index), driver.document.label_map(index))


def test_frames_deleted_while_open_are_told_and_masks_stay(driver: Driver, tmp_path: Path) -> None:
    folder = write_frames(tmp_path / "large", 60, 200, 300)
    driver.open(folder)
    driver.drag([(20, 20), (40, 20)])
    driver.go_to(1)
    shutil.rmtree(folder)
    driver.go_to(55)  # not decoded ahead
    driver.wait(lambda: bool(driver.window.messages.text))
    assert "00055" in driver.window.messages.text
    assert driver.window.messages.severity is Severity.ERROR
    driver.go_to(0)
    assert driver.document.label_map(0)[20, 30] == 1
    save_and_wait(driver)


def test_a_video_with_one_bad_frame_in_the_middle_shows_the_others(
    driver: Driver, tmp_path: Path
) -> None:
    path = write_numbered_video(
        tmp_path / "clip.mp4", constant_times(24), codec="mjpeg", options={"strict": "unofficial"}
    )
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        place, length = packets[12].pos, packets[12].size
    assert place is not None
    content = bytearray(path.read_bytes())
    content[place : place + length] = bytes(length)
    path.write_bytes(content)
    driver.open(path)
    driver.window.transport.frame_field.setValue(12)
    driver.wait(lambda: "00012" in driver.window.messages.text)
    assert driver.window.messages.severity is Severity.ERROR
    for frame in (11, 13, 23):
        driver.go_to(frame)
        driver.drag([(20, 20), (40, 20)])
        assert driver.document.label_map(frame)[20, 30] == 1


def test_a_path_with_spaces_and_letters_of_any_script(
    make_driver: Callable[[], Driver], tmp_path: Path
) -> None:
    place = tmp_path / "моё видео — 犬 ö %20 #1"
    place.mkdir()
    frames = write_frames(place / "кадры 1", 4)
    video = write_numbered_video(place / "фильм 映画.mp4", constant_times(6))
    for path in (frames, video):
        first = make_driver()
        first.open(path)
        first.drag([(20, 20), (40, 20)])
        save_and_wait(first)
        folder = project_of(first).folder
        assert folder.parent == place
        first.window.close()
        for again in (path, folder):
            second = make_driver()
            second.open(again)
            assert second.document.label_map(0)[20, 30] == 1
            second.window.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: v.update(version=99), "newer version"),
        (lambda v: v.update(objects="none"), '"objects" should be a list'),
        (lambda v: v["frames"].update(height="tall"), '"height" should be a whole number'),
        (lambda v: v["cells"].update({"1": [["drawn", 0, 99]]}), "frames are 0 to 11"),
    ],
)
def test_a_project_that_says_what_cannot_be_is_refused_with_the_place(
    make_driver: Callable[[], Driver],
    frames_folder: Path,
    change: Callable[[dict[str, Any]], None],
    words: str,
) -> None:
    first = make_driver()
    first.open(frames_folder)
    first.drag([(20, 20), (40, 20)])
    folder = project_of(first).folder
    first.window.close()
    values = json.loads((folder / "project.json").read_text(encoding="utf-8"))
    change(values)
    (folder / "project.json").write_text(json.dumps(values), encoding="utf-8")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    second = make_driver()
    assert not second.try_open(frames_folder)
    text = second.window.messages.text
    assert words in text and "project.json" in text
    assert second.window.messages.severity is Severity.ERROR
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_older_project_opens_and_says_that_it_was_brought_up_to_date(
    driver: Driver, tmp_path: Path
) -> None:
    stored = Path(__file__).parents[1] / "data" / "projects" / "version1"
    project = Path(shutil.copytree(stored, tmp_path / "old"))
    make_frames(tmp_path / "frames")
    driver.open(project)
    assert "older version 1" in driver.window.messages.text
    assert [record.name for record in driver.document.objects] == ["cat", "Hündin"]
    assert driver.application.editor.frame == 3
    assert (project / "project.version1.json").exists()


def test_a_mask_with_unknown_ids_or_colours_is_taken_in_or_named(
    make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    first = make_driver()
    first.open(frames_folder)
    first.drag([(20, 20), (40, 20)])
    folder = project_of(first).folder
    first.window.close()
    label_map = np.zeros((60, 100), np.uint8)
    label_map[5:9, 5:9] = 77
    write_label_map(folder / "masks" / "00004.png", label_map)
    second = make_driver()
    second.open(frames_folder)
    assert "object 77" in second.window.messages.text
    assert second.document.objects.ids == (1, 77)
    second.window.close()
    Image.fromarray(np.full((60, 100, 3), 123, np.uint8)).save(folder / "masks" / "00004.png")
    third = make_driver()
    assert not third.try_open(frames_folder)
    assert "00004.png" in third.window.messages.text
    (folder / "masks" / "00004.png").unlink()
    third.open(frames_folder)  # as the message says
    assert third.document.label_map(0)[20, 30] == 1


def test_clusters_are_shown_again_after_reopening(
    make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    first = make_driver()
    first.open(frames_folder)
    first.drag([(20, 20), (40, 20)])
    first.trigger("propagate.forward")
    first.wait_for_end()
    kept = first.application.editor.workspace.clusters.get(5)  # type: ignore[union-attr]
    assert kept is not None and kept.cluster_map.any()
    first.window.close()
    second = make_driver()
    second.open(frames_folder)
    second.go_to(5)
    before = second.canvas.grab().toImage()
    second.trigger("view.clusters")
    second.wait(lambda: second.canvas.grab().toImage() != before)
    again = second.application.editor.workspace.clusters.get(5)  # type: ignore[union-attr]
    assert again is not None
    np.testing.assert_array_equal(again.cluster_map, kept.cluster_map)


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

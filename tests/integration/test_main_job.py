"""The main job on the real window, by mouse, keys and actions, with a fake network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from annotator.model.cells import CellState
from annotator.views.export_dialog import ExportDialog
from tests.support.fake_backend import FakeBackend, shifted
from tests.support.gui import Driver
from vos_core.media import read_label_map

pytestmark = pytest.mark.gui


def paint_square(driver: Driver, x: int = 20, y: int = 20, length: int = 12) -> None:
    """Paint a stroke with a brush of ten pixels."""
    driver.window.brush_size.set_diameter(10)
    driver.drag([(x, y), (x + length, y)])


def test_painting_with_the_mouse_adds_an_object_and_its_pixels(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint_square(driver, 20, 20, 12)
    document = driver.document
    assert document.objects.ids == (1,)
    label_map = document.label_map(0)
    assert label_map[20, 20] == 1 and label_map[20, 32] == 1 and label_map[20, 26] == 1
    assert label_map[20, 50] == 0 and label_map[40, 26] == 0
    assert document.cells.state(0, 1) is CellState.DRAWN


def test_the_right_button_erases(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    paint_square(driver)
    driver.drag([(26, 20), (27, 20)], Qt.MouseButton.RightButton)
    assert driver.document.label_map(0)[20, 26] == 0
    assert driver.document.label_map(0)[20, 17] == 1


def test_escape_drops_the_stroke_in_hand(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.trigger("object.add")
    driver.drag([(20, 20), (40, 20)], release=False)
    assert driver.document.label_map(0).any()
    driver.key(Qt.Key.Key_Escape)
    assert not driver.document.label_map(0).any()
    driver.drag([(60, 40), (61, 40)])  # the next stroke works as ever
    assert driver.document.label_map(0)[40, 60] == 1


def test_propagation_shows_each_frame_and_is_one_undo_step(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint_square(driver)
    drawn = driver.document.label_map(0).copy()
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert backend.steps == list(range(1, 12))
    for index in range(1, 12):
        np.testing.assert_array_equal(driver.document.label_map(index), shifted(drawn, index))
        assert driver.document.cells.state(index, 1) is CellState.PROPAGATED
    driver.trigger("edit.undo")
    assert all(not driver.document.label_map(i).any() for i in range(1, 12))
    np.testing.assert_array_equal(driver.document.label_map(0), drawn)
    driver.trigger("edit.redo")
    np.testing.assert_array_equal(driver.document.label_map(11), shifted(drawn, 11))


def test_backward_and_both(driver: Driver, backend: FakeBackend, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.go_to(6)
    paint_square(driver)
    driver.key(Qt.Key.Key_B)
    driver.wait_for_end()
    assert backend.steps == [5, 4, 3, 2, 1, 0]
    driver.go_to(6)
    driver.trigger("propagate.both")
    driver.wait_for_end()
    assert backend.steps[6:] == [7, 8, 9, 10, 11, 5, 4, 3, 2, 1, 0]


def test_the_worker_never_computes_in_the_window_thread(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    import threading

    driver.open(frames_folder)
    paint_square(driver)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert backend.threads and threading.get_ident() not in backend.threads


def test_pause_takes_effect_within_one_frame(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.seconds = 0.05
    driver.open(frames_folder)
    paint_square(driver)
    driver.key(Qt.Key.Key_F)
    driver.wait(lambda: len(backend.steps) >= 2)
    driver.trigger("propagate.pause")
    at_pause = len(backend.steps)
    driver.qtbot.wait(400)  # eight frames' time
    assert len(backend.steps) <= at_pause + 1
    assert driver.application.propagation.is_running
    assert "paused" in driver.window.propagation.status_label.text()
    driver.trigger("propagate.pause")
    driver.wait_for_end()
    assert backend.steps == list(range(1, 12))


def test_stop_keeps_what_is_done_as_one_step(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.seconds = 0.05
    driver.open(frames_folder)
    paint_square(driver)
    driver.key(Qt.Key.Key_F)
    driver.wait(lambda: len(driver.document.cells.frames_of(1)) >= 4)
    driver.trigger("propagate.stop")
    at_stop = len(backend.steps)
    driver.wait_for_end()
    assert len(backend.steps) <= at_stop + 1
    assert len(driver.document.cells.frames_of(1)) >= 4
    driver.trigger("edit.undo")
    assert driver.document.cells.frames_of(1) == (0,)
    assert backend.open_passes == 0


def test_a_correction_ahead_of_the_run_is_taken_up(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.gate.clear()
    driver.open(frames_folder)
    paint_square(driver, 20, 20)
    driver.key(Qt.Key.Key_F)
    driver.go_to(6)
    paint_square(driver, 60, 45)
    corrected = driver.document.label_map(6).copy()
    backend.gate.set()
    driver.wait_for_end()
    assert backend.corrections == [6] and 6 not in backend.steps
    np.testing.assert_array_equal(driver.document.label_map(6), corrected)
    np.testing.assert_array_equal(driver.document.label_map(9), shifted(corrected, 3))


def test_a_correction_behind_the_run_restarts_it_from_there(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint_square(driver, 20, 20)
    backend.seconds = 0.08
    driver.key(Qt.Key.Key_F)
    driver.wait(lambda: len(driver.document.cells.frames_of(1)) >= 6)
    driver.go_to(3)
    paint_square(driver, 60, 45)
    corrected = driver.document.label_map(3).copy()
    assert driver.document.cells.state(3, 1) is CellState.CORRECTED
    backend.seconds = 0.0
    driver.wait_for_end()
    # on from it first, then back, so that the frames before it join it
    assert backend.corrections == [3] and backend.steps[-10:] == [*range(4, 12), 2, 1]
    assert driver.document.label_map(2)[45, 60] == 1
    np.testing.assert_array_equal(driver.document.label_map(3), corrected)
    for index in (4, 8, 11):
        np.testing.assert_array_equal(
            driver.document.label_map(index), shifted(corrected, index - 3)
        )


def test_changing_the_first_reference_during_a_run_begins_it_again(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint_square(driver, 20, 20)
    backend.seconds = 0.08
    driver.key(Qt.Key.Key_F)
    driver.wait(lambda: len(driver.document.cells.frames_of(1)) >= 5)
    driver.go_to(0)
    paint_square(driver, 60, 45)
    first = driver.document.label_map(0).copy()
    backend.seconds = 0.0
    driver.wait_for_end()
    assert backend.corrections == [0] and backend.steps[-11:] == list(range(1, 12))
    for index in (1, 4, 11):
        np.testing.assert_array_equal(driver.document.label_map(index), shifted(first, index))


def test_a_correction_while_the_last_frame_is_computed_is_not_lost(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint_square(driver, 20, 20)
    backend.seconds = 0.15
    driver.key(Qt.Key.Key_F)
    driver.wait(lambda: 10 in driver.document.cells.frames_of(1))
    driver.go_to(2)
    paint_square(driver, 60, 45)
    corrected = driver.document.label_map(2).copy()
    backend.seconds = 0.0
    driver.wait_for_end()
    np.testing.assert_array_equal(driver.document.label_map(11), shifted(corrected, 9))


def test_a_correction_after_the_run_becomes_a_reference_of_the_next(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint_square(driver, 20, 20)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(5)
    paint_square(driver, 60, 45)
    assert driver.document.reference_frames() == (0, 5)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert backend.starts[-1] == ((0, 5), tuple(range(6, 12)))
    assert driver.document.label_map(11)[45, 72] == 1


def test_an_object_drawn_alone_on_a_later_frame_does_not_stop_the_others(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    """Object 2 is drawn on frame 6 before anything travelled: frame 6 says nothing of object 1."""
    driver.open(frames_folder)
    paint_square(driver, 20, 15)
    driver.go_to(6)
    driver.trigger("object.add")
    paint_square(driver, 50, 45)
    second = driver.document.object_mask(6, 2)
    driver.go_to(0)
    driver.trigger("propagate.forward")
    driver.wait_for_end()
    document = driver.document
    assert document.cells.state(6, 1) is CellState.PROPAGATED
    assert document.cells.state(6, 2) is CellState.DRAWN
    np.testing.assert_array_equal(document.object_mask(6, 2), second)
    for index in (7, 11):
        assert document.label_map(index)[15, 26 + index] == 1
        assert document.label_map(index)[45, 56 + index - 6] == 2
    assert not document.object_mask(5, 2).any()


def test_verified_frames_are_never_overwritten(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint_square(driver, 20, 20)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(4)
    driver.trigger("review.verify")
    assert driver.document.cells.state(4, 1) is CellState.VERIFIED
    before = driver.document.label_map(4).copy()
    driver.go_to(0)
    paint_square(driver, 60, 45)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    np.testing.assert_array_equal(driver.document.label_map(4), before)
    assert driver.document.cells.state(4, 1) is CellState.VERIFIED
    # each reference rules beside it: the new square leaves before the verified frame
    assert driver.document.label_map(1)[45, 61] == 1
    assert driver.document.label_map(3)[45, 63] == 0


def test_scrubbing_and_painting_go_on_while_it_runs(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.seconds = 0.1
    driver.open(frames_folder)
    paint_square(driver, 20, 20)
    driver.key(Qt.Key.Key_F)
    driver.wait(lambda: len(backend.steps) >= 1)
    driver.go_to(10)
    assert driver.application.editor.shown_frame == 10
    driver.wait(lambda: len(backend.steps) >= 3)
    assert driver.application.editor.frame == 10, "a run must not take the view away"
    driver.trigger("propagate.stop")
    driver.wait_for_end()


def test_a_failing_network_keeps_what_was_done_and_tells_why(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.fails_at = 4
    driver.open(frames_folder)
    paint_square(driver)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert driver.document.cells.frames_of(1) == (0, 1, 2, 3)
    assert "broke at frame 4" in driver.window.messages.text
    backend.fails_at = None
    driver.go_to(0)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert len(driver.document.cells.frames_of(1)) == 12


def test_a_network_that_does_not_load_is_told_and_the_window_lives(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.load_error = "The weights file aoc-lite.safetensors is damaged; install it again."
    driver.open(frames_folder)
    driver.application.service.load()
    driver.wait(lambda: "damaged" in driver.window.messages.text)
    paint_square(driver)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert driver.document.cells.frames_of(1) == (0,)
    assert "damaged" in driver.window.messages.text


def test_a_project_is_taken_up_again(
    make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    first = make_driver()
    first.open(frames_folder)
    paint_square(first)
    first.application.objects.rename(1, "square")
    first.key(Qt.Key.Key_F)
    first.wait_for_end()
    first.go_to(7)
    maps = [first.document.label_map(i).copy() for i in range(12)]
    first.window.close()
    second = make_driver()
    second.open(frames_folder)
    assert second.application.editor.frame == 7
    assert second.document.objects[1].name == "square"
    assert second.document.reference_frames() == (0,)
    for index in range(12):
        np.testing.assert_array_equal(second.document.label_map(index), maps[index])
    assert second.document.reliability_map(11) is not None


def test_closing_the_window_during_a_run_keeps_what_was_done(
    make_driver: Callable[[], Driver], backend: FakeBackend, frames_folder: Path
) -> None:
    first = make_driver()
    first.open(frames_folder)
    paint_square(first)
    backend.seconds = 0.05
    first.key(Qt.Key.Key_F)
    first.wait(lambda: len(first.document.cells.frames_of(1)) >= 4)
    first.window.close()
    assert backend.open_passes == 0
    second = make_driver()
    second.open(frames_folder)
    frames = second.document.cells.frames_of(1)
    assert frames[:4] == (0, 1, 2, 3) and len(frames) < 12


def test_export_writes_davis_masks(driver: Driver, frames_folder: Path, tmp_path: Path) -> None:
    driver.open(frames_folder)
    paint_square(driver)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    with driver.qtbot.waitSignal(driver.application.export.finished, timeout=10000) as done:
        driver.application.export.export(tmp_path / "davis")
    export = done.args[0]
    assert export.frame_count == 12
    files = sorted(export.path.glob("*.png"))
    assert [f.name for f in files] == [f"{i:05d}.png" for i in range(12)]
    for index, file in enumerate(files):
        np.testing.assert_array_equal(read_label_map(file), driver.document.label_map(index))


def test_export_into_a_folder_that_cannot_be_made_is_told(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    driver.open(frames_folder)
    paint_square(driver)
    blocker = tmp_path / "file"
    blocker.write_text("no folder")
    with driver.qtbot.waitSignal(driver.application.export.finished, timeout=10000) as done:
        driver.application.export.export(blocker / "davis")
    assert done.args[0] is None
    assert str(blocker) in driver.window.messages.text


def test_a_project_folder_opens_by_itself(
    make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    first = make_driver()
    first.open(frames_folder)
    paint_square(first)
    project = first.application.editor.workspace.project  # type: ignore[union-attr]
    assert project is not None
    first.window.close()
    second = make_driver()
    second.open(project.folder)
    assert second.document.label_map(0).any()
    assert second.application.editor.workspace.sequence.path == frames_folder  # type: ignore[union-attr]


def test_the_export_dialog_asks_for_a_folder_and_warns(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    driver.open(frames_folder)
    driver.go_to(4)
    paint_square(driver)
    driver.trigger("file.export_davis")
    dialog = driver.window.findChild(ExportDialog)
    assert dialog is not None and dialog.isVisible() and not dialog.isModal()
    texts = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "first appears in frame 4" in texts
    dialog.folder_field.setText(str(tmp_path / "out"))
    with driver.qtbot.waitSignal(driver.application.export.finished, timeout=10000) as done:
        dialog.accept()
    assert done.args[0].frame_count == 12

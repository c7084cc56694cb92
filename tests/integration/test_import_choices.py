"""Imported objects at the real window: as new ones, into others, or left out; one undo step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from annotator.exchange.choices import ImportWay
from annotator.model.cells import CellState
from tests.integration.test_exchange import annotated, import_dialog, press_import
from tests.model.states import state_of
from tests.support.gui import FRAME_HEIGHT, FRAME_WIDTH, Driver
from vos_core.media import write_label_map

pytestmark = pytest.mark.gui


def other_masks(folder: Path) -> np.ndarray:
    """Objects 1 and 3 in frames 0 and 1, partly over what is drawn there."""
    label_map = np.zeros((FRAME_HEIGHT, FRAME_WIDTH), np.uint8)
    label_map[22:28, 20:40] = 1
    label_map[50:56, 80:90] = 3
    folder.mkdir()
    for frame in (0, 1):
        write_label_map(folder / f"{frame:05d}.png", label_map)
    return label_map


def pick(box: QComboBox, text: str) -> None:
    """Choose by the keyboard the entry that begins with a text."""
    place = box.findText(text, Qt.MatchFlag.MatchStartsWith)
    assert place >= 0, [box.itemText(i) for i in range(box.count())]
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(place):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentIndex() == place


def test_added_as_new_objects_in_one_step(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    annotated(driver, frames_folder)
    before = state_of(driver.document)
    coming = other_masks(tmp_path / "masks")
    old = [driver.document.label_map(frame).copy() for frame in range(12)]
    dialog = import_dialog(driver, tmp_path / "masks")
    assert dialog.objects.target_box(1).currentText().startswith("1 ")
    assert dialog.objects.target_box(3).currentText() == "3  (new)"
    pick(dialog.objects.way_box, "Add as new")
    assert dialog.choices.way is ImportWay.NEW and not dialog.choices.targets
    assert dialog.objects.target_box(1).currentText() == "New object"
    assert "Objects: 2 new" in dialog.state_label.text()
    assert press_import(driver, dialog) == 2
    document = driver.document
    assert document.objects.ids == (1, 2, 3, 4)
    drawn = old[0] == 1  # frame 0: what a person drew stays on top
    np.testing.assert_array_equal(document.label_map(0) == 1, drawn)
    np.testing.assert_array_equal(document.label_map(0) == 3, (coming == 1) & ~drawn)
    np.testing.assert_array_equal(document.label_map(1) == 3, coming == 1)  # over propagated ones
    np.testing.assert_array_equal(document.label_map(1) == 4, coming == 3)
    np.testing.assert_array_equal(document.label_map(4), old[4])
    assert document.cells.state(1, 3) is CellState.DRAWN
    assert "new objects 3" in driver.window.messages.text
    driver.trigger("edit.undo")
    assert state_of(document) == before
    driver.trigger("edit.redo")
    assert document.objects.ids == (1, 2, 3, 4)


def test_each_object_is_mapped_or_left_out(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    annotated(driver, frames_folder)
    before = state_of(driver.document)
    coming = other_masks(tmp_path / "masks")
    dialog = import_dialog(driver, tmp_path / "masks")
    pick(dialog.objects.way_box, "Add as new")
    pick(dialog.objects.target_box(1), "2  ")
    pick(dialog.objects.target_box(3), "Leave out")
    assert dialog.choices.targets == {1: 2, 3: 0}
    assert "1 into an object of the project, 1 left out" in dialog.state_label.text()
    assert press_import(driver, dialog) == 2
    assert driver.document.objects.ids == (1, 2)
    np.testing.assert_array_equal(driver.document.label_map(1) == 2, coming == 1)
    assert driver.document.object_mask(4, 2).any()  # a frame without a mask in the files
    driver.trigger("edit.undo")
    assert state_of(driver.document) == before


def test_an_object_added_while_masks_are_read_keeps_its_id(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    annotated(driver, frames_folder)
    other_masks(tmp_path / "masks")
    dialog = import_dialog(driver, tmp_path / "masks")
    dialog.objects.choose_way(ImportWay.NEW)
    imports = driver.application.imports
    with driver.qtbot.waitSignal(imports.finished, timeout=15000):
        driver.qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
        driver.trigger("object.add")
    assert driver.document.objects.ids == (1, 2, 3, 4, 5)
    assert driver.document.cells.frames_of(3) == ()
    assert driver.document.cells.frames_of(4) == (0, 1)


def test_a_choice_that_cannot_be_is_told_and_another_works(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    annotated(driver, frames_folder)
    other_masks(tmp_path / "masks")
    dialog = import_dialog(driver, tmp_path / "masks")
    before = state_of(driver.document)
    (tmp_path / "masks" / "00001.png").unlink()
    dialog.objects.choose_way(ImportWay.MERGE)
    driver.qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
    driver.wait(lambda: "00001.png" in dialog.state_label.text())
    assert state_of(driver.document) == before and dialog.import_button.isEnabled()
    other_masks_again = tmp_path / "again"
    other_masks(other_masks_again)
    with driver.qtbot.waitSignal(driver.application.imports.inspected, timeout=15000):
        dialog.look_at(other_masks_again)
    assert press_import(driver, dialog) == 2


def test_one_of_several_videos_is_asked_for(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    for video, value in (("cats", 1), ("dogs", 5)):
        for frame in (0, 1):
            label_map = np.zeros((FRAME_HEIGHT, FRAME_WIDTH), np.uint8)
            label_map[10:20, 10:20] = value
            write_label_map(tmp_path / "masks" / video / f"{frame:05d}.png", label_map)
    driver.open(frames_folder)
    dialog = import_dialog(driver, tmp_path / "masks")
    assert "2 videos" in dialog.state_label.text() and dialog.video_box.isVisible()
    assert not dialog.import_button.isEnabled()
    place = dialog.video_box.findText("dogs")
    with driver.qtbot.waitSignal(driver.application.imports.inspected, timeout=15000):
        dialog.video_box.setCurrentIndex(place)
        dialog.video_box.activated.emit(place)  # as a click in the list does
    assert press_import(driver, dialog) == 2
    assert driver.document.objects.ids == (5,)


def test_a_format_may_be_said(driver: Driver, frames_folder: Path, tmp_path: Path) -> None:
    other_masks(tmp_path / "masks")
    driver.open(frames_folder)
    dialog = import_dialog(driver, tmp_path / "masks")
    assert "DAVIS results" in dialog.facts_label.text()
    place = dialog.format_box.findData("coco")
    with driver.qtbot.waitSignal(driver.application.imports.inspected, timeout=15000):
        dialog.format_box.setCurrentIndex(place)
        dialog.format_box.activated.emit(place)
    assert not dialog.import_button.isEnabled() and "⚠" in dialog.state_label.text()

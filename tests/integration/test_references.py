"""The list of references on the real window: what is in it, promoting, excluding, giving up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget

from annotator.model.cells import CellState
from tests.support.fake_backend import FakeBackend
from tests.support.gui import Driver

pytestmark = pytest.mark.gui


def paint(driver: Driver, frame: int, x: int, y: int) -> None:
    driver.go_to(frame)
    driver.window.brush_size.set_diameter(10)
    driver.drag([(x, y), (x + 6, y)])


def texts(driver: Driver) -> list[str]:
    return [row.text.replace("\n", " | ") for row in driver.window.references.rows]


def test_drawn_and_corrected_frames_are_listed_with_thumbnails_and_a_click_goes_there(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    assert texts(driver) == []
    paint(driver, 2, 20, 20)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    paint(driver, 7, 60, 45)
    driver.wait(lambda: len(texts(driver)) == 2)
    first, second = driver.window.references.rows
    assert first.text.startswith("Frame 2 · drawn\n1 object")
    assert second.text.startswith("Frame 7 · corrected\n1 object")
    assert second.picture is not None
    colour = np.array(driver.document.objects[1].colour)
    assert (np.abs(second.picture.astype(int) - colour).sum(2) < 200).any(), "masks are in it"
    panel = driver.window.references.list
    dock = driver.window.findChild(QDockWidget, "referencesDock")
    assert isinstance(dock, QDockWidget)
    dock.raise_()
    driver.qtbot.waitUntil(panel.isVisible, timeout=5000)
    at = panel.visualItemRect(panel.item(0)).center()
    QTest.mouseClick(panel.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at))
    driver.wait(lambda: driver.application.editor.shown_frame == 2)


def test_the_list_tells_how_much_each_reference_explained(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 20, 20)
    paint(driver, 9, 20, 20)
    driver.go_to(0)
    driver.window.actions_table["propagate.both_sides"].setChecked(False)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.wait(lambda: "explains 80 %" in "".join(texts(driver)))  # eight frames of ten
    assert "explains 80 %" in texts(driver)[0]
    assert "explains 20 %" in texts(driver)[1]
    driver.go_to(11)
    driver.wait(lambda: "(here 100 %)" in texts(driver)[1])


def test_any_frame_can_be_promoted_and_undo_takes_it_back(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.trigger("propagate.promote")
    assert "shows no object" in driver.window.messages.text
    paint(driver, 0, 20, 20)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(6)
    driver.trigger("propagate.promote")
    assert driver.document.reference_frames() == (0, 6)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert set(backend.jobs[-1].references) == {0, 6}
    driver.trigger("edit.undo")
    driver.trigger("edit.undo")
    assert driver.document.reference_frames() == (0,)


def test_a_bad_reference_is_dropped_and_only_then_its_masks_may_be_replaced(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 20, 20)
    paint(driver, 5, 70, 45)
    bad = driver.document.label_map(5).copy()
    driver.trigger("propagate.exclude")
    driver.wait(lambda: "excluded" in "".join(texts(driver)[1:]))
    assert driver.document.reference_frames() == (0,)
    driver.go_to(0)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert set(backend.jobs[-1].references) == {0}
    np.testing.assert_array_equal(driver.document.label_map(5), bad)
    assert driver.document.cells.state(5, 1) is CellState.DRAWN, "a person's masks are kept"
    driver.go_to(5)
    driver.trigger("propagate.give_up")
    driver.go_to(0)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert driver.document.label_map(5)[20, 28] == 1 and driver.document.label_map(5)[45, 73] == 0
    driver.go_to(5)
    driver.trigger("propagate.exclude")  # the switch again: it counts as before
    assert driver.document.reference_frames() == (0,)
    assert driver.document.cells.state(5, 1) is CellState.PROPAGATED

"""The list of steps beside the picture, and what undo and redo say."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget

from tests.support.fake_backend import FakeBackend
from tests.support.gui import Driver

pytestmark = pytest.mark.gui


@pytest.fixture
def painted(driver: Driver, frames_folder: Path) -> Driver:
    """Three strokes of a first object, in frames 0, 3 and 5; the list of steps is in view."""
    driver.open(frames_folder)
    dock = driver.window.findChild(QDockWidget, "historyDock")
    assert dock is not None
    dock.show()
    dock.raise_()
    for frame in (0, 3, 5):
        driver.go_to(frame)
        driver.drag([(10, 20), (30, 20)])
    driver.wait(lambda: driver.window.history.isVisible())
    return driver


def click_row(driver: Driver, row: int) -> None:
    """Click a line of the list."""
    view = driver.window.history.list
    place = view.visualRect(view.model().index(row, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_every_step_is_listed_and_a_click_goes_there_and_back(painted: Driver) -> None:
    panel, document = painted.window.history, painted.document
    assert panel.texts[0] == "As it was opened"
    assert panel.current == len(panel.texts) - 1 >= 3
    whole = [document.label_map(frame).copy() for frame in range(12)]
    click_row(painted, panel.current - 2)
    assert not document.label_map(5).any() and not document.label_map(3).any()
    assert document.label_map(0).any()
    assert painted.application.editor.frame == 3, "where the last change was taken back"
    assert "Undone" in painted.window.statusBar().currentMessage()
    assert "2 steps" in painted.window.statusBar().currentMessage()
    assert len(panel.texts) - 1 == panel.current + 2, "what was taken back stays listed"
    click_row(painted, len(panel.texts) - 1)
    assert all((document.label_map(i) == whole[i]).all() for i in range(12))
    assert "Done again" in painted.window.statusBar().currentMessage()


def test_undo_says_what_it_took_back(painted: Driver) -> None:
    text, _, frame = painted.window.history.texts[-1].partition(" · ")
    assert frame == "5"
    painted.trigger("edit.undo")
    said = painted.window.statusBar().currentMessage()
    assert text.lower() in said.lower() and "steps" not in said


def test_undo_during_a_run_says_why_not(painted: Driver, backend: FakeBackend) -> None:
    backend.gate.clear()
    painted.trigger("propagate.forward")
    painted.wait(lambda: painted.application.propagation.is_running)
    before = painted.document.label_map(5).copy()
    painted.trigger("edit.undo")
    assert "stop it first" in painted.window.messages.text
    assert (painted.document.label_map(5) == before).all()
    backend.gate.set()
    painted.wait_for_end()

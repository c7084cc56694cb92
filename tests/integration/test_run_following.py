"""The view goes along with a run until a person goes somewhere or paints, and not by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from tests.support.fake_backend import FakeBackend
from tests.support.gui import Driver
from tests.support.steering import paint

pytestmark = pytest.mark.gui


def is_following(driver: Driver) -> bool:
    return driver.window.actions_table["propagate.follow"].isChecked()


def start_slowly(driver: Driver, backend: FakeBackend, folder: Path) -> None:
    """A run from frame 0 that waits for the gate."""
    backend.seconds = 0.03
    driver.open(folder)
    paint(driver, 0, 20, 20)
    backend.gate.clear()
    driver.key(Qt.Key.Key_F)
    assert is_following(driver)


def test_the_view_goes_along_and_the_switch_shows_it(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    start_slowly(driver, backend, frames_folder)
    bar = driver.window.propagation
    driver.wait(lambda: bar.follow_button.isVisible() and bar.follow_button.isChecked())
    backend.gate.set()
    driver.wait_for_end()
    assert driver.application.editor.frame == 11
    assert not bar.follow_button.isVisible()


def test_going_to_a_frame_ends_it_and_the_button_takes_it_up_again(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    start_slowly(driver, backend, frames_folder)
    driver.go_to(10)
    assert not is_following(driver)
    backend.gate.set()
    driver.wait(lambda: len(backend.steps) >= 3)
    assert driver.application.editor.frame == 10
    driver.qtbot.mouseClick(driver.window.propagation.follow_button, Qt.MouseButton.LeftButton)
    assert driver.application.editor.frame < 10 or len(backend.steps) >= 10
    driver.wait_for_end()
    assert driver.application.editor.frame == 11


def test_painting_ends_it(driver: Driver, backend: FakeBackend, frames_folder: Path) -> None:
    start_slowly(driver, backend, frames_folder)
    driver.drag([(40, 40), (50, 40)])
    backend.gate.set()
    driver.wait(lambda: not is_following(driver))
    driver.wait_for_end()
    assert driver.application.editor.frame == 0


def test_a_stroke_in_hand_is_not_carried_away(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    start_slowly(driver, backend, frames_folder)
    driver.drag([(40, 40), (50, 40)], release=False)
    backend.gate.set()
    driver.wait(lambda: len(backend.steps) >= 3)
    driver.wait(lambda: not is_following(driver))
    assert driver.application.editor.frame == 0
    driver.window.canvas.abort_gesture()
    driver.wait_for_end()
    assert driver.application.editor.frame == 0


def test_a_run_that_has_waited_leaves_a_person_where_he_is(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.seconds = 0.02
    driver.open(frames_folder)
    paint(driver, 5, 20, 20)
    backend.gate.clear()
    driver.key(Qt.Key.Key_F)
    driver.key(Qt.Key.Key_B)
    driver.go_to(8)
    backend.gate.set()
    driver.wait(lambda: len(backend.steps) == 11)
    driver.wait_for_end()
    assert driver.application.editor.frame == 8 and not is_following(driver)

"""Review on the real window: curve, suggestion, verifying, and stepping through what is left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from annotator.model.cells import CellState
from annotator.model.suggestion import correction_gains
from annotator.views.timeline.scale import HEADER_WIDTH
from tests.support.gui import Driver

pytestmark = pytest.mark.gui


def propagated(driver: Driver, folder: Path) -> None:
    """Two objects drawn in frame 0 and carried to the end."""
    driver.open(folder)
    driver.window.brush_size.set_diameter(10)
    driver.drag([(20, 20), (32, 20)])
    driver.trigger("object.add")
    driver.drag([(20, 45), (32, 45)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()


def test_j_goes_to_the_frame_of_largest_gain_and_says_why(
    driver: Driver, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    codes = driver.document.cells.reliability_codes[:, 1].astype(float)
    doubt = np.where(np.arange(12) > 0, 1 - (codes - 1) / 254, 0)
    wanted = int(np.argmax(correction_gains(doubt, [0])))
    assert 0 < wanted < 11  # not simply the least reliable one, which is the last
    driver.go_to(0)
    driver.key(Qt.Key.Key_J)
    assert driver.application.editor.frame == wanted
    text = driver.window.messages.text
    assert f"Frame {wanted}" in text and "nearest reference (0)" in text and "should mend" in text
    driver.wait(lambda: driver.window.curve.suggested == wanted)


def test_nothing_to_suggest_is_said(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_J)
    assert "nothing to suggest" in driver.window.messages.text
    assert driver.application.editor.frame == 0


def test_one_object_of_a_frame_is_verified_alone(driver: Driver, frames_folder: Path) -> None:
    propagated(driver, frames_folder)
    driver.go_to(5)
    driver.application.editor.choose_object(2)
    driver.key(Qt.Key.Key_Y, Qt.KeyboardModifier.AltModifier)
    cells = driver.document.cells
    assert cells.state(5, 1) is CellState.PROPAGATED
    assert cells.state(5, 2) is CellState.VERIFIED
    driver.trigger("edit.undo")
    assert cells.state(5, 2) is CellState.PROPAGATED


def test_the_review_mode_steps_through_what_is_left(driver: Driver, frames_folder: Path) -> None:
    propagated(driver, frames_folder)
    driver.go_to(0)
    editor, bar = driver.application.editor, driver.window.review_bar
    assert not bar.isVisible()
    driver.key(Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert bar.isVisible()
    first = editor.frame
    assert first == 11  # the farthest from the reference is the least reliable
    assert "1 of 12 frames checked" in bar.status_label.text()
    assert "2 places left" in bar.status_label.text()
    driver.wait(lambda: editor.shown_frame == first)
    driver.key(Qt.Key.Key_Y)
    assert driver.document.cells.state(first, 1) is CellState.VERIFIED
    second = editor.frame
    assert abs(second - first) > 5  # its neighbours were looked at with it
    driver.wait(lambda: "2 of 12 frames checked · 1 place left" in bar.status_label.text())
    driver.key(Qt.Key.Key_N)  # skipped
    assert driver.document.cells.state(second, 1) is CellState.PROPAGATED
    driver.wait(lambda: "no doubtful place is left" in bar.status_label.text())
    assert "review is done" in driver.window.messages.text
    driver.key(Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert not bar.isVisible()


def test_a_click_on_the_curve_goes_there_and_hovering_tells(
    driver: Driver, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    curve = driver.window.curve
    x = int(driver.window.timeline.frame_x(7.5))
    QTest.mouseClick(curve, Qt.MouseButton.LeftButton, pos=QPoint(x, 20))
    assert driver.application.editor.frame == 7
    value = (int(driver.document.cells.reliability_codes[7].max()) - 1) / 254
    words = f"Frame 7 · lowest reliability {value:.2f}"
    driver.wait(lambda: words in curve.describe(QPoint(x, 20)))  # changes are gathered for a moment
    assert "nothing in doubt" in curve.describe(QPoint(HEADER_WIDTH + 2, 20))
    assert curve.describe(QPoint(5, 5)) == ""


def test_the_curve_keeps_the_lowest_value_of_every_column(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    curve, matrix = driver.window.curve, driver.window.timeline
    values = np.full(12, 0.9)
    values[6] = 0.2
    values[3] = np.nan
    curve.set_reliability(values)
    shown = [value for _, value in curve.columns(matrix.scale)]
    assert len(shown) == 12
    assert min(v for v in shown if not np.isnan(v)) == 0.2
    assert np.isnan(shown[3])
    assert not curve.grab().isNull()

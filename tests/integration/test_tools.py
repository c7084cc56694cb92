"""Painting tools on the real window: what they paint, its undo, and Esc."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from annotator.views.canvas.tools import Tool
from tests.support.gui import Driver
from tests.support.pen import draw_with_pen

pytestmark = pytest.mark.gui


def painted(driver: Driver, object_id: int = 1) -> np.ndarray:
    """The object's mask in the shown frame."""
    frame = driver.application.editor.shown_frame
    assert frame is not None
    return driver.document.object_mask(frame, object_id)


def undone(driver: Driver, before: np.ndarray) -> bool:
    """Undo once; whether that brings the label map of frame 0 back."""
    driver.trigger("edit.undo")
    return bool(np.array_equal(driver.document.label_map(0), before))


def hover(driver: Driver, x: float, y: float) -> None:
    """Move the mouse over a frame pixel with no button down."""
    QTest.mouseMove(driver.canvas.viewport(), driver.point(x, y))
    QApplication.processEvents()


def drag_with(
    driver: Driver,
    start: tuple[float, float],
    end: tuple[float, float],
    modifier: Qt.KeyboardModifier,
) -> None:
    """Drag the left button with a key held."""
    port, left = driver.canvas.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(port, left, modifier, driver.point(*start))
    where = QPointF(driver.point(*end))
    move = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        where,
        QPointF(port.mapToGlobal(where)),
        Qt.MouseButton.NoButton,
        left,
        modifier,
    )
    QApplication.sendEvent(port, move)
    QTest.mouseRelease(port, left, modifier, driver.point(*end))


def test_the_square_brush_leaves_a_square(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.window.brush_size.set_diameter(10)
    driver.key(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert driver.window.actions_table["tool.square"].isChecked()
    driver.click(50, 30)
    mask = painted(driver)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert 10 <= len(rows) <= 11 and 10 <= len(columns) <= 11
    assert mask[np.ix_(rows, columns)].all(), "corners too"
    driver.trigger("edit.undo")
    driver.key(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    driver.click(50, 30)
    mask = painted(driver)
    assert mask[30, 50] and not mask[26, 46] and not mask[34, 54], "a round one has none"


def test_the_pressure_of_a_pen_sets_the_size_and_its_end_erases(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.window.brush_size.set_diameter(20)
    draw_with_pen(driver, [(20, 30, 0.2), (80, 30, 1.0)])
    mask = painted(driver)
    thin, thick = int(mask[:, 22].sum()), int(mask[:, 78].sum())
    assert 3 <= thin <= 6 and 18 <= thick <= 21
    assert driver.canvas.brush_radius == 10, "the ring is back at the size that was chosen"
    driver.trigger("edit.undo")
    assert not painted(driver).any()
    driver.window.actions_table["tool.pressure"].setChecked(False)
    draw_with_pen(driver, [(20, 30, 0.2), (80, 30, 1.0)])
    assert int(painted(driver)[:, 22].sum()) >= 18, "switched off, every stroke is full"
    draw_with_pen(driver, [(20, 30, 0.5), (80, 30, 0.5)], eraser=True)
    assert not painted(driver)[30, 25:75].any()


def test_escape_drops_a_stroke_of_a_pen(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.window.brush_size.set_diameter(8)
    draw_with_pen(driver, [(20, 30, 1.0), (40, 30, 1.0)], release=False)
    assert painted(driver).any()
    driver.key(Qt.Key.Key_Escape)
    assert not painted(driver).any() and not driver.canvas.gesture_in_hand()


@pytest.mark.parametrize("key", [Qt.Key.Key_P, Qt.Key.Key_O, Qt.Key.Key_U])
def test_escape_drops_an_outline(driver: Driver, frames_folder: Path, key: Qt.Key) -> None:
    driver.open(frames_folder)
    driver.key(key)
    driver.drag([(20, 10), (50, 12), (48, 40)], release=False)
    assert driver.canvas.gesture_in_hand() and driver.canvas.outline is not None
    driver.key(Qt.Key.Key_Escape)
    assert not driver.canvas.gesture_in_hand() and driver.canvas.outline is None
    QTest.mouseRelease(
        driver.canvas.viewport(), Qt.MouseButton.LeftButton, pos=driver.point(48, 40)
    )
    assert not driver.document.label_map(0).any() and not driver.document.objects.ids


def test_rectangle_square_and_from_the_middle(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_U)
    before = driver.document.label_map(0).copy()
    driver.drag([(20, 10), (40, 20), (60, 30)])
    mask = painted(driver)
    assert mask[11:30, 21:60].all()
    assert 38 <= mask.any(0).sum() <= 42 and 18 <= mask.any(1).sum() <= 22
    assert undone(driver, before)
    drag_with(driver, (20, 10), (60, 30), Qt.KeyboardModifier.ShiftModifier)
    mask = painted(driver)
    assert mask.any(0).sum() == mask.any(1).sum(), "Shift: as high as wide"
    assert undone(driver, before)
    drag_with(driver, (50, 30), (60, 40), Qt.KeyboardModifier.ControlModifier)
    mask = painted(driver)
    assert mask[22:39, 42:59].all() and not mask[:, :38].any(), "Ctrl: the press is the middle"


def test_ellipse_fills_and_the_right_button_takes_away(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_U)
    driver.drag([(10, 5), (80, 55)])
    before = driver.document.label_map(0).copy()
    driver.key(Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
    driver.drag([(20, 10), (60, 50)], Qt.MouseButton.RightButton)
    mask = painted(driver)
    assert not mask[30, 22:59].any() and mask[12, 22] and mask[48, 58], "corners stay"
    assert undone(driver, before)


def test_polygon_corners_are_moved_inserted_and_taken_away(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_P)
    driver.canvas.setFocus()
    for x, y in ((20, 10), (60, 10), (60, 40), (20, 40)):
        driver.click(x, y)
    outline = driver.canvas.outline
    assert outline is not None and len(outline.handles) == 4 and not outline.is_closed
    driver.click(20, 10)  # on the first corner: join the ends
    outline = driver.canvas.outline
    assert outline is not None and outline.is_closed and len(outline.handles) == 4
    assert not driver.document.label_map(0).any(), "nothing is painted before it is filled"
    driver.drag([(60, 40), (70, 50), (80, 50)])
    driver.drag([(40, 10), (40, 6), (40, 3)])  # an edge: a corner is put there and moved
    hover(driver, 40, 3)
    assert "Del" in driver.window.tool_label.text()
    outline = driver.canvas.outline
    assert outline is not None and len(outline.handles) == 5 and outline.hot == 1
    assert outline.handles[3] == pytest.approx((80.5, 50.5), abs=0.3)
    driver.click(20, 40, Qt.MouseButton.RightButton)  # takes that corner away
    QTest.keyClick(driver.canvas, Qt.Key.Key_Return)
    mask = painted(driver)
    assert driver.canvas.outline is None
    assert mask[6, 40] and mask[47, 76] and not mask[38, 24]
    driver.trigger("edit.undo")
    assert not driver.document.label_map(0).any()
    driver.trigger("edit.redo")
    np.testing.assert_array_equal(painted(driver), mask)


def test_polygon_keys_take_corners_back(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_P)
    driver.canvas.setFocus()
    for x, y in ((20, 10), (60, 10), (60, 40), (90, 55)):
        driver.click(x, y)
    QTest.keyClick(driver.canvas, Qt.Key.Key_Backspace)
    hover(driver, 20, 10)
    QTest.keyClick(driver.canvas, Qt.Key.Key_Delete)
    outline = driver.canvas.outline
    assert outline is not None and len(outline.handles) == 2
    assert driver.document.objects.ids == (), "Del did not reach the menu"
    QTest.keyClick(driver.canvas, Qt.Key.Key_Return)  # two corners are no polygon
    assert driver.canvas.outline is None and not driver.document.label_map(0).any()


def test_a_polygon_of_the_right_button_takes_away(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_U)
    driver.drag([(10, 5), (80, 55)])
    driver.key(Qt.Key.Key_P)
    driver.canvas.setFocus()
    for x, y in ((20, 10), (60, 10), (60, 50)):
        driver.click(x, y, Qt.MouseButton.RightButton)
    QTest.keyClick(driver.canvas, Qt.Key.Key_Return)
    assert not painted(driver)[20, 50] and painted(driver)[45, 25]


def test_outlines_leave_protected_and_locked_objects_alone(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_U)
    driver.drag([(30, 20), (50, 40)])
    first = painted(driver).copy()
    driver.trigger("object.add")
    driver.window.actions_table["tool.protect"].setChecked(True)
    for key in (Qt.Key.Key_U, Qt.Key.Key_O, Qt.Key.Key_P):
        driver.key(key)
        driver.drag([(10, 10), (70, 10), (70, 50)])
        if key == Qt.Key.Key_P:
            for x, y in ((10, 10), (70, 10)):
                driver.click(x, y)
            driver.canvas.setFocus()
            QTest.keyClick(driver.canvas, Qt.Key.Key_Return)
        np.testing.assert_array_equal(painted(driver, 1), first)
        assert painted(driver, 2).any()
        driver.trigger("edit.undo")
    driver.window.actions_table["tool.protect"].setChecked(False)
    driver.key(Qt.Key.Key_L)
    driver.key(Qt.Key.Key_U)
    driver.drag([(10, 10), (70, 50)])
    assert not painted(driver, 2).any() and "locked" in driver.window.messages.text


def test_fill_and_eraser_are_undone(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_U)
    driver.drag([(30, 20), (50, 40)])
    before = driver.document.label_map(0).copy()
    driver.key(Qt.Key.Key_E)
    driver.window.brush_size.set_diameter(10)
    driver.drag([(30, 30), (50, 30)])
    assert not painted(driver)[30, 40]
    assert undone(driver, before)
    driver.key(Qt.Key.Key_G)
    driver.click(40, 30, Qt.MouseButton.RightButton)
    assert not painted(driver).any()
    assert undone(driver, before)
    driver.key(Qt.Key.Key_Insert)
    driver.click(80, 50)
    assert painted(driver, 2)[50, 80] and not painted(driver, 2)[30, 40]
    assert undone(driver, before)


def test_a_fill_that_others_refuse_says_so(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_U)
    driver.drag([(30, 20), (50, 40)])
    before = driver.document.label_map(0).copy()
    driver.key(Qt.Key.Key_Insert)
    driver.window.actions_table["tool.protect"].setChecked(True)
    driver.key(Qt.Key.Key_G)
    driver.click(40, 30)
    np.testing.assert_array_equal(driver.document.label_map(0), before)
    assert "keeps its pixels" in driver.window.messages.text


def test_every_tool_has_a_key_an_icon_a_cursor_and_words(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.trigger("object.add")
    pictures, texts = set(), set()
    for tool in Tool:
        spec = driver.window.actions_table.spec(f"tool.{tool.value}")
        assert spec.keys and spec.icon and spec.tip
        assert not driver.window.actions_table[f"tool.{tool.value}"].icon().isNull()
        driver.trigger(f"tool.{tool.value}")
        cursor = driver.canvas.viewport().cursor()
        pictures.add(cursor.pixmap().cacheKey() if not cursor.pixmap().isNull() else tool)
        texts.add(driver.window.tool_label.text())
    assert len(pictures) == len(texts) == len(Tool)


def test_the_tool_and_its_settings_are_remembered(make_driver: Callable[[], Driver]) -> None:
    first = make_driver()
    first.trigger("tool.live_wire")
    first.trigger("tool.square")
    first.window.mask_amounts.amount_field.setValue(9)
    first.window.close()
    second = make_driver()
    switches = second.window.actions_table
    assert switches["tool.live_wire"].isChecked() and switches["tool.square"].isChecked()
    assert switches["tool.pressure"].isChecked() and second.window.mask_amounts.amount == 9

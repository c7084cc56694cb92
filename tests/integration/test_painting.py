"""Every tool and object operation on the real window, each undone again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from annotator.model.cells import CellState
from annotator.views.panels.object_model import Column
from tests.support.gui import Driver

pytestmark = pytest.mark.gui


def square(driver: Driver, x: int, y: int, size: int = 12) -> None:
    """Fill a square with the lasso."""
    driver.trigger("tool.lasso")
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    driver.drag([(float(a), float(b)) for a, b in corners])


def test_lasso_fills_its_inside_and_undo_empties_it(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 20, 10)
    label_map = driver.document.label_map(0)
    assert label_map[16, 26] == 1 and label_map[16, 40] == 0
    assert 120 <= int((label_map == 1).sum()) <= 170
    driver.trigger("edit.undo")
    assert not driver.document.label_map(0).any()


def test_polygon_by_clicks_and_double_click(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_P)
    for x, y in ((20, 10), (50, 10), (50, 40)):
        driver.click(x, y)
    QTest.mouseDClick(driver.canvas.viewport(), Qt.MouseButton.LeftButton, pos=driver.point(50, 40))
    label_map = driver.document.label_map(0)
    assert label_map[15, 45] == 1 and label_map[35, 25] == 0


def test_fill_takes_the_connected_area_only(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 10, 10)
    square(driver, 60, 10)
    driver.key(Qt.Key.Key_Insert)
    assert driver.application.editor.active_object == 2
    driver.key(Qt.Key.Key_G)
    driver.click(16, 16)
    label_map = driver.document.label_map(0)
    assert label_map[16, 16] == 2 and label_map[16, 66] == 1
    driver.click(16, 16, Qt.MouseButton.RightButton)
    assert driver.document.label_map(0)[16, 16] == 0


def test_pick_chooses_the_object_under_the_pointer(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 10, 10)
    driver.trigger("object.add")
    assert driver.application.editor.active_object == 2
    driver.key(Qt.Key.Key_I)
    driver.click(16, 16)
    assert driver.application.editor.active_object == 1
    driver.click(90, 50)
    assert driver.application.editor.active_object == 1, "background chooses nothing"


def test_the_eraser_takes_the_chosen_object_only(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 10, 10)
    driver.trigger("object.add")
    square(driver, 30, 10)
    driver.key(Qt.Key.Key_E)
    driver.window.brush_size.set_diameter(40)
    driver.drag([(16, 16), (36, 16)])
    label_map = driver.document.label_map(0)
    assert (label_map == 1).any() and not (label_map == 2).any()


def test_protect_leaves_other_objects_alone(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 10, 10)
    first = driver.document.object_mask(0, 1)
    driver.trigger("object.add")
    driver.window.actions_table["tool.protect"].setChecked(True)
    square(driver, 8, 8, 30)
    np.testing.assert_array_equal(driver.document.object_mask(0, 1), first)
    driver.window.actions_table["tool.protect"].setChecked(False)
    square(driver, 8, 8, 30)
    assert not driver.document.object_mask(0, 1).any()


def test_a_locked_object_refuses_and_says_so(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 10, 10)
    before = driver.document.label_map(0).copy()
    driver.key(Qt.Key.Key_L)
    assert "locked" in driver.window.tool_label.text()
    driver.key(Qt.Key.Key_R)
    driver.drag([(50, 40), (60, 40)])
    np.testing.assert_array_equal(driver.document.label_map(0), before)
    assert "locked" in driver.window.messages.text
    driver.key(Qt.Key.Key_L)
    driver.drag([(50, 40), (60, 40)])
    assert driver.document.label_map(0)[40, 55] == 1


def test_brush_size_by_keys_and_alt_wheel(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    size = driver.window.brush_size.diameter
    driver.key(Qt.Key.Key_BracketRight)
    assert driver.window.brush_size.diameter > size
    driver.key(Qt.Key.Key_BracketLeft)
    driver.key(Qt.Key.Key_BracketLeft)
    assert driver.window.brush_size.diameter < size
    size, zoom = driver.window.brush_size.diameter, driver.canvas.zoom
    driver.wheel(50, 30, 1, Qt.KeyboardModifier.AltModifier)
    assert driver.window.brush_size.diameter > size and driver.canvas.zoom == zoom
    assert driver.canvas.brush_radius == driver.window.brush_size.diameter / 2
    driver.wheel(50, 30, 1)
    assert driver.canvas.zoom > zoom


def test_strokes_are_interpolated(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.window.brush_size.set_diameter(4)
    driver.drag([(10, 30), (90, 30)])  # two samples, eighty pixels apart
    assert (driver.document.label_map(0)[30, 10:91] == 1).all()


def test_frame_steps_keep_zoom_and_tool(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_E)
    driver.wheel(20, 20, 3)
    zoom, corner = driver.canvas.zoom, driver.point(0, 0)
    for key, frame in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_D, 2),
        (Qt.Key.Key_A, 1),
        (Qt.Key.Key_End, 11),
        (Qt.Key.Key_Home, 0),
    ):
        driver.key(key)
        driver.wait(lambda wanted=frame: driver.application.editor.shown_frame == wanted)
    driver.key(Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    driver.wait(lambda: driver.application.editor.shown_frame == 10)
    assert driver.canvas.zoom == zoom and driver.point(0, 0) == corner
    assert driver.window.actions_table["tool.eraser"].isChecked()


def test_objects_are_renamed_hidden_chosen_and_deleted(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 10, 10)
    driver.trigger("object.add")
    square(driver, 40, 10)
    table = driver.window.objects.table
    model = table.model()
    assert model.setData(model.index(1, Column.NAME), "dog")
    assert driver.document.objects[2].name == "dog"
    eye = table.visualRect(model.index(1, Column.EYE)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(eye.x(), eye.y()))
    assert not driver.document.objects[2].visible
    assert driver.canvas.mask_layer.colour_table[2] == 0
    assert driver.canvas.mask_layer.colour_table[1] != 0
    driver.key(Qt.Key.Key_1)
    assert driver.application.editor.active_object == 1
    driver.key(Qt.Key.Key_2)
    assert driver.application.editor.active_object == 2
    driver.trigger("object.delete")
    assert driver.document.objects.ids == (1,)
    assert not driver.document.object_mask(0, 2).any()
    driver.trigger("edit.undo")
    assert driver.document.objects[2].name == "dog"
    assert driver.document.object_mask(0, 2).any()


def test_solo_shows_one_object_alone(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.trigger("object.add")
    driver.trigger("object.add")
    driver.key(Qt.Key.Key_1)
    driver.key(Qt.Key.Key_S)
    table = driver.canvas.mask_layer.colour_table
    assert table[1] != 0 and table[2] == 0
    driver.key(Qt.Key.Key_2)
    table = driver.canvas.mask_layer.colour_table
    assert table[1] == 0 and table[2] != 0
    driver.key(Qt.Key.Key_S)
    table = driver.canvas.mask_layer.colour_table
    assert table[1] != 0 and table[2] != 0


def test_clearing_a_frame_and_undo(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 10, 10)
    driver.key(Qt.Key.Key_Delete)
    assert not driver.document.label_map(0).any()
    assert driver.document.cells.state(0, 1) is CellState.EMPTY
    driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert driver.document.label_map(0).any()


def test_undo_goes_to_the_frame_where_it_happened(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.go_to(7)
    square(driver, 10, 10)
    driver.go_to(2)
    driver.trigger("edit.undo")
    driver.wait(lambda: driver.application.editor.shown_frame == 7)


def test_overlays_are_colour_tables_and_values(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 10, 10)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(5)
    layers = driver.canvas
    assert layers.reliability_layer.boundingRect().isEmpty(), "an overlay that is off costs nothing"
    driver.trigger("view.reliability")
    assert layers.reliability_layer.boundingRect().width() == 100
    driver.trigger("view.clusters")
    assert layers.cluster_layer.boundingRect().width() == 100
    driver.key(Qt.Key.Key_V)
    assert not any(layers.mask_layer.colour_table)
    driver.key(Qt.Key.Key_V)
    assert layers.mask_layer.colour_table[1] != 0
    driver.trigger("view.contours")
    assert layers.contour_layer.boundingRect().isEmpty()


def test_review_goes_to_the_least_reliable_frame(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    square(driver, 10, 10)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(0)
    driver.key(Qt.Key.Key_N)  # the fake network trusts less the further it is from a reference
    driver.wait(lambda: driver.application.editor.shown_frame == 11)
    driver.key(Qt.Key.Key_Y)
    assert driver.document.cells.state(11, 1) is CellState.VERIFIED
    driver.key(Qt.Key.Key_N)
    driver.wait(lambda: driver.application.editor.shown_frame == 10)


def test_playing_runs_to_the_end_and_stops(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.canvas.setFocus()
    QTest.keyClick(driver.canvas, Qt.Key.Key_Space)
    assert driver.application.frames.is_playing
    driver.wait(lambda: driver.application.editor.frame == 11)
    driver.wait(lambda: not driver.application.frames.is_playing)
    assert not driver.window.actions_table["frame.play"].isChecked()

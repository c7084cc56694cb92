"""Every operation on a part of the timeline, by mouse and keys on the real window, with undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from annotator.model.cells import CellState
from annotator.views.timeline.matrix import ROW_HEIGHT, RULER_HEIGHT
from annotator.views.timeline.selection import RangeSelection
from tests.integration.test_objects import choose_in_popup
from tests.model.states import state_of
from tests.support.annotated import COLUMNS, annotate, frames_with
from tests.support.gui import Driver

pytestmark = pytest.mark.gui

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def cell(driver: Driver, row: int, frame: int) -> QPoint:
    """Middle of a cell of the matrix."""
    x = driver.window.timeline.frame_x(frame + 0.5)
    return QPoint(round(x), RULER_HEIGHT + row * ROW_HEIGHT + ROW_HEIGHT // 2)


def select(driver: Driver, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Drag from one (row, frame) to another."""
    timeline = driver.window.timeline
    QTest.mousePress(timeline, LEFT, pos=cell(driver, *start))
    middle = (cell(driver, *start) + cell(driver, *end)) / 2
    for place in (middle, cell(driver, *end)):
        QTest.mouseMove(timeline, place)
        QApplication.processEvents()
    QTest.mouseRelease(timeline, LEFT, pos=cell(driver, *end))


def test_a_drag_over_cells_selects_rows_and_frames_and_a_click_gives_it_up(scene: Driver) -> None:
    select(scene, (0, 2), (1, 6))
    assert scene.window.timeline.selection == RangeSelection((1, 2), 2, 6)
    assert scene.application.editor.frame == 2, "the view stays where the drag began"
    assert scene.window.range_label.text() == "2 objects x 5 frames"
    QTest.mouseClick(scene.window.timeline, LEFT, SHIFT, cell(scene, 2, 9))
    assert scene.window.timeline.selection == RangeSelection((1, 2, 3), 2, 9)
    QTest.mouseClick(scene.window.timeline, LEFT, pos=cell(scene, 1, 4))
    assert scene.window.timeline.selection is None
    assert scene.application.editor.frame == 4
    assert scene.application.editor.active_object == 2
    assert not scene.window.actions_table["range.delete"].isEnabled()


def test_a_drag_backwards_selects_the_same(scene: Driver) -> None:
    select(scene, (2, 8), (1, 3))
    assert scene.window.timeline.selection == RangeSelection((2, 3), 3, 8)


def test_the_ruler_scrubs_and_shift_selects_every_object_from_here(scene: Driver) -> None:
    timeline = scene.window.timeline
    QTest.mouseClick(timeline, LEFT, pos=QPoint(cell(scene, 0, 3).x(), 5))
    assert scene.application.editor.frame == 3 and timeline.selection is None
    QTest.mouseClick(timeline, LEFT, SHIFT, QPoint(cell(scene, 0, 7).x(), 5))
    assert timeline.selection == RangeSelection((1, 2, 3), 3, 7)
    assert scene.application.editor.frame == 3


def test_selecting_by_keys_alone(scene: Driver) -> None:
    timeline = scene.window.timeline
    scene.go_to(4)
    scene.key(Qt.Key.Key_BracketLeft, ALT)
    scene.go_to(9)
    scene.key(Qt.Key.Key_BracketRight, ALT)
    assert timeline.selection == RangeSelection((1,), 4, 9)
    scene.key(Qt.Key.Key_A, ALT)
    assert timeline.selection == RangeSelection((1, 2, 3), 4, 9)
    scene.key(Qt.Key.Key_A, CTRL | SHIFT)
    assert timeline.selection is None
    scene.key(Qt.Key.Key_A, CTRL)
    assert timeline.selection == RangeSelection((1,), 0, 11)


def test_delete_the_selected_masks_and_undo(scene: Driver) -> None:
    before = state_of(scene.document)
    select(scene, (0, 2), (1, 6))
    scene.key(Qt.Key.Key_Delete, SHIFT)
    kept = [0, 1, *range(7, 12)]
    assert frames_with(scene, 1) == frames_with(scene, 2) == kept
    assert frames_with(scene, 3) == list(range(12))
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_verify_and_take_back_over_a_range(scene: Driver) -> None:
    before = state_of(scene.document)
    select(scene, (1, 3), (2, 5))
    scene.key(Qt.Key.Key_Y, CTRL | ALT)
    states = scene.document.cells.states
    assert (states[3:6, 2:4] == CellState.VERIFIED).all()
    assert (states[3:6, 1] == CellState.PROPAGATED).all()
    scene.trigger("range.unverify")
    scene.wait(lambda: state_of(scene.document) == before)
    scene.trigger("edit.undo")
    assert (states[3:6, 2:4] == CellState.VERIFIED).all()
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_a_locked_range_keeps_empty_cells_empty(scene: Driver) -> None:
    select(scene, (0, 2), (0, 4))
    scene.trigger("range.delete")
    before = state_of(scene.document)
    scene.trigger("range.lock")
    assert (scene.document.cells.states[2:5, 1] == CellState.VERIFIED).all()
    workspace = scene.application.editor.workspace
    assert workspace is not None
    run = workspace.history.begin_propagation()
    run.add(3, scene.document.label_map(0).copy(), None, {1: 1.0})
    run.close()
    assert not scene.document.object_mask(3, 1).any(), "a propagation puts nothing there"
    scene.trigger("range.unverify")
    scene.wait(lambda: scene.document.cells.state(3, 1) is CellState.EMPTY)
    for _ in range(3):  # giving back, the run, the lock
        scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_swap_two_selected_objects_and_one_with_another(scene: Driver) -> None:
    before = state_of(scene.document)
    select(scene, (0, 2), (1, 6))
    scene.key(Qt.Key.Key_S, CTRL | ALT)
    assert scene.document.label_map(6)[20, COLUMNS[1].start] == 2
    assert scene.document.label_map(7)[20, COLUMNS[1].start] == 1
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before
    select(scene, (0, 2), (0, 6))
    scene.trigger("range.swap")
    choose_in_popup(scene, "ball")
    assert scene.document.label_map(2)[20, COLUMNS[1].start] == 3
    scene.trigger("edit.undo")
    select(scene, (0, 2), (2, 6))
    scene.trigger("range.swap")
    assert "one or two objects" in scene.window.messages.text
    assert state_of(scene.document) == before


def test_verified_cells_in_a_range_are_left_on_demand(scene: Driver) -> None:
    from tests.integration.test_objects import answer, verify

    verify(scene, [4], 1)
    select(scene, (0, 2), (0, 6))
    scene.trigger("range.delete")
    answer(scene, "keepVerified")
    assert frames_with(scene, 1) == [0, 1, 4, *range(7, 12)]


def test_split_over_the_selected_frames_only(scene: Driver) -> None:
    workspace = scene.application.editor.workspace
    assert workspace is not None
    label_map = scene.document.label_map(0).copy()
    label_map[10:30, 41:44] = 0
    run = workspace.history.begin_propagation()
    for frame in range(12):
        run.add(frame, label_map, None, {1: 0.9, 2: 0.6, 3: 0.8})
    run.close()
    before = state_of(scene.document)
    select(scene, (1, 3), (1, 8))
    scene.trigger("range.split")
    scene.wait(lambda: len(scene.document.objects) == 4)
    assert frames_with(scene, 4) == list(range(3, 9))
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_propagate_again_carries_the_selected_objects_through_the_selected_frames(
    scene: Driver,
) -> None:
    asked: list[tuple[int, int, tuple[int, ...]]] = []
    ranges = scene.application.ranges
    ranges.propagation_wanted.connect(lambda *wish: asked.append(wish))
    select(scene, (0, 3), (1, 8))
    scene.key(Qt.Key.Key_F, CTRL | ALT)
    assert asked == [(3, 8, (1, 2))]
    scene.wait_for_end()


def test_the_right_button_offers_what_can_be_done_with_the_cell(scene: Driver) -> None:
    timeline = scene.window.timeline
    QTest.mousePress(timeline, Qt.MouseButton.RightButton, pos=cell(scene, 2, 5))
    menu = QApplication.activePopupWidget()
    assert menu is not None and menu.objectName() == "rangeMenu"
    assert timeline.selection == RangeSelection((3,), 5, 5)
    menu.close()
    scene.trigger("range.delete")
    assert frames_with(scene, 3) == [f for f in range(12) if f != 5]


def test_jumps_to_drawn_and_unverified_frames(scene: Driver) -> None:
    editor = scene.application.editor
    scene.go_to(7)
    scene.trigger("tool.brush")
    scene.drag([(10.0, 40.0), (14.0, 44.0)])
    assert scene.document.cells.state(7, 1) is CellState.CORRECTED
    scene.go_to(0)
    scene.key(Qt.Key.Key_D, CTRL)
    assert editor.frame == 7
    scene.key(Qt.Key.Key_D, CTRL)
    assert editor.frame == 7 and "no drawn frame of walker after" in scene.window.messages.text
    scene.trigger("frame.last")
    scene.key(Qt.Key.Key_D, CTRL | SHIFT)
    assert editor.frame == 7
    scene.application.editor.choose_object(1)
    scene.key(Qt.Key.Key_A, CTRL)
    scene.key(Qt.Key.Key_A, ALT)
    scene.key(Qt.Key.Key_Y, CTRL | ALT)
    scene.key(Qt.Key.Key_Q)
    assert "no unverified frame after frame 7" in scene.window.messages.text
    scene.trigger("edit.undo")
    scene.key(Qt.Key.Key_Q)
    assert editor.frame == 8
    scene.key(Qt.Key.Key_Q, SHIFT)
    assert editor.frame == 7


def test_bookmarks_are_set_found_undone_and_saved_with_the_project(
    scene: Driver, frames_folder: Path
) -> None:
    editor = scene.application.editor
    for frame in (3, 9):
        scene.go_to(frame)
        scene.key(Qt.Key.Key_B, CTRL)
    assert scene.document.bookmarks == (3, 9)
    assert "bookmark" in scene.window.timeline.describe(QPoint(cell(scene, 0, 3).x(), 5))
    scene.key(Qt.Key.Key_Up, CTRL)
    assert editor.frame == 3
    scene.key(Qt.Key.Key_Down, CTRL)
    assert editor.frame == 9
    scene.key(Qt.Key.Key_B, CTRL)
    assert scene.document.bookmarks == (3,)
    scene.trigger("edit.undo")
    assert scene.document.bookmarks == (3, 9)
    scene.trigger("file.close")
    scene.open(frames_folder)
    assert scene.document.bookmarks == (3, 9)
    assert "bookmark" in scene.window.timeline.describe(QPoint(cell(scene, 0, 9).x(), 5))


def test_zoom_of_the_timeline_by_keys_follows_the_frame_and_keeps_zoom_and_tool_of_the_canvas(
    driver: Driver, tmp_path: Path
) -> None:
    from tests.support.gui import write_frames

    driver.open(write_frames(tmp_path / "long", 60, 20, 30))
    annotate(driver)
    timeline = driver.window.timeline
    driver.trigger("tool.eraser")
    driver.wheel(10, 10, 2)
    zoom = driver.canvas.zoom
    driver.go_to(30)
    for _ in range(3):
        driver.key(Qt.Key.Key_Equal, ALT)
    first, last = timeline.visible_range
    assert last - first < 20 and first < 30 < last
    driver.go_to(55)
    first, last = timeline.visible_range
    assert first <= 55 < last
    assert driver.canvas.zoom == zoom
    assert driver.window.actions_table["tool.eraser"].isChecked()
    driver.key(Qt.Key.Key_Minus, ALT)
    driver.key(Qt.Key.Key_0, ALT)
    assert timeline.visible_range == (0.0, 60.0)


def test_a_drag_beyond_the_edge_brings_later_frames_into_view(
    driver: Driver, tmp_path: Path
) -> None:
    from tests.support.gui import write_frames

    driver.open(write_frames(tmp_path / "long", 60, 20, 30))
    annotate(driver)
    timeline = driver.window.timeline
    for _ in range(3):
        driver.key(Qt.Key.Key_Equal, ALT)
    QTest.mousePress(timeline, LEFT, pos=cell(driver, 0, 5))
    for _ in range(6):
        QTest.mouseMove(timeline, QPoint(timeline.width() + 60, RULER_HEIGHT + 5))
        QTest.mouseMove(timeline, QPoint(timeline.width() + 61, RULER_HEIGHT + 5))
        QApplication.processEvents()
    QTest.mouseRelease(timeline, LEFT, pos=QPoint(timeline.width(), RULER_HEIGHT + 5))
    assert timeline.selection is not None
    assert timeline.selection.first == 5 and timeline.selection.last > 20

"""Every object operation on the real window by keys and mouse, each undone again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from annotator.model.cells import CellState
from annotator.model.commands import SetCellState
from annotator.views.questions import ObjectChooser, VerifiedQuestion
from tests.model.states import state_of
from tests.support.annotated import COLUMNS, annotate, frames_with
from tests.support.gui import Driver

pytestmark = pytest.mark.gui

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def choose_in_popup(driver: Driver, name: str) -> None:
    """Go down the list of objects with the arrow keys and press Enter."""
    driver.wait(lambda: isinstance(QApplication.activePopupWidget(), ObjectChooser))
    chooser = QApplication.activePopupWidget()
    assert isinstance(chooser, ObjectChooser)
    for _ in range(12):
        active = chooser.activeAction()
        if active is not None and active.text().endswith(name):
            break
        QTest.keyClick(chooser, Qt.Key.Key_Down)
    QTest.keyClick(chooser, Qt.Key.Key_Return)


def answer(driver: Driver, button: str) -> None:
    """Press a button of the question about verified masks."""

    def shown() -> list[VerifiedQuestion]:
        return [q for q in driver.window.findChildren(VerifiedQuestion) if q.isVisible()]

    driver.wait(lambda: len(shown()) == 1)
    (question,) = shown()
    found = question.findChild(QPushButton, button) or question.escapeButton()
    QTest.mouseClick(found, Qt.MouseButton.LeftButton)
    driver.wait(lambda: not shown())


def colour_at(driver: Driver, x: int, y: int = 20) -> tuple[int, int, int]:
    """What a person sees at a frame pixel."""
    driver.wait(lambda: driver.application.editor.shown_frame == driver.application.editor.frame)
    image = driver.canvas.viewport().grab().toImage()
    colour = image.pixelColor(driver.point(x, y) * image.devicePixelRatio())
    return colour.red(), colour.green(), colour.blue()


def verify(driver: Driver, frames: list[int], object_id: int) -> None:
    workspace = driver.application.editor.workspace
    assert workspace is not None
    workspace.history.do(
        SetCellState.prepare(workspace.document, frames, [object_id], CellState.VERIFIED)
    )


def test_merge_by_keys_and_undo(scene: Driver) -> None:
    before, old_colour = state_of(scene.document), colour_at(scene, 12)
    scene.key(Qt.Key.Key_M)
    choose_in_popup(scene, "ball")
    assert scene.document.objects.ids == (2, 3)
    assert scene.document.label_map(7)[20, COLUMNS[1].start] == 3
    assert scene.application.editor.active_object == 3, "what it became is chosen"
    assert "Merged walker into ball" in scene.window.messages.text
    assert colour_at(scene, 12) == colour_at(scene, 65), "both look the same now"
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before
    assert colour_at(scene, 12) == old_colour != colour_at(scene, 65)


def test_a_digit_chooses_in_the_popup_and_escape_leaves_everything(scene: Driver) -> None:
    before = state_of(scene.document)
    scene.key(Qt.Key.Key_M)
    scene.wait(lambda: isinstance(QApplication.activePopupWidget(), ObjectChooser))
    QTest.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_Escape)
    assert state_of(scene.document) == before
    scene.key(Qt.Key.Key_M)
    scene.wait(lambda: isinstance(QApplication.activePopupWidget(), ObjectChooser))
    popup = QApplication.activePopupWidget()
    QTest.keyClick(popup, Qt.Key.Key_1)
    assert popup.isVisible() and state_of(scene.document) == before, (
        "an object is not its own answer"
    )
    QTest.keyClick(popup, Qt.Key.Key_3)  # the digit that chooses the ball everywhere else
    assert scene.document.objects.ids == (2, 3) and not frames_with(scene, 1)
    assert scene.document.label_map(7)[20, COLUMNS[1].start] == 3


def test_swap_from_this_frame_on_and_an_undo_that_jumps_back(scene: Driver) -> None:
    before = state_of(scene.document)
    scene.go_to(8)
    scene.key(Qt.Key.Key_S, SHIFT)
    choose_in_popup(scene, "dog")
    assert scene.document.label_map(7)[20, COLUMNS[1].start] == 1
    assert scene.document.label_map(8)[20, COLUMNS[1].start] == 2
    assert scene.document.cells.reliability(11, 2) == pytest.approx(0.9, abs=0.01)
    scene.go_to(0)
    scene.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    scene.wait(lambda: scene.application.editor.shown_frame == 8)
    assert state_of(scene.document) == before


def test_swap_asks_about_verified_masks_and_can_leave_them(scene: Driver) -> None:
    verify(scene, [5], 2)
    before = state_of(scene.document)
    for button, expected in (("", 1), ("keepVerified", 1), ("changeVerified", 2)):
        scene.key(Qt.Key.Key_S, SHIFT)
        choose_in_popup(scene, "dog")
        answer(scene, button)
        assert scene.document.label_map(5)[20, COLUMNS[1].start] == expected, button
        changed = state_of(scene.document) != before
        assert changed is bool(button)
        if changed:
            assert scene.document.label_map(4)[20, COLUMNS[1].start] == 2
            scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_split_in_this_frame_by_key(scene: Driver) -> None:
    before = state_of(scene.document)
    cut_in_two(scene)
    cut = state_of(scene.document)
    scene.key(Qt.Key.Key_M, CTRL)
    assert [r.name for r in scene.document.objects] == ["walker", "dog", "dog (2)", "ball"]
    assert frames_with(scene, 4) == [0]
    assert scene.document.cells.state(0, 4) is CellState.CORRECTED
    scene.trigger("edit.undo")
    assert state_of(scene.document) == cut
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def cut_in_two(scene: Driver) -> None:
    """Erase a line through object 2 in the frame in view."""
    scene.application.editor.choose_object(2)
    scene.trigger("tool.eraser")
    scene.window.brush_size.set_diameter(4)
    middle = float(COLUMNS[2].start + 12)
    scene.drag([(middle, 5.0), (middle, 35.0)])


def test_split_through_every_later_frame_shows_progress_and_is_one_step(scene: Driver) -> None:
    workspace = scene.application.editor.workspace
    assert workspace is not None
    label_map = scene.document.label_map(0).copy()
    label_map[10:30, 41:44] = 0
    run = workspace.history.begin_propagation()
    for frame in range(12):
        run.add(frame, label_map, None, {1: 0.9, 2: 0.6, 3: 0.8})
    run.close()
    before = state_of(scene.document)
    scene.go_to(4)
    scene.application.editor.choose_object(2)
    scene.key(Qt.Key.Key_M, CTRL | SHIFT)
    scene.wait(lambda: len(scene.document.objects) == 4)
    assert frames_with(scene, 4) == list(range(4, 12))
    assert frames_with(scene, 2) == list(range(12))
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_an_object_in_one_piece_says_so(scene: Driver) -> None:
    before = state_of(scene.document)
    scene.key(Qt.Key.Key_M, CTRL)
    assert "one piece in frame 0" in scene.window.messages.text
    assert state_of(scene.document) == before


def test_clear_here_and_from_here_on(scene: Driver) -> None:
    before = state_of(scene.document)
    scene.go_to(3)
    scene.key(Qt.Key.Key_Delete)
    assert frames_with(scene, 1) == [f for f in range(12) if f != 3]
    scene.trigger("edit.undo")
    scene.trigger("object.clear_on")
    assert frames_with(scene, 1) == [0, 1, 2]
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_deleting_an_object_with_verified_masks_asks(scene: Driver) -> None:
    verify(scene, [2, 3], 1)
    before = state_of(scene.document)
    scene.trigger("object.delete")
    answer(scene, "")
    assert state_of(scene.document) == before
    scene.trigger("object.delete")
    answer(scene, "changeVerified")
    assert scene.document.objects.ids == (2, 3) and not frames_with(scene, 1)
    assert scene.application.editor.active_object == 2
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_renumber_after_a_deletion(scene: Driver) -> None:
    scene.trigger("object.delete")
    before = state_of(scene.document)
    scene.trigger("object.renumber")
    assert [(r.object_id, r.name) for r in scene.document.objects] == [(1, "dog"), (2, "ball")]
    assert scene.document.label_map(6)[20, COLUMNS[3].start] == 2
    assert scene.application.editor.active_record.name == "dog"
    scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_category_and_opacity_of_the_chosen_object(scene: Driver) -> None:
    before = state_of(scene.document)
    scene.key(Qt.Key.Key_F2, SHIFT)
    details = scene.window.objects.details
    QTest.keyClicks(details.category, "person")
    QTest.keyClick(details.category, Qt.Key.Key_Return)
    assert scene.document.objects[1].category == "person"
    full, bare = colour_at(scene, 12), colour_at(scene, 12, 50)
    details.opacity.setFocus()
    for _ in range(5):
        QTest.keyClick(details.opacity, Qt.Key.Key_PageDown)
    assert scene.document.objects[1].opacity == pytest.approx(0.5)
    for part, most, none in zip(colour_at(scene, 12), full, bare, strict=True):
        assert part == pytest.approx((most + none) / 2, abs=3)
    assert scene.application.editor.frame == 0, "the slider keeps its own keys"
    scene.application.editor.choose_object(2)
    assert details.category.text() == "" and details.opacity.value() == 100
    for _ in range(6):
        scene.trigger("edit.undo")
    assert state_of(scene.document) == before


def test_identities_stay_as_they_are_while_a_propagation_is_open(scene: Driver) -> None:
    workspace = scene.application.editor.workspace
    assert workspace is not None
    before = state_of(scene.document)
    run = workspace.history.begin_propagation()
    scene.key(Qt.Key.Key_M)
    choose_in_popup(scene, "dog")
    assert "A propagation is running" in scene.window.messages.text
    assert state_of(scene.document) == before
    run.close()


def test_a_merge_of_freshly_painted_large_frames_prepares_them_aside(
    driver: Driver, tmp_path: Path
) -> None:
    from tests.support.gui import write_frames

    driver.open(write_frames(tmp_path / "large", 3, 1400, 1600))
    annotate(driver)
    workspace = driver.application.editor.workspace
    assert workspace is not None
    for frame in range(3):
        driver.go_to(frame)
        driver.window.brush_size.set_diameter(40)
        driver.trigger("tool.brush")
        driver.drag([(400.0, 400.0), (500.0, 500.0)])
    assert len(driver.document.label_maps.unpacked_frames(range(3))) == 3
    driver.key(Qt.Key.Key_M)
    choose_in_popup(driver, "dog")
    assert 1 in driver.document.objects, "not yet: the masks are being compressed"
    driver.wait(lambda: 1 not in driver.document.objects)
    assert (driver.document.label_map(2)[400, 400], frames_with(driver, 2)) == (2, [0, 1, 2])


def test_the_context_menu_of_the_list_offers_every_operation(scene: Driver) -> None:
    table = scene.window.objects.table
    place = table.visualRect(table.model().index(0, 1)).center()
    table.customContextMenuRequested.emit(QPoint(place))
    menu = QApplication.activePopupWidget()
    assert menu is not None
    names = {action.objectName() for action in menu.actions()}
    assert {"object.merge", "object.split", "object.swap_on", "object.clear_on"} <= names
    menu.close()


def test_hide_solo_and_lock_change_no_pixel(scene: Driver) -> None:
    pixels = [scene.document.label_map(f).copy() for f in range(12)]
    walker, dog, bare = colour_at(scene, 12), colour_at(scene, 40), colour_at(scene, 40, 50)
    scene.key(Qt.Key.Key_S)
    assert colour_at(scene, 40) == bare and colour_at(scene, 12) == walker
    scene.key(Qt.Key.Key_S)
    scene.key(Qt.Key.Key_H)
    assert colour_at(scene, 40) == dog and colour_at(scene, 12) == bare
    scene.key(Qt.Key.Key_H)
    assert colour_at(scene, 12) == walker
    scene.key(Qt.Key.Key_L)
    scene.trigger("object.clear_on")
    assert "locked" in scene.window.messages.text
    for frame in range(12):
        np.testing.assert_array_equal(scene.document.label_map(frame), pixels[frame])


def test_closing_the_video_gives_up_what_is_being_prepared(driver: Driver, tmp_path: Path) -> None:
    from tests.support.gui import write_frames

    folder = write_frames(tmp_path / "large", 3, 1400, 1600)
    driver.open(folder)
    annotate(driver)
    driver.trigger("tool.brush")
    for frame in range(3):
        driver.go_to(frame)
        driver.drag([(400.0, 400.0), (500.0, 500.0)])
    driver.key(Qt.Key.Key_M)
    choose_in_popup(driver, "dog")
    assert driver.application.big_commands.is_busy
    driver.trigger("object.renumber")
    assert "Another change is being prepared" in driver.window.messages.text
    driver.trigger("file.close")
    assert not driver.application.big_commands.is_busy
    driver.open(folder)
    assert driver.document.objects.ids == (1, 2, 3), "nothing was merged"

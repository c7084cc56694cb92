"""Every action of the table is somebody's, and those that no other test of the window presses."""

from __future__ import annotations

import pytest
from PySide6.QtCore import SIGNAL, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QColorDialog, QDialogButtonBox

from tests.model.states import state_of
from tests.support.gui import Driver

pytestmark = pytest.mark.gui

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


def test_every_action_has_somebody_who_listens(driver: Driver) -> None:
    """A menu entry that does nothing would be a lie; one of a group listens for its switch."""
    table = driver.window.actions_table
    deaf = []
    for name in table:
        action = table[name]
        listeners = action.receivers(SIGNAL("toggled(bool)"))
        if table.spec(name).group is None:
            listeners += action.receivers(SIGNAL("triggered(bool)"))
            listeners += action.receivers(SIGNAL("triggered()"))
        if not listeners:
            deaf.append(name)
    assert not deaf


def test_moving_in_time_by_keys(scene: Driver) -> None:
    frames: list[int] = []
    for key, modifier in (
        (Qt.Key.Key_Right, SHIFT),
        (Qt.Key.Key_Left, SHIFT),
        (Qt.Key.Key_Right, ALT),
        (Qt.Key.Key_Left, ALT),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_D, Qt.KeyboardModifier.NoModifier),
    ):
        scene.key(key, modifier)
        frames.append(scene.application.editor.frame)
    assert frames == [10, 0, 11, 0, 11, 10, 0, 1]


def test_choosing_objects_by_keys(scene: Driver) -> None:
    chosen = []
    for key in (
        Qt.Key.Key_Period,
        Qt.Key.Key_Period,
        Qt.Key.Key_Comma,
        Qt.Key.Key_3,
        Qt.Key.Key_1,
    ):
        scene.key(key)
        chosen.append(scene.application.editor.active_object)
    assert chosen == [2, 3, 2, 3, 1]
    scene.key(Qt.Key.Key_Insert)
    assert scene.application.editor.active_object == 4 == scene.document.objects.ids[-1]
    scene.key(Qt.Key.Key_Z, CTRL)
    assert scene.document.objects.ids == (1, 2, 3)


def test_zoom_by_keys(scene: Driver) -> None:
    fitted = scene.canvas.zoom
    scene.key(Qt.Key.Key_Plus, CTRL)
    nearer = scene.canvas.zoom
    scene.key(Qt.Key.Key_Minus, CTRL)
    assert nearer > fitted and scene.canvas.zoom == pytest.approx(fitted)
    scene.key(Qt.Key.Key_0, CTRL)
    assert scene.canvas.zoom == pytest.approx(1 / scene.canvas.devicePixelRatioF())
    scene.key(Qt.Key.Key_F, CTRL)
    assert scene.canvas.zoom == pytest.approx(fitted)


def test_full_screen_and_back(driver: Driver) -> None:
    driver.key(Qt.Key.Key_F11)
    driver.wait(driver.window.isFullScreen)
    driver.key(Qt.Key.Key_F11)
    driver.wait(lambda: not driver.window.isFullScreen())


def test_the_display_colour_is_chosen_and_undone(scene: Driver) -> None:
    before = state_of(scene.document)
    scene.trigger("object.colour")
    (dialog,) = scene.window.findChildren(QColorDialog)
    dialog.setCurrentColor(QColor(12, 200, 90))
    buttons = dialog.findChild(QDialogButtonBox)
    QTest.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
    assert scene.document.objects[1].colour == (12, 200, 90)
    scene.key(Qt.Key.Key_Z, CTRL)
    assert state_of(scene.document) == before


def test_contours_are_switched_by_key(scene: Driver) -> None:
    scene.canvas.grab()
    plain = scene.canvas.grab().toImage()
    scene.key(Qt.Key.Key_X)
    assert scene.window.overlays.state.contours is not None
    switched = scene.canvas.grab().toImage()
    assert switched != plain
    scene.key(Qt.Key.Key_X)
    assert scene.canvas.grab().toImage() == plain


def test_references_by_keys(scene: Driver) -> None:
    scene.go_to(4)
    scene.drag([(80, 50), (85, 50)])
    scene.go_to(9)
    scene.drag([(80, 50), (85, 50)])
    scene.go_to(0)
    jumps = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        scene.key(key, CTRL)
        jumps.append(scene.application.editor.frame)
    assert jumps == [4, 9, 4]
    scene.key(Qt.Key.Key_Left, CTRL)
    assert "no reference before frame 4" in scene.window.messages.text

"""The mask menu on the real window: each edit, its undo, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from tests.support.gui import Driver

pytestmark = pytest.mark.gui

CTRL = Qt.KeyboardModifier.ControlModifier
CTRL_SHIFT = CTRL | Qt.KeyboardModifier.ShiftModifier


def rectangle(driver: Driver, left: int, top: int, right: int, bottom: int) -> None:
    """Fill a rectangle with the chosen object."""
    driver.trigger("tool.rectangle")
    driver.drag([(left, top), (right, bottom)])


def mask(driver: Driver, frame: int = 0, object_id: int = 1) -> np.ndarray:
    return driver.document.object_mask(frame, object_id)


def undo(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Z, CTRL)


def press(driver: Driver, key: Qt.Key, modifier: Qt.KeyboardModifier = CTRL) -> None:
    """Press the key of an edit and wait until it is worked out."""
    driver.key(key, modifier)
    driver.wait(lambda: not driver.application.masks.is_busy)


def choose(driver: Driver, name: str) -> None:
    """Choose an edit from the menu and wait until it is worked out."""
    driver.trigger(name)
    driver.wait(lambda: not driver.application.masks.is_busy)


def test_grow_shrink_and_smooth_by_the_amount(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    rectangle(driver, 30, 20, 60, 40)
    before = mask(driver)
    driver.window.mask_amounts.amount_field.setValue(4)
    for key, larger in ((Qt.Key.Key_BracketRight, True), (Qt.Key.Key_BracketLeft, False)):
        press(driver, key)
        after = mask(driver)
        change = 8 if larger else -8
        assert after.any(0).sum() - before.any(0).sum() == change
        assert after.any(1).sum() - before.any(1).sum() == change
        undo(driver)
        np.testing.assert_array_equal(mask(driver), before)
    press(driver, Qt.Key.Key_T)
    corner = int(np.flatnonzero(before.any(1))[0]), int(np.flatnonzero(before.any(0))[0])
    assert before[corner] and not mask(driver)[corner], "corners are rounded"
    undo(driver)
    np.testing.assert_array_equal(mask(driver), before)


def test_islands_and_holes(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    rectangle(driver, 10, 10, 60, 50)
    whole = mask(driver)
    driver.trigger("tool.ellipse")
    driver.drag([(25, 20), (45, 40)], Qt.MouseButton.RightButton)
    rectangle(driver, 80, 10, 84, 14)
    before = mask(driver)
    assert not before[30, 35] and before[12, 82]
    press(driver, Qt.Key.Key_H, CTRL)
    assert mask(driver)[30, 35] and mask(driver)[12, 82]
    press(driver, Qt.Key.Key_K, CTRL)
    np.testing.assert_array_equal(mask(driver), whole)
    press(driver, Qt.Key.Key_K, CTRL)
    assert "no part" in driver.window.messages.text
    undo(driver)
    undo(driver)
    np.testing.assert_array_equal(mask(driver), before)


def test_masks_are_copied_from_both_neighbours(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    rectangle(driver, 30, 20, 60, 40)
    press(driver, Qt.Key.Key_Left, CTRL_SHIFT)
    assert "no frame before" in driver.window.messages.text
    driver.go_to(1)
    press(driver, Qt.Key.Key_Left, CTRL_SHIFT)
    np.testing.assert_array_equal(mask(driver, 1), mask(driver, 0))
    undo(driver)
    assert not mask(driver, 1).any()
    driver.go_to(2)
    press(driver, Qt.Key.Key_Left, CTRL_SHIFT)
    assert "nothing is copied" in driver.window.messages.text
    rectangle(driver, 10, 10, 20, 20)
    driver.go_to(1)
    press(driver, Qt.Key.Key_Right, CTRL_SHIFT)
    np.testing.assert_array_equal(mask(driver, 1), mask(driver, 2))


def test_mask_edits_respect_protection_and_locks(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    rectangle(driver, 20, 20, 40, 40)
    first = mask(driver)
    driver.trigger("object.add")
    rectangle(driver, 42, 20, 60, 40)
    second = mask(driver, object_id=2)
    driver.window.mask_amounts.amount_field.setValue(6)
    driver.window.actions_table["tool.protect"].setChecked(True)
    choose(driver, "mask.grow")
    np.testing.assert_array_equal(mask(driver), first)
    assert mask(driver, object_id=2).sum() > second.sum()
    undo(driver)
    driver.window.actions_table["tool.protect"].setChecked(False)
    choose(driver, "mask.grow")
    assert mask(driver).sum() < first.sum()
    undo(driver)
    driver.key(Qt.Key.Key_L)
    for name in ("mask.grow", "mask.shrink", "mask.smooth"):
        choose(driver, name)
        np.testing.assert_array_equal(mask(driver, object_id=2), second)
        assert "locked" in driver.window.messages.text


def test_without_an_object_or_a_mask_it_is_said(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    choose(driver, "mask.grow")
    assert "Choose an object" in driver.window.messages.text
    driver.trigger("object.add")
    choose(driver, "mask.smooth")
    assert "no mask in frame 0" in driver.window.messages.text


def test_edits_that_are_asked_for_in_a_row_build_on_each_other(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    rectangle(driver, 40, 25, 50, 35)
    before = mask(driver)
    driver.window.mask_amounts.amount_field.setValue(2)
    for _ in range(3):
        driver.key(Qt.Key.Key_BracketRight, CTRL)
    driver.key(Qt.Key.Key_BracketLeft, CTRL)
    driver.wait(lambda: not driver.application.masks.is_busy)
    assert mask(driver).any(0).sum() - before.any(0).sum() == 2 * (3 * 2 - 2)
    for _ in range(4):
        undo(driver)
    np.testing.assert_array_equal(mask(driver), before)


def test_an_edit_is_worked_out_anew_when_its_frame_changed_meanwhile(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    rectangle(driver, 40, 25, 50, 35)
    before = mask(driver)
    driver.window.mask_amounts.amount_field.setValue(2)
    choose(driver, "mask.grow")
    grown = mask(driver)
    undo(driver)
    rectangle(driver, 70, 25, 80, 35)
    driver.trigger("mask.grow")
    driver.trigger("edit.undo")  # before the first result can be handed over
    np.testing.assert_array_equal(mask(driver), before)
    driver.wait(lambda: not driver.application.masks.is_busy)
    np.testing.assert_array_equal(mask(driver), grown)


def test_esc_drops_an_edit_that_is_being_worked_out(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    rectangle(driver, 40, 25, 50, 35)
    before = mask(driver)
    driver.key(Qt.Key.Key_BracketRight, CTRL)
    driver.key(Qt.Key.Key_BracketRight, CTRL)
    driver.key(Qt.Key.Key_Escape)
    assert not driver.application.masks.is_busy
    press(driver, Qt.Key.Key_BracketLeft)
    assert mask(driver).sum() < before.sum(), "only what was asked for after Esc is done"
    undo(driver)
    np.testing.assert_array_equal(mask(driver), before)

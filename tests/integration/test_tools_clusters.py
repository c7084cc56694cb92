"""The cluster brush on the real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.support.gui import Driver

pytestmark = pytest.mark.gui


def propagated(driver: Driver, frames_folder: Path) -> None:
    """A rectangle carried through the clip: the fake network's clusters are its objects."""
    driver.open(frames_folder)
    driver.trigger("tool.rectangle")
    driver.drag([(24, 16), (56, 40)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(3)


def test_it_keeps_to_the_cluster_under_its_middle(driver: Driver, frames_folder: Path) -> None:
    propagated(driver, frames_folder)
    document, before = driver.document, driver.document.label_map(3).copy()
    driver.key(Qt.Key.Key_Insert)
    driver.key(Qt.Key.Key_K)
    driver.window.brush_size.set_diameter(60)
    driver.click(43, 28)
    painted = document.object_mask(3, 2)
    assert painted[28, 43] and painted.sum() > 300
    assert not painted[:, :16].any() and not painted[:, 76:].any(), "a disc of 60 would be there"
    driver.trigger("edit.undo")
    np.testing.assert_array_equal(document.label_map(3), before)


def test_the_right_button_erases_within_the_cluster_and_escape_drops(
    driver: Driver, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    before = driver.document.label_map(3).copy()
    driver.key(Qt.Key.Key_K)
    driver.window.brush_size.set_diameter(30)
    driver.drag([(43, 28), (44, 28)], Qt.MouseButton.RightButton, release=False)
    assert not driver.document.label_map(3)[28, 43]
    driver.key(Qt.Key.Key_Escape)
    np.testing.assert_array_equal(driver.document.label_map(3), before)
    QTest.mouseRelease(
        driver.canvas.viewport(), Qt.MouseButton.RightButton, pos=driver.point(44, 28)
    )
    driver.click(43, 28, Qt.MouseButton.RightButton)
    assert not driver.document.label_map(3)[28, 43]
    driver.trigger("edit.undo")
    np.testing.assert_array_equal(driver.document.label_map(3), before)


def test_it_leaves_protected_objects_alone(driver: Driver, frames_folder: Path) -> None:
    propagated(driver, frames_folder)
    before = driver.document.label_map(3).copy()
    driver.trigger("object.add")
    driver.window.actions_table["tool.protect"].setChecked(True)
    driver.key(Qt.Key.Key_K)
    driver.window.brush_size.set_diameter(60)
    driver.click(43, 28)
    np.testing.assert_array_equal(driver.document.object_mask(3, 1), before == 1)


def test_a_frame_without_clusters_is_told_of(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.trigger("object.add")
    driver.key(Qt.Key.Key_K)
    QTest.mouseMove(driver.canvas.viewport(), driver.point(30, 30))
    QApplication.processEvents()
    assert "No proxy clusters in frame 0" in driver.window.tool_label.text()
    driver.click(30, 30)
    assert "no proxy clusters yet" in driver.window.messages.text
    assert not driver.document.label_map(0).any()
    driver.trigger("tool.rectangle")
    driver.drag([(24, 16), (56, 40)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.key(Qt.Key.Key_K)
    driver.go_to(5)
    assert "clusters passed" in driver.window.tool_label.text()

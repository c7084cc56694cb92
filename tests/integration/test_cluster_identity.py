"""Proxy clusters after identities moved: the overlay never shows those of an id that was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from annotator.model.clusters import ClusterFrame
from annotator.views.questions import ObjectChooser
from tests.support.gui import Driver

pytestmark = pytest.mark.gui

CTRL = Qt.KeyboardModifier.ControlModifier


def clusters(driver: Driver, frame: int) -> ClusterFrame | None:
    """What the overlay and the cluster brush work with."""
    return driver.application.layers.clusters(frame)


def shown_ids(driver: Driver, frame: int) -> set[int]:
    """Objects of which a cluster is shown."""
    known = clusters(driver, frame)
    assert known is not None
    return {known.object_of(int(code)) for code in set(known.cluster_map.ravel().tolist()) - {0}}


@pytest.fixture
def carried(driver: Driver, frames_folder: Path) -> Driver:
    """Two objects carried through the clip."""
    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    driver.trigger("object.add")
    driver.drag([(60, 40), (80, 40)])
    driver.trigger("propagate.forward")
    driver.wait_for_end()
    assert {1, 2} <= shown_ids(driver, 5)
    return driver


def test_clusters_of_a_deleted_object_go_and_come_back_with_it(carried: Driver) -> None:
    carried.key(Qt.Key.Key_1)
    carried.key(Qt.Key.Key_Delete, CTRL)
    assert 1 not in shown_ids(carried, 5) and 2 in shown_ids(carried, 5)
    carried.key(Qt.Key.Key_Z, CTRL)
    assert {1, 2} <= shown_ids(carried, 5)


def test_renumbering_gives_up_clusters_of_the_old_ids_for_good(
    carried: Driver, make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    carried.key(Qt.Key.Key_1)
    carried.key(Qt.Key.Key_Delete, CTRL)
    carried.trigger("object.renumber")
    assert carried.document.objects.ids == (1,)
    assert all(clusters(carried, frame) is None for frame in range(12))
    carried.key(Qt.Key.Key_Z, CTRL)
    assert clusters(carried, 5) is None, "they are made anew when they are asked for"
    carried.key(Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    carried.window.close()
    again = make_driver()
    again.open(frames_folder)
    assert again.document.objects.ids == (1,)
    assert all(clusters(again, frame) is None for frame in range(12))


def test_a_swap_gives_up_clusters_of_its_frames_only(carried: Driver) -> None:
    carried.go_to(6)
    carried.key(Qt.Key.Key_1)
    carried.trigger("object.swap_on")
    carried.wait(lambda: isinstance(QApplication.activePopupWidget(), ObjectChooser))
    QTest.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_2)
    carried.wait(lambda: clusters(carried, 7) is None)
    assert clusters(carried, 11) is None and {1, 2} <= shown_ids(carried, 5)

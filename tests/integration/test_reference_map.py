"""Which reference explains which pixel: the overlay, the bars of the list, and pointing at one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget

from annotator.views.canvas.layers import IndexedLayer
from annotator.views.colour_tables import REFERENCE_COLOURS, argb
from tests.support.fake_backend import FakeBackend
from tests.support.gui import Driver

pytestmark = pytest.mark.gui

FIRST, SECOND = REFERENCE_COLOURS[:2]


def carried(driver: Driver, folder: Path) -> IndexedLayer:
    """Frames 0 and 9 drawn and carried ahead: 1..8 come from frame 0, 10 and 11 from frame 9."""
    driver.open(folder)
    driver.window.brush_size.set_diameter(24)
    for frame in (0, 9):
        driver.go_to(frame)
        driver.drag([(20, 20), (36, 20)])
    driver.go_to(0)
    driver.window.actions_table["propagate.both_sides"].setChecked(False)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    return driver.application.canvas_layers.references


def colours_in(layer: IndexedLayer) -> set[int]:
    """Colours of the layer's pixels, the transparent ones left out."""
    return {layer.colour_table[value] for value in np.unique(layer.values)} - {0}


def show_list(driver: Driver) -> None:
    dock = driver.window.findChild(QDockWidget, "referencesDock")
    assert isinstance(dock, QDockWidget)
    dock.raise_()
    driver.qtbot.waitUntil(driver.window.references.list.isVisible, timeout=5000)


def is_pointed_at(driver: Driver, frame: int) -> bool:
    return driver.application.reference_map.pointed == frame


def test_each_pixel_has_the_colour_of_the_reference_that_explains_it(
    driver: Driver, frames_folder: Path
) -> None:
    layer = carried(driver, frames_folder)
    assert layer.values.size == 0
    driver.go_to(5)
    driver.key(Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    opacity = driver.window.overlays.state.references_opacity
    assert colours_in(layer) == {argb(FIRST, opacity)}
    assert "references" in driver.window.overlays.legend.names
    driver.go_to(11)
    assert colours_in(layer) == {argb(SECOND, opacity)}
    clusters = driver.application.layers.clusters(11)
    assert clusters is not None
    np.testing.assert_array_equal(layer.values > 0, clusters.cluster_map > 0)
    driver.key(Qt.Key.Key_V)
    assert layer.values.size == 0
    driver.key(Qt.Key.Key_V)
    driver.key(Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    assert layer.values.size == 0


def test_pointing_at_the_frame_tells_the_reference_and_its_share(
    driver: Driver, frames_folder: Path
) -> None:
    carried(driver, frames_folder)
    driver.go_to(11)
    driver.trigger("view.references")
    label = driver.window.overlay_label
    QTest.mouseMove(driver.canvas.viewport(), driver.point(34, 20))
    driver.wait(lambda: label.text() == "reference frame 9 · 100 % of this frame")
    QTest.mouseMove(driver.canvas.viewport(), driver.point(90, 55))
    driver.wait(lambda: label.text() == "")


def test_pointing_at_a_line_of_the_list_shows_where_that_reference_wins(
    driver: Driver, frames_folder: Path
) -> None:
    layer = carried(driver, frames_folder)
    show_list(driver)
    driver.go_to(11)
    rows = driver.window.references.list
    driver.wait(lambda: "(here 100 %)" in rows.item(1).text())
    for place, colours in ((1, {SECOND}), (0, set())):
        rows.scrollToItem(rows.item(place))
        QTest.mouseMove(
            rows.viewport(), QPoint(12, rows.visualItemRect(rows.item(place)).top() + 8)
        )
        driver.wait(partial(is_pointed_at, driver, (0, 9)[place]))
        assert {colour & 0xFFFFFF for colour in colours_in(layer)} == {
            argb(colour, 0.0) for colour in colours
        }
    QApplication.sendEvent(rows.viewport(), QEvent(QEvent.Type.Leave))
    assert layer.values.size == 0, "nothing is left when the pointer goes"


def test_a_bar_in_the_list_is_as_long_as_the_share_of_the_frame_in_view(
    driver: Driver, frames_folder: Path
) -> None:
    carried(driver, frames_folder)
    show_list(driver)
    driver.go_to(11)
    rows = driver.window.references.list
    driver.wait(lambda: "(here 100 %)" in rows.item(1).text())
    lengths = []
    for place, colour in enumerate((FIRST, SECOND)):
        rows.scrollToItem(rows.item(place))
        seen = rows.visualItemRect(rows.item(place)) & rows.viewport().rect()
        picture = rows.viewport().grab(seen).toImage()
        row = picture.height() - 9
        pixels = [picture.pixelColor(x, row) for x in range(picture.width())]
        lengths.append(sum(pixel == QColor(*colour) for pixel in pixels) / picture.width())
    assert lengths[0] == 0.0
    assert lengths[1] > 0.7  # the share in words stands beside it


def test_a_reopened_project_still_tells_which_reference_won(
    make_driver: Callable[[], Driver], frames_folder: Path
) -> None:
    first = make_driver()
    carried(first, frames_folder)
    first.window.close()
    second = make_driver()
    second.open(frames_folder)
    show_list(second)
    second.go_to(11)
    rows = second.window.references
    second.wait(lambda: [row.share_here for row in rows.rows] == [0.0, 1.0])


def test_a_frame_that_no_run_made_is_asked_for(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    layer = carried(driver, frames_folder)
    driver.go_to(0)
    assert backend.looks == []
    driver.trigger("view.references")
    driver.wait(lambda: layer.values.size > 0)
    assert backend.looks == [0]


def test_clicking_a_line_and_excluding_drops_the_reference_that_was_found(
    driver: Driver, frames_folder: Path
) -> None:
    carried(driver, frames_folder)
    show_list(driver)
    driver.go_to(11)
    rows = driver.window.references.list
    rows.scrollToItem(rows.item(1))
    at = QPoint(12, rows.visualItemRect(rows.item(1)).top() + 8)
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=at)
    driver.wait(lambda: driver.application.editor.shown_frame == 9)
    driver.trigger("propagate.exclude")
    assert driver.document.reference_frames() == (0,)

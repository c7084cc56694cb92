"""What a person reaches for without thinking: a frame by number, recent files, a copy, pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.support.gui import Driver, write_frames

pytestmark = pytest.mark.gui

CONTROL = Qt.KeyboardModifier.ControlModifier


def seen(driver: Driver) -> QImage:
    """What is on the canvas."""
    return driver.canvas.viewport().grab().toImage()


def colour(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    """Colour of one pixel."""
    found = image.pixelColor(x, y)
    return found.red(), found.green(), found.blue()


def test_ctrl_g_takes_a_number_and_escape_stays(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.window.activateWindow()
    field = driver.window.transport.frame_field
    driver.key(Qt.Key.Key_G, CONTROL)
    driver.wait(field.hasFocus)
    QTest.keyClicks(field, "7")
    QTest.keyClick(field, Qt.Key.Key_Return)
    driver.wait(lambda: driver.application.editor.shown_frame == 7)
    assert not field.hasFocus(), "the keys are the picture's again"
    driver.key(Qt.Key.Key_G, CONTROL)
    QTest.keyClicks(field, "2")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert driver.application.editor.frame == 7 and field.value() == 7
    assert field.text() == "7" and not field.hasFocus()


def test_buttons_of_the_transport_wait_for_a_video(driver: Driver, frames_folder: Path) -> None:
    names = ("frame.first", "frame.play", "frame.last", "frame.go_to")
    actions = driver.window.actions_table
    assert not any(actions[name].isEnabled() for name in names)
    driver.open(frames_folder)
    assert all(actions[name].isEnabled() for name in names)
    assert driver.window.zoom_label.text().endswith("%")
    driver.trigger("file.close")
    assert not any(actions[name].isEnabled() for name in names)
    assert driver.window.zoom_label.text() == ""


def test_what_was_open_is_offered_on_the_next_start(
    make_driver: Callable[[], Driver], tmp_path: Path
) -> None:
    first = make_driver()
    for name in ("one & two", "три"):
        first.open(write_frames(tmp_path / name, 3))
    first.window.close()
    second = make_driver()
    recent = second.application.recent
    assert [path.name for path in recent.paths] == ["три", "one & two"], "the latest first"
    assert "три" in second.window.hint.text and "one &amp; two" in second.window.hint.text
    second.window.hint.link_clicked.emit("recent:1")
    second.wait(lambda: second.application.editor.shown_frame == 0)
    workspace = second.application.editor.workspace
    assert workspace is not None and workspace.sequence.path == tmp_path / "one & two"
    assert recent.paths[0].name == "one & two", "and it comes to the front"


def test_a_recent_path_that_is_gone_leaves_the_list(driver: Driver, tmp_path: Path) -> None:
    folder = write_frames(tmp_path / "clip", 2)
    driver.open(folder)
    driver.trigger("file.close")
    folder.rename(tmp_path / "elsewhere")
    entry = driver.application.recent.menu.actions()[0]
    entry.trigger()
    assert "not there any more" in driver.window.messages.text
    assert driver.application.recent.paths == [] and not driver.application.recent.menu.isEnabled()


def test_links_on_the_empty_window_use_actions(driver: Driver) -> None:
    asked: list[bool] = []
    action = driver.window.actions_table["file.open_folder"]
    action.triggered.disconnect()
    action.triggered.connect(lambda: asked.append(True))
    label = driver.window.hint
    label.link_clicked.emit("action:file.open_folder")
    assert asked and not label.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_the_copied_picture_has_the_frames_own_pixels(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.drag([(50, 30), (60, 30)])
    driver.trigger("view.fit")
    driver.trigger("edit.copy_picture")
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (100, 60)
    assert colour(image, 5, 5) == (0, 40, 40), "the frame, where nothing lies over it"
    assert colour(image, 55, 30) != (0, 40, 40), "and the mask, where one does"


def test_the_status_line_reads_the_pixel_under_the_pointer(
    driver: Driver, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    QTest.mouseMove(driver.canvas.viewport(), driver.point(5, 8))
    driver.wait(lambda: "x 5 · y 8" in driver.window.pointer_label.text())
    assert "RGB 0 40 40 · background" in driver.window.pointer_label.text()


def test_grid_lines_show_between_enlarged_pixels_alone(driver: Driver, tmp_path: Path) -> None:
    driver.open(write_frames(tmp_path / "flat", 1))
    driver.window.hint.hide()
    canvas = driver.canvas
    canvas.zoom_by(20 / canvas.zoom, QPointF(driver.point(50, 30)))

    def row() -> set[tuple[int, int, int]]:
        image, y = seen(driver), driver.point(50, 30).y()
        middle = driver.point(50, 30).x()
        return {colour(image, x, y) for x in range(middle - 30, middle + 30)}

    assert len(row()) == 2, "the frame is of one colour; the other is the lines'"
    driver.trigger("view.pixel_grid")
    assert row() == {(0, 40, 40)}
    driver.trigger("view.pixel_grid")
    canvas.zoom_by(5 / canvas.zoom, QPointF(driver.point(50, 30)))
    assert row() == {(0, 40, 40)}, "lines five pixels apart would hide the picture"


def test_auto_contrast_brightens_the_screen_and_no_pixel(driver: Driver, tmp_path: Path) -> None:
    folder = tmp_path / "dark"
    folder.mkdir()
    ramp = np.tile(np.linspace(0, 15, 100).astype(np.uint8), (60, 1))
    for index in range(2):
        Image.fromarray(ramp).save(folder / f"{index}.png")
    driver.open(folder)
    driver.window.hint.hide()
    at = driver.point(90, 30)
    before = colour(seen(driver), at.x(), at.y())
    driver.trigger("view.auto_contrast")
    after = colour(seen(driver), at.x(), at.y())
    assert before[0] < 16 and after[0] > 200
    driver.go_to(1)
    assert colour(seen(driver), at.x(), at.y()) == after, "one table for every frame"
    QTest.mouseMove(driver.canvas.viewport(), at + QPoint(0, 1))
    assert "RGB 13 13 13" in driver.window.pointer_label.text(), "what is told is the frame's own"
    driver.trigger("view.auto_contrast")
    QApplication.processEvents()
    assert colour(seen(driver), at.x(), at.y()) == before


def test_a_mask_is_pasted_into_another_frame_and_object(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    driver.open(frames_folder)
    driver.key(Qt.Key.Key_V, CONTROL)
    assert "Nothing is copied" in driver.window.messages.text
    driver.drag([(20, 20), (40, 20)])
    drawn = driver.document.label_map(0).copy()
    driver.key(Qt.Key.Key_C, CONTROL)
    driver.trigger("object.add")
    driver.go_to(7)
    driver.key(Qt.Key.Key_V, CONTROL)
    assert np.array_equal(driver.document.label_map(7), drawn * 2), "it is the chosen object's now"
    driver.trigger("edit.undo")
    assert not driver.document.label_map(7).any()
    driver.open(write_frames(tmp_path / "another", 2))
    driver.key(Qt.Key.Key_V, CONTROL)
    assert np.array_equal(driver.document.label_map(0), drawn), "a first object is added for it"
    driver.open(write_frames(tmp_path / "smaller", 2, height=30, width=50))
    driver.key(Qt.Key.Key_V, CONTROL)
    assert "100 x 60" in driver.window.messages.text
    assert len(driver.document.objects) == 0


def test_a_locked_object_takes_no_pasted_mask(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.drag([(20, 20), (40, 20)])
    driver.trigger("mask.copy")
    driver.trigger("object.lock")
    driver.go_to(3)
    driver.trigger("mask.paste")
    assert "locked" in driver.window.messages.text
    assert not driver.document.label_map(3).any()


def test_the_view_zooms_to_the_chosen_object(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    driver.window.brush_size.set_diameter(4)
    driver.drag([(70, 40), (80, 40)])
    before = driver.canvas.zoom
    driver.key(Qt.Key.Key_Z)
    port = driver.canvas.viewport()
    middle = port.rect().center()
    off = driver.point(75, 40) - middle
    assert abs(off.x()) < 0.1 * port.width() and abs(off.y()) < 0.1 * port.height()
    assert driver.canvas.zoom > 2 * before
    assert port.rect().contains(driver.point(67, 38)), "the whole of it is seen"
    driver.go_to(5)
    zoom = driver.canvas.zoom
    driver.key(Qt.Key.Key_Z)
    assert "no mask in frame 5" in driver.window.messages.text and driver.canvas.zoom == zoom

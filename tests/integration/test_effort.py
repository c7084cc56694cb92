"""What the work cost, shown in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from annotator.views.effort_dialog import EffortDialog, clock
from tests.support.gui import Driver

pytestmark = pytest.mark.gui


def shown(driver: Driver) -> EffortDialog:
    driver.trigger("file.effort")
    dialog = driver.window.findChild(EffortDialog)
    assert dialog is not None and dialog.isVisible() and not dialog.isModal()
    driver.wait(lambda: "of work" in dialog.total_label.text())
    return dialog


def texts(dialog: EffortDialog) -> list[list[str]]:
    table = dialog.table
    rows, columns = range(table.rowCount()), range(3)  # the time is the clock's affair
    return [[table.item(row, column).text() for column in columns] for row in rows]


def test_steps_and_corrections_of_each_object(driver: Driver, frames_folder: Path) -> None:
    assert not driver.window.actions_table["file.effort"].isEnabled()
    driver.application.service.load()
    driver.open(frames_folder)
    driver.drag([(20, 20), (32, 20)])
    driver.trigger("object.add")
    driver.drag([(20, 45), (32, 45)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(3)
    driver.drag([(60, 45), (70, 45)])  # corrects what the network made
    driver.drag([(60, 48), (70, 48)])
    driver.trigger("edit.undo")
    dialog = shown(driver)
    first, second = texts(dialog)
    assert first[0] == driver.document.objects[1].name and int(first[1]) >= 1 and first[2] == "0"
    assert int(second[1]) >= 3 and int(second[2]) >= 1
    assert "1 session" in dialog.total_label.text()
    assert "1 step taken back, 1 run of the network with 11 frames" in dialog.total_label.text()
    driver.qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().splitlines()[2].startswith(f"{first[0]}\t")
    before = int(second[1])
    driver.drag([(60, 40), (70, 40)])
    dialog = shown(driver)  # asking again brings it up to date
    driver.wait(lambda: int(texts(dialog)[1][1]) > before)
    driver.trigger("file.close")
    driver.wait(lambda: driver.window.findChild(EffortDialog) is None)


def test_time_is_told_as_a_clock_tells_it() -> None:
    assert [clock(s) for s in (0, 59.6, 61, 3725)] == ["0:00", "1:00", "1:01", "1:02:05"]

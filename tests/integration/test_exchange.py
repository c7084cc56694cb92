"""Masks in and out at the real window: dialogs, mends, one undo step, stop and go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from annotator.controller import export_controller
from annotator.exchange.exporting import ExportReport
from annotator.exchange.registry import readers, writers
from annotator.views.export_dialog import ExportDialog
from annotator.views.import_dialog import ImportDialog
from tests.support.gui import FRAME_HEIGHT, FRAME_WIDTH, Driver, write_frames
from vos_core.media import write_label_map

pytestmark = pytest.mark.gui

BOTH_WAYS = [each.key for each in writers() if each in readers()]


def square(value: int = 1, size: tuple[int, int] = (FRAME_HEIGHT, FRAME_WIDTH)) -> np.ndarray:
    label_map = np.zeros(size, np.uint8)
    label_map[size[0] // 4 : size[0] // 2, size[1] // 4 : size[1] // 2] = value
    return label_map


def annotated(driver: Driver, folder: Path) -> None:
    """Two objects: one propagated from frame 0, one drawn in frame 4."""
    driver.open(folder)
    driver.trigger("object.add")
    driver.drag([(30, 20), (45, 30)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(4)
    driver.trigger("object.add")
    driver.drag([(70, 40), (80, 45)])


def import_dialog(driver: Driver, path: Path) -> ImportDialog:
    driver.trigger("file.import_masks")
    dialog = driver.window.findChild(ImportDialog)
    assert dialog is not None and dialog.isVisible() and not dialog.isModal()
    with driver.qtbot.waitSignal(driver.application.imports.inspected, timeout=15000):
        dialog.look_at(path)
    return dialog


def press_import(driver: Driver, dialog: ImportDialog) -> int:
    with driver.qtbot.waitSignal(driver.application.imports.finished, timeout=15000) as done:
        driver.qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
    return int(done.args[0])


def run_export(driver: Driver, key: str, target: Path) -> ExportReport:
    driver.trigger("file.export_davis")
    dialog = driver.window.findChild(ExportDialog)
    assert dialog is not None
    dialog.choose_format(key)
    dialog.folder_field.setText(str(target))
    renumber = dialog.findChild(QCheckBox, "export_renumber")
    assert renumber is not None and not renumber.isHidden()
    with driver.qtbot.waitSignal(driver.application.export.finished, timeout=15000) as done:
        dialog.accept()
    driver.wait(lambda: driver.window.findChild(ExportDialog) is None)
    assert isinstance(done.args[0], ExportReport), driver.window.messages.text
    return done.args[0]


@pytest.mark.parametrize("key", BOTH_WAYS)
def test_out_of_one_window_into_another_project(
    make_driver: Callable[[], Driver], frames_folder: Path, tmp_path: Path, key: str
) -> None:
    first = make_driver()
    annotated(first, frames_folder)
    target = tmp_path / f"export{next(e.suffix for e in writers() if e.key == key)}"
    report = run_export(first, key, target)
    sidecar = json.loads(report.sidecar.read_text())
    network = first.application.network.backend
    assert network is not None and sidecar["network"] == network.text
    second = make_driver()
    second.open(write_frames(tmp_path / "other", 12))
    dialog = import_dialog(second, target)
    assert press_import(second, dialog) == 12
    for index in range(12):
        np.testing.assert_array_equal(
            second.document.label_map(index), first.document.label_map(index)
        )
    np.testing.assert_array_equal(second.document.cells.states, first.document.cells.states)
    projects = [each.application.editor.workspace.project for each in (first, second)]  # type: ignore[union-attr]
    assert first.application.session.save() and second.application.session.save()
    one, other = (
        {path.name: path.read_bytes() for path in (project.folder / "masks").iterdir()}
        for project in projects
        if project is not None
    )
    assert one == other and len(one) == 12
    second.trigger("edit.undo")
    assert not len(second.document.objects) and not second.document.cells.states.any()


def test_what_is_wrong_is_shown_and_nothing_changes_before_it_is_accepted(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    half = (FRAME_HEIGHT // 2, FRAME_WIDTH // 2)
    for index in (3, 4, 20):
        write_label_map(masks / f"{index:05d}.png", square(255, half))
    driver.open(frames_folder)
    dialog = import_dialog(driver, masks)
    text = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "black and white" in text and "50x30 in frames 3, 4, 20" in text
    assert "frames that do not exist (20)" in text
    assert dialog.import_button.isEnabled() and driver.document.label_maps.stored_frames() == ()
    driver.qtbot.mouseClick(dialog.mend_box("size"), Qt.MouseButton.LeftButton)
    assert not dialog.import_button.isEnabled()
    assert "Accept a mend first" in dialog.state_label.text()
    dialog.mend_box("size").click()
    assert press_import(driver, dialog) == 2
    np.testing.assert_array_equal(
        driver.document.label_map(3), square(1, half).repeat(2, 0).repeat(2, 1)
    )
    assert driver.document.objects.ids == (1,) and driver.application.editor.active_object == 1
    driver.trigger("edit.undo")
    assert not len(driver.document.objects) and not driver.document.label_map(3).any()


def test_masks_of_a_person_are_kept_unless_replaced(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    for index in (0, 1):
        write_label_map(masks / f"{index:05d}.png", square(7))
    driver.open(frames_folder)
    driver.trigger("object.add")
    driver.drag([(30, 20), (45, 30)])
    drawn = driver.document.label_map(0).copy()
    assert press_import(driver, import_dialog(driver, masks)) == 1
    np.testing.assert_array_equal(driver.document.label_map(0), drawn)
    np.testing.assert_array_equal(driver.document.label_map(1), square(7))
    driver.trigger("edit.undo")
    driver.wait(lambda: driver.window.findChild(ImportDialog) is None)
    dialog = import_dialog(driver, masks)
    dialog.mend_box("keep").click()
    dialog.mend_box("replace").click()
    assert press_import(driver, dialog) == 2
    np.testing.assert_array_equal(driver.document.label_map(0), square(7))
    driver.trigger("edit.undo")
    np.testing.assert_array_equal(driver.document.label_map(0), drawn)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("wrong.json", b'{"hello": 1}', "no format that can be imported"),
        ("broken.png", b"\x89PNG\r\n\x1a\nnothing", "broken.png"),
        ("gone.png", None, "no such file"),
    ],
)
def test_bad_files_are_named_in_the_dialog(
    driver: Driver,
    frames_folder: Path,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    message: str,
) -> None:
    driver.open(frames_folder)
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    dialog = import_dialog(driver, path)
    assert message in dialog.state_label.text() and not dialog.import_button.isEnabled()
    good = tmp_path / "00005.png"
    write_label_map(good, square())
    with driver.qtbot.waitSignal(driver.application.imports.inspected, timeout=15000):
        dialog.look_at(good)
    assert press_import(driver, dialog) == 1  # a single picture goes into the frame in view
    np.testing.assert_array_equal(driver.document.label_map(0), square())


def test_a_stopped_export_goes_on(
    driver: Driver, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from annotator.exchange import source as module

    driver.open(write_frames(tmp_path / "clip", 80))
    driver.trigger("object.add")
    driver.drag([(30, 20), (45, 30)])
    export = driver.application.export
    plain = module.ExportSource.label_map
    seen: list[int] = []

    def slow(self: module.ExportSource, index: int) -> np.ndarray:
        seen.append(index)
        if len(seen) == 40:
            export.stop()
        return plain(self, index)

    monkeypatch.setattr(module.ExportSource, "label_map", slow)
    with qtbot.waitSignal(export.finished, timeout=15000) as done:
        export.export(tmp_path / "out")
    assert done.args[0] is None and "stopped" in driver.window.messages.text
    assert not list((tmp_path / "out" / "clip").iterdir())
    monkeypatch.setattr(module.ExportSource, "label_map", plain)
    with qtbot.waitSignal(export.finished, timeout=15000) as done:
        export.export(tmp_path / "out")
    assert done.args[0].kept_count >= 20
    assert len(list((tmp_path / "out" / "clip").iterdir())) == 80


def test_the_export_dialog_shows_what_each_format_asks(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    annotated(driver, frames_folder)
    driver.trigger("file.export_davis")
    dialog = driver.window.findChild(ExportDialog)
    assert dialog is not None
    every = dialog.findChild(QSpinBox, "export_every")
    notes = dialog.findChild(QLabel, "exportNotes")
    assert every is not None and notes is not None
    assert every.isHidden() and "first appears in frame 4" in notes.text()
    dialog.choose_format("youtube-vos")
    assert not every.isHidden() and notes.isHidden()
    every.setValue(5)
    assert dialog.options.every == 5
    dialog.choose_format("cvat")
    assert dialog.folder_field.text().endswith("clip-cvat.xml") and dialog.options.every == 1
    frames = dialog.findChild(QCheckBox, "export_with_frames")
    assert frames is not None
    frames.click()
    assert dialog.folder_field.text().endswith("clip-cvat.zip")
    frames.click()
    assert dialog.folder_field.text().endswith("clip-cvat.xml")
    dialog.choose_format("sheet")
    dialog.folder_field.setText(str(tmp_path / "sheet.png"))
    with driver.qtbot.waitSignal(driver.application.export.finished, timeout=15000) as done:
        dialog.accept()
    assert done.args[0].frame_count == 12 and Image.open(tmp_path / "sheet.png").width > 400


def test_the_name_in_the_files_is_a_choice(
    driver: Driver, frames_folder: Path, tmp_path: Path
) -> None:
    annotated(driver, frames_folder)
    driver.trigger("file.export_davis")
    dialog = driver.window.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.name_field.placeholderText() == "clip" and not dialog.name_field.isHidden()
    dialog.name_field.setText("zebra crossing")
    dialog.folder_field.setText(str(tmp_path / "out"))
    with driver.qtbot.waitSignal(driver.application.export.finished, timeout=15000):
        dialog.accept()
    assert len(list((tmp_path / "out" / "zebra crossing").glob("*.png"))) == 12


def test_a_stopped_file_leaves_what_was_there_and_says_so(
    driver: Driver, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from annotator.exchange import source as module

    driver.open(write_frames(tmp_path / "clip", 40))
    driver.trigger("object.add")
    driver.drag([(30, 20), (45, 30)])
    export, target = driver.application.export, tmp_path / "clip.json"
    target.write_text("an export of yesterday")
    plain = module.ExportSource.label_map
    seen: list[int] = []

    def slow(self: module.ExportSource, index: int) -> np.ndarray:
        seen.append(index)
        if len(seen) == 20:
            export.stop()
        return plain(self, index)

    monkeypatch.setattr(module.ExportSource, "label_map", slow)
    with qtbot.waitSignal(export.finished, timeout=15000) as done:
        export.export(target, key="coco")
    assert done.args[0] is None and target.read_text() == "an export of yesterday"
    assert "No half file was left" in driver.window.messages.text
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_message_after_an_export_shows_the_folder(
    driver: Driver, frames_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Desktop:
        @staticmethod
        def openUrl(url: QUrl) -> None:  # noqa: N802 - Qt's name
            opened.append(url.toLocalFile())

    monkeypatch.setattr(export_controller, "QDesktopServices", Desktop)
    annotated(driver, frames_folder)
    run_export(driver, "coco", tmp_path / "out" / "clip.json")
    (button,) = (
        each
        for each in driver.window.messages.findChildren(QPushButton)
        if each.text() == "Show the folder"
    )
    driver.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert opened == [str(tmp_path / "out")]


def test_masks_of_a_clip_in_the_cache_go_home(
    driver: Driver, frames_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotated(driver, frames_folder)
    cache = str(frames_folder.parent)
    monkeypatch.setattr(export_controller.platformdirs, "user_cache_dir", lambda: cache)
    driver.trigger("file.export_davis")
    dialog = driver.window.findChild(ExportDialog)
    assert dialog is not None
    assert Path(dialog.folder_field.text()) == Path.home() / "clip-davis"
    dialog.close()

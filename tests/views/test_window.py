"""The window's frame: one table of actions, the help sheet, themes, messages, layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLineEdit, QToolBar
from pytestqt.qtbot import QtBot

from annotator.views import fonts
from annotator.views.actions import ACTIONS, MENUS, ActionTable
from annotator.views.help_sheet import help_html
from annotator.views.message_bar import Severity
from annotator.views.panels.brush_size import stepped_diameter
from annotator.views.panels.object_model import swatch
from annotator.views.panels.own_keys import KeyCheckBox, KeySlider
from annotator.views.panels.propagation_bar import RunStatus
from annotator.views.screen_room import room_for_window
from annotator.views.theme import Theme, apply_theme, palette_is_dark
from tests.support.gui import Driver

pytestmark = pytest.mark.gui


def test_no_key_belongs_to_two_actions() -> None:
    keys = Counter(QKeySequence(key).toString() for spec in ACTIONS for key in spec.keys)
    assert [key for key, count in keys.items() if count > 1] == []
    assert "" not in keys, "a key that Qt does not know"
    assert not {str(digit) for digit in range(10)} & set(keys), "digits choose objects"


def test_every_action_has_a_menu_a_tip_and_a_place_in_the_window(driver: Driver) -> None:
    table = driver.window.actions_table
    in_menus = {a.objectName() for menu in driver.window.menus.values() for a in menu.actions()}
    for name in table:
        spec = table.spec(name)
        assert spec.menu in MENUS and spec.tip and name in in_menus
    for bar in driver.window.findChildren(QToolBar):
        for action in bar.actions():
            assert action.isSeparator() or action.objectName() in [*table, ""]


def test_the_sheet_lists_every_key() -> None:
    html = help_html()
    for spec in ACTIONS:
        for key in spec.keys:
            assert QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) in html


def test_a_name_twice_is_refused(driver: Driver) -> None:
    with pytest.raises(ValueError, match="twice"):
        ActionTable(driver.window, [ACTIONS[0], ACTIONS[0]])


@pytest.mark.parametrize("theme", [Theme.DARK, Theme.LIGHT])
def test_themes_change_the_palette(driver: Driver, theme: Theme) -> None:
    driver.trigger(f"view.{theme.value}")
    assert palette_is_dark(driver.window.palette()) is (theme is Theme.DARK)
    text = driver.window.palette().color(QPalette.ColorRole.WindowText).lightness()
    ground = driver.window.palette().color(QPalette.ColorRole.Window).lightness()
    assert abs(text - ground) > 120, "hard to read"


def test_the_system_theme_follows_the_desktop(qapp: QApplication) -> None:
    apply_theme(qapp, Theme.SYSTEM)
    assert qapp.styleHints().colorScheme() in (
        Qt.ColorScheme.Unknown,
        Qt.ColorScheme.Light,
        Qt.ColorScheme.Dark,
    )
    apply_theme(qapp, Theme.DARK)


def test_information_leaves_by_itself_and_faults_stay(driver: Driver, qtbot: QtBot) -> None:
    bar = driver.window.messages
    bar.show_message("something broke", Severity.ERROR)
    assert bar.text == "something broke" and bar.isVisible()
    before = driver.canvas.geometry()
    bar.dismiss()
    assert bar.text == "" and not bar.isVisible()
    assert driver.canvas.geometry() == before, "a message must not move the picture"


def test_layout_theme_and_brush_are_remembered(make_driver: Callable[[], Driver]) -> None:
    first = make_driver()
    first.window.resize(1, 640)  # as narrow as it goes
    size = first.window.size()
    first.window.brush_size.set_diameter(77)
    first.trigger("view.light")
    first.window.close()
    second = make_driver()
    assert second.window.size() == size
    assert second.window.brush_size.diameter == 77
    assert second.window.actions_table["view.light"].isChecked()
    second.trigger("view.dark")


@pytest.mark.parametrize("screen", [(1366, 768), (1280, 720), (3840, 2160)])
def test_a_first_window_leaves_room_for_the_title_bar(screen: tuple[int, int]) -> None:
    room = room_for_window(QSize(*screen))
    assert room.width() < screen[0] and room.height() <= screen[1] - 40


def test_windows_and_dialogs_fit_a_small_screen(driver: Driver) -> None:
    from annotator.views.help_sheet import HelpSheet
    from annotator.views.key_dialog import KeyDialog

    room = driver.window.screen().availableSize()
    assert driver.window.height() < room.height(), "as it opens"
    driver.window.resize(4000, 3000)
    layout = driver.window.layout_text()
    assert driver.window.restore_layout(layout)
    assert driver.window.height() < room.height(), "left so on a larger screen"
    for dialog in (
        HelpSheet(driver.window.actions_table, driver.window),
        KeyDialog(driver.window.actions_table, driver.window),
    ):
        assert dialog.height() < room.height() and dialog.width() < max(room.width(), 1040)
        dialog.close()


def test_buttons_of_dialogs_carry_words_alone(driver: Driver) -> None:
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, driver.window)
    button = box.button(QDialogButtonBox.StandardButton.Close)
    assert button.text() and button.icon().isNull(), "dark pictures on the accent cannot be seen"


def test_a_dropped_folder_is_opened(driver: Driver, frames_folder) -> None:  # type: ignore[no-untyped-def]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(frames_folder))])
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(100, 100), action, data, button, none)
    driver.window.dragEnterEvent(enter)
    assert enter.isAccepted()
    driver.window.dropEvent(QDropEvent(QPointF(100, 100), action, data, button, none))
    driver.wait(lambda: driver.application.editor.shown_frame == 0)
    assert driver.application.editor.workspace is not None


def test_brush_steps_go_both_ways_and_never_stick() -> None:
    size = 1
    sizes = [size := stepped_diameter(size, 1) for _ in range(60)]
    assert sizes == sorted(set(sizes)) or sizes[-1] == 1000
    assert stepped_diameter(1, -1) == 1 and stepped_diameter(1000, 1) == 1000
    assert stepped_diameter(stepped_diameter(100, 1), -1) == pytest.approx(100, abs=3)


def test_the_run_status_in_words() -> None:
    status = RunStatus(running=True, done=42, total=131, frames_per_second=3.1)
    assert status.text == "42 of 131 · 3.1 frames/s · 0:29 left"
    assert "paused" in RunStatus(running=True, paused=True, done=1, total=5).text
    assert RunStatus().text == ""


def test_f1_opens_the_sheet_beside_the_work(driver: Driver, qtbot: QtBot) -> None:
    driver.key(Qt.Key.Key_F1)
    from annotator.views.help_sheet import HelpSheet

    sheet = driver.window.findChild(HelpSheet)
    assert sheet is not None and sheet.isVisible() and not sheet.isModal()
    sheet.close()


def test_the_sheet_finds_actions_by_words_and_keys(driver: Driver) -> None:
    from annotator.views.help_sheet import HelpSheet

    driver.key(Qt.Key.Key_F1)
    sheet = driver.window.findChild(HelpSheet)
    assert sheet is not None
    QTest.keyClicks(sheet.search, "islands REMOVE")
    text = sheet.browser.toPlainText()
    assert "Remove islands" in text and "Undo" not in text and "Frame" not in text.split("\n")
    sheet.search.setText("ctrl+z")
    assert "Undo" in sheet.browser.toPlainText()
    assert "Remove islands" not in sheet.browser.toPlainText()
    sheet.search.setText("no such thing")
    assert "No key" in sheet.browser.toPlainText()
    sheet.search.clear()
    for width, columns in ((1100, 2), (700, 1)):
        sheet.resize(width, 500)
        driver.wait(lambda n=columns: sheet.browser.toHtml().count('width="50%"') == 2 * (n - 1))
    sheet.close()


def test_the_swatch_carries_the_key_of_its_object() -> None:
    plain = swatch((20, 60, 160), 18).toImage()
    changed = swatch((20, 60, 160), 18, 1.0, "3").toImage()
    bright = [
        (x, y) for x in range(18) for y in range(18) if changed.pixelColor(x, y).lightness() > 200
    ]
    assert plain != changed and len(bright) > 6, "white on a dark colour"
    on_yellow = swatch((240, 228, 66), 18, 1.0, "3").toImage()
    assert on_yellow.pixelColor(*bright[len(bright) // 2]).lightness() < 90, "black on a light one"


def test_without_any_font_it_is_told_which_package_to_install(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fonts.QFontDatabase, "families", lambda: ["Sans Serif", "Serif"])
    monkeypatch.setattr(fonts, "_matplotlib_fonts", list)
    assert not fonts.ensure_fonts()
    assert "fonts-dejavu-core" in caplog.text


def test_with_fonts_nothing_is_changed(qapp: QApplication) -> None:
    before = qapp.font().family()
    assert fonts.ensure_fonts() and qapp.font().family() == before


def test_the_hint_leads_from_opening_to_painting_and_leaves(driver: Driver, frames_folder) -> None:  # type: ignore[no-untyped-def]
    assert "Drop a video" in driver.window.hint.text
    driver.open(frames_folder)
    assert "paint the first object" in driver.window.hint.text
    driver.drag([(20, 20), (30, 20)])
    assert driver.window.hint.text == ""


def test_keys_work_wherever_the_focus_is(driver: Driver, frames_folder) -> None:  # type: ignore[no-untyped-def]
    driver.open(frames_folder)
    driver.trigger("object.add")
    editor = driver.application.editor
    for widget in (driver.canvas, driver.window.objects.table):
        widget.setFocus()
        before = editor.frame
        QTest.keyClick(widget, Qt.Key.Key_Right)
        assert editor.frame == before + 1, widget
        QTest.keyClick(widget, Qt.Key.Key_E)
        assert driver.window.actions_table["tool.eraser"].isChecked()
        QTest.keyClick(widget, Qt.Key.Key_R)


def test_controls_with_the_focus_keep_their_own_keys(driver: Driver, frames_folder) -> None:  # type: ignore[no-untyped-def]
    driver.open(frames_folder)
    slider = driver.window.overlays.findChildren(KeySlider)[0]
    slider.setFocus()
    value = slider.value()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert slider.value() == value + 1 and driver.application.editor.frame == 0
    box = driver.window.overlays.findChildren(KeyCheckBox)[0]
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert not box.isChecked() and not driver.application.frames.is_playing


def test_typing_a_name_or_a_frame_number_triggers_no_shortcut(
    driver: Driver,
    frames_folder,  # type: ignore[no-untyped-def]
) -> None:
    driver.open(frames_folder)
    driver.trigger("object.add")
    driver.trigger("object.rename")
    field = driver.window.objects.table.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    QTest.keyClicks(field, "referee 2")
    QTest.keyClick(field, Qt.Key.Key_Return)
    driver.wait(lambda: driver.document.objects[1].name == "referee 2")
    assert driver.window.actions_table["tool.brush"].isChecked()
    number = driver.window.transport.frame_field
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "11")
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert driver.application.editor.frame == 11
    assert driver.application.editor.active_object == 1

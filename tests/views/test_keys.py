"""Changing keys: the dialog, what it refuses, what follows, and that it is remembered."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox

from annotator.views.actions import MENUS, key_clashes
from annotator.views.help_sheet import HelpSheet, help_html
from annotator.views.key_dialog import KeyDialog
from tests.support.gui import Driver

pytestmark = pytest.mark.gui

OK = QDialogButtonBox.StandardButton.Ok


@pytest.fixture
def dialog(driver: Driver) -> KeyDialog:
    """The dialog, opened from the menu."""
    driver.trigger("help.rebind")
    (found,) = driver.window.findChildren(KeyDialog)
    return found


def type_key(dialog: KeyDialog, name: str, key: str) -> None:
    """Choose an action and type a key into the field."""
    dialog.choose(name)
    dialog.edit.setKeySequence(QKeySequence(key))


def press(dialog: KeyDialog, button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[arg-type]


def test_another_key_works_at_once_and_shows_in_tool_tip_and_sheet(
    driver: Driver, dialog: KeyDialog, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    driver.trigger("help.keys")
    (sheet,) = driver.window.findChildren(HelpSheet)
    dialog.choose("frame.next")
    QTest.keyClick(dialog.edit, Qt.Key.Key_F9)
    press(dialog, dialog.add)
    press(dialog, dialog.buttons.button(OK))
    assert "F9" in sheet.browser.toPlainText()
    sheet.close()
    driver.window.activateWindow()
    driver.wait(driver.window.isActiveWindow)
    driver.key(Qt.Key.Key_F9)
    assert driver.application.editor.frame == 1
    driver.key(Qt.Key.Key_Right)
    assert driver.application.editor.frame == 2, "the old keys stay until they are removed"
    assert "F9" in driver.window.actions_table["frame.next"].toolTip()


def test_a_key_of_another_action_is_named_and_taken_over_only_on_demand(
    driver: Driver, dialog: KeyDialog
) -> None:
    type_key(dialog, "object.add", "F")
    assert "F belongs to Forward so far" in dialog.clash.text()
    press(dialog, dialog.add)
    assert not dialog.buttons.button(OK).isEnabled()
    assert "F belongs to New object and Forward" in dialog.clash.text()
    press(dialog, dialog.take)
    assert dialog.clash.text() == "" and dialog.buttons.button(OK).isEnabled()
    press(dialog, dialog.buttons.button(OK))
    table = driver.window.actions_table
    assert "F" in table.keys("object.add") and "F" not in table.keys("propagate.forward")


def test_digits_choose_objects_and_stay_so(dialog: KeyDialog) -> None:
    type_key(dialog, "view.contours", "3")
    assert "chooses an object" in dialog.clash.text() and not dialog.take.isEnabled()
    press(dialog, dialog.add)
    assert not dialog.buttons.button(OK).isEnabled()


def test_cancel_changes_nothing_and_defaults_come_back(driver: Driver, dialog: KeyDialog) -> None:
    table = driver.window.actions_table
    dialog.choose("view.contours")
    press(dialog, dialog.remove)
    press(dialog, dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel))
    assert table.keys("view.contours") == ("X",)
    table.set_own_keys({"view.contours": ["F8"], "view.fit": []})
    driver.trigger("help.rebind")
    (again,) = [d for d in driver.window.findChildren(KeyDialog) if d.isVisible()]
    again.choose("view.contours")
    press(again, again.reset)
    press(again, again.buttons.button(OK))
    assert table.keys("view.contours") == ("X",) and table.keys("view.fit") == ()
    driver.trigger("help.rebind")
    (last,) = [d for d in driver.window.findChildren(KeyDialog) if d.isVisible()]
    press(last, last.buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults))
    press(last, last.buttons.button(OK))
    assert table.own_keys() == {}


def test_the_list_can_be_searched_by_action_and_by_key(dialog: KeyDialog) -> None:
    dialog.filter.setText("bookmark")
    shown = [n for n, item in dialog._items.items() if not item.isHidden()]
    assert set(shown) == {"frame.bookmark", "frame.next_bookmark", "frame.previous_bookmark"}
    dialog.filter.setText("ctrl+z")
    shown = [n for n, item in dialog._items.items() if not item.isHidden()]
    assert shown == ["edit.undo"]
    dialog.reject()


def test_own_keys_are_remembered_from_window_to_window(make_driver: Callable[[], Driver]) -> None:
    first = make_driver()
    first.trigger("help.rebind")
    (dialog,) = first.window.findChildren(KeyDialog)
    type_key(dialog, "view.contours", "F8")
    press(dialog, dialog.take)
    press(dialog, dialog.buttons.button(OK))
    first.window.close()
    second = make_driver()
    assert second.window.actions_table.keys("view.contours") == ("X", "F8")
    assert second.window.actions_table["view.contours"].shortcuts() == [
        QKeySequence("X"),
        QKeySequence("F8"),
    ]


def test_settings_of_another_version_make_no_two_actions_answer_to_one_key(
    driver: Driver,
) -> None:
    table = driver.window.actions_table
    table.set_own_keys(
        {
            "view.contours": ["X", "nonsense+key"],
            "gone.action": ["F5"],
            "view.fit": "Ctrl+G",
            "view.actual_size": ["Ctrl+Z"],
            "help.about": [5, "F4"],
        }
    )
    assert table.keys("view.contours") == ("X",)
    assert table.keys("view.actual_size") == ("Ctrl+0",)
    assert table.keys("help.about") == ("F4",)
    assert key_clashes({name: table.keys(name) for name in table}) == {}


def test_no_key_is_the_mnemonic_of_a_menu(driver: Driver) -> None:
    table = driver.window.actions_table
    titles = {f"Alt+{title[title.index('&') + 1].upper()}" for title in MENUS.values()}
    assert not titles & {key for name in table for key in table.keys(name)}


def test_space_plays_only_while_it_is_the_key_of_play(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    table = driver.window.actions_table
    table.set_own_keys({"frame.play": ["F7"]})
    QTest.keyClick(driver.canvas, Qt.Key.Key_Space)
    assert not driver.application.frames.is_playing
    driver.key(Qt.Key.Key_F7)
    assert driver.application.frames.is_playing
    driver.key(Qt.Key.Key_F7)
    assert "F7" in help_html(table)


def test_words_name_the_key_in_use(driver: Driver, frames_folder: Path) -> None:
    """Tool tips, hints, messages and the status line follow when a key is changed."""
    table, window = driver.window.actions_table, driver.window
    assert table.with_keys("lock it ([object.lock]) [now]") == "lock it (L) [now]"
    assert "Ctrl+O" in window.hint.text
    table.set_own_keys({"object.lock": ["F8"], "file.open_video": ["F9"], "tool.larger": []})
    assert table.with_keys("lock it ([object.lock]), [tool.larger]") == "lock it (F8), Larger brush"
    assert "F9" in window.hint.text and "Ctrl+O" not in window.hint.text
    assert "Larger brush" in window.brush_size.field.toolTip()
    driver.open(frames_folder)
    driver.trigger("object.add")
    driver.key(Qt.Key.Key_F8)
    assert "unlock it (F8)" in window.tool_label.text()
    driver.drag([(20, 20), (40, 40)])
    assert "F8" in window.messages.text
    model = window.objects.table.model()
    tips = [model.index(0, c).data(Qt.ItemDataRole.ToolTipRole) for c in range(model.columnCount())]
    assert any("F8" in tip for tip in tips) and not any("(L)" in tip for tip in tips)
    table.set_own_keys({})
    assert "unlock it (L)" in window.tool_label.text()


_KEY = re.compile(r"\b(?:Ctrl|Shift|Alt)\+[A-Z0-9]|\b[Pp]ress (?:<b>)?[A-Z]\b|\([A-Z]\)")


def spoken_words(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every string of a file that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.lineno, node.value


def test_no_text_names_a_key_that_can_be_changed() -> None:
    """Only the table of actions knows keys; every other text names the action."""
    root = Path(__file__).parents[2] / "annotator"
    files = [*(root / "views").rglob("*.py"), *(root / "controller").rglob("*.py")]
    found = [
        f"{path.relative_to(root)}:{line}: {text}"
        for path in files
        if "action_specs" not in path.parts
        for line, text in spoken_words(path)
        if _KEY.search(text)
    ]
    assert len(files) > 50 and not found

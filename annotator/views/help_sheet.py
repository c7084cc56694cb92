"""The F1 sheet: every key and gesture, built from the table of actions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from annotator.views.actions import ACTIONS, MENUS, MOUSE, ActionTable, native_texts, plain_text
from annotator.views.screen_room import resize_within_screen

_WIDE = 900
"""Width from which on the sheet has two columns."""


def help_html(table: ActionTable | None = None, search: str = "", *, columns: int = 2) -> str:
    """Return the sheet as HTML in columns of tables.

    Args:
        table: Whose keys are listed, as they are now; those of the table of actions when ``None``.
        search: Words that every line listed has, in any order and case; empty for all lines.
        columns: One or two.
    """
    blocks = [_block("Mouse", _found(MOUSE, search))]
    for menu, title in MENUS.items():
        rows = [
            (" or ".join(native_texts(keys)), _told(plain_text(spec), spec.tip))
            for spec in ACTIONS
            if spec.menu == menu and (keys := table.keys(spec.name) if table else spec.keys)
        ]
        blocks.append(_block(title.replace("&", ""), _found(rows, search)))
    blocks = [block for block in blocks if block]
    if not blocks:
        return "<p>No key and no gesture is called so.</p>"
    if columns == 1:
        return "".join(blocks)
    half = (len(blocks) + 1) // 2
    sides = ("".join(blocks[:half]), "".join(blocks[half:]))
    cells = "".join(f'<td width="50%" style="padding-right: 24px">{side}</td>' for side in sides)
    return f'<table width="100%"><tr valign="top">{cells}</tr></table>'


def _told(name: str, tip: str) -> str:
    return f"<b>{name}</b> · {tip}"


def _found(rows: Sequence[tuple[str, str]], search: str) -> list[tuple[str, str]]:
    words = search.casefold().split()
    plain = [re.sub("<[^>]*>", "", " ".join(row)).casefold() for row in rows]
    return [row for row, text in zip(rows, plain, strict=True) if all(w in text for w in words)]


def _block(title: str, rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return ""
    body = "".join(
        f'<tr><td style="padding: 3px 12px 3px 0; white-space: nowrap"><code>{keys}</code></td>'
        f'<td style="padding: 3px 0">{text}</td></tr>'
        for keys, text in rows
    )
    return f"<h3>{title}</h3><table>{body}</table>"


class HelpSheet(QDialog):
    """A window that stays open beside the work and lists keys and gestures."""

    def __init__(self, table: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._columns = 0
        self.setObjectName("helpSheet")
        self.setWindowTitle("Keys and mouse")
        self.setWindowModality(Qt.WindowModality.NonModal)
        resize_within_screen(self, QSize(1040, 720))
        self.browser = QTextBrowser(self)
        self.browser.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Find an action or a key")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._refresh)
        table.keys_changed.connect(self._refresh)
        self._refresh()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.browser)
        layout.addWidget(buttons)

    def showEvent(self, event: QShowEvent) -> None:
        """Be ready for words to look for."""
        super().showEvent(event)
        self.search.setFocus()
        self.search.selectAll()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use one column where two would be too narrow to read."""
        super().resizeEvent(event)
        if self._columns != self._room():
            self._refresh()

    def _room(self) -> int:
        return 2 if self.width() >= _WIDE else 1

    def _refresh(self) -> None:
        self._columns = self._room()
        text = help_html(self._table, self.search.text(), columns=self._columns)
        self.browser.setHtml(text)

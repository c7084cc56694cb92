"""The F1 sheet: every key and gesture, built from the table of actions."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from annotator.views.actions import ACTIONS, MENUS, MOUSE, shortcut_texts


def help_html() -> str:
    """Return the sheet as HTML in two columns of tables."""
    blocks = [_block("Mouse", [(key, text) for key, text in MOUSE])]
    for menu, title in MENUS.items():
        rows = [
            (" or ".join(shortcut_texts(spec)), f"<b>{_plain(spec.text)}</b> {spec.tip}")
            for spec in ACTIONS
            if spec.menu == menu and spec.keys
        ]
        if rows:
            blocks.append(_block(_plain(title), rows))
    half = (len(blocks) + 1) // 2
    columns = ("".join(blocks[:half]), "".join(blocks[half:]))
    cells = "".join(f'<td width="50%" style="padding-right: 24px">{c}</td>' for c in columns)
    return f'<table width="100%"><tr valign="top">{cells}</tr></table>'


def _plain(text: str) -> str:
    return text.replace("&", "").rstrip("…")


def _block(title: str, rows: list[tuple[str, str]]) -> str:
    body = "".join(
        f'<tr><td style="padding: 3px 12px 3px 0; white-space: nowrap"><code>{keys}</code></td>'
        f'<td style="padding: 3px 0">{text}</td></tr>'
        for keys, text in rows
    )
    return f"<h3>{title}</h3><table>{body}</table>"


class HelpSheet(QDialog):
    """A window that stays open beside the work and lists keys and gestures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("helpSheet")
        self.setWindowTitle("Keys and mouse")
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.resize(1040, 720)
        browser = QTextBrowser(self)
        browser.setHtml(help_html())
        browser.setFrameShape(QTextBrowser.Shape.NoFrame)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(browser)
        layout.addWidget(buttons)

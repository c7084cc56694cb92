"""The F1 sheet: every key and gesture, built from the table of actions."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from annotator.views.actions import ACTIONS, MENUS, MOUSE, ActionTable, native_texts, plain_text


def help_html(table: ActionTable | None = None) -> str:
    """Return the sheet as HTML in two columns of tables.

    Args:
        table: Whose keys are listed, as they are now; those of the table of actions when ``None``.
    """
    blocks = [_block("Mouse", [(key, text) for key, text in MOUSE])]
    for menu, title in MENUS.items():
        rows = [
            (" or ".join(native_texts(keys)), f"<b>{plain_text(spec)}</b> {spec.tip}")
            for spec in ACTIONS
            if spec.menu == menu and (keys := table.keys(spec.name) if table else spec.keys)
        ]
        if rows:
            blocks.append(_block(title.replace("&", ""), rows))
    half = (len(blocks) + 1) // 2
    columns = ("".join(blocks[:half]), "".join(blocks[half:]))
    cells = "".join(f'<td width="50%" style="padding-right: 24px">{c}</td>' for c in columns)
    return f'<table width="100%"><tr valign="top">{cells}</tr></table>'


def _block(title: str, rows: list[tuple[str, str]]) -> str:
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
        self.setObjectName("helpSheet")
        self.setWindowTitle("Keys and mouse")
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.resize(1040, 720)
        self.browser = QTextBrowser(self)
        self.browser.setFrameShape(QTextBrowser.Shape.NoFrame)
        table.keys_changed.connect(self._refresh)
        self._refresh()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.browser)
        layout.addWidget(buttons)

    def _refresh(self) -> None:
        self.browser.setHtml(help_html(self._table))

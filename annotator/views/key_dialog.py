"""The dialog in which actions get other keys; nothing changes before it is accepted."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from annotator.views.actions import (
    MENUS,
    RESERVED_KEYS,
    ActionTable,
    key_clashes,
    native_texts,
    plain_text,
    portable_key,
)
from annotator.views.screen_room import resize_within_screen

_NAME = Qt.ItemDataRole.UserRole


class KeyDialog(QDialog):
    """Lists every action with its keys; clashes are shown and keep it from being accepted."""

    accepted_keys = Signal(object)
    """Action name to list of keys, for the actions whose keys are not those of the table."""

    def __init__(self, table: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("keyDialog")
        self.setWindowTitle("Change keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        resize_within_screen(self, QSize(640, 640))
        self._table = table
        self._keys: dict[str, tuple[str, ...]] = {name: table.keys(name) for name in table}
        self._items: dict[str, QTreeWidgetItem] = {}
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText("Find an action or a key")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._on_filter)
        self.tree = QTreeWidget(self)
        self.tree.setHeaderLabels(["Action", "Keys"])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._fill()
        self.tree.currentItemChanged.connect(self._on_current)
        self.edit = QKeySequenceEdit(self)
        self.edit.setMaximumSequenceLength(1)
        self.edit.keySequenceChanged.connect(self._on_typed)
        self.add = self._button("&Add key", self._add)
        self.remove = self._button("&Remove keys", self._remove)
        self.take = self._button("&Take it over", self._take_over)
        self.reset = self._button("&Default keys", self._reset)
        self.clash = QLabel(self)
        self.clash.setObjectName("keyClash")
        self.clash.setWordWrap(True)
        self.clash.setMinimumHeight(2 * self.fontMetrics().height())
        row = QHBoxLayout()
        row.addWidget(self.edit, 1)
        for button in (self.add, self.take, self.remove, self.reset):
            row.addWidget(button)
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(
            standard.Ok | standard.Cancel | standard.RestoreDefaults, self
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(standard.RestoreDefaults).setText("All defaults")
        self.buttons.button(standard.RestoreDefaults).clicked.connect(self._reset_all)
        layout = QVBoxLayout(self)
        for widget in (self.filter, self.tree):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(self.clash)
        layout.addWidget(self.buttons)
        self._on_current()
        self._refresh()

    def choose(self, name: str) -> None:
        """Go to an action."""
        self.tree.setCurrentItem(self._items[name])

    def _button(self, text: str, pressed: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(pressed)
        return button

    def _fill(self) -> None:
        for menu, title in MENUS.items():
            group = QTreeWidgetItem(self.tree, [title.replace("&", "")])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for name in self._table:
                spec = self._table.spec(name)
                if spec.menu == menu:
                    item = QTreeWidgetItem(group, [plain_text(spec)])
                    item.setData(0, _NAME, name)
                    item.setToolTip(0, spec.tip)
                    self._items[name] = item
        self.tree.expandAll()

    @property
    def _current(self) -> str | None:
        item = self.tree.currentItem()
        return item.data(0, _NAME) if item is not None else None

    def _typed(self) -> str:
        text: str = self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        return text

    # --- changes ---------------------------------------------------------------------------

    def _add(self) -> None:
        name, key = self._current, self._typed()
        if name is not None and key and key not in map(portable_key, self._keys[name]):
            self._keys[name] = (*self._keys[name], key)
            self._refresh()

    def _remove(self) -> None:
        if self._current is not None:
            self._keys[self._current] = ()
            self._refresh()

    def _take_over(self) -> None:
        key = self._typed()
        for name, keys in self._keys.items():
            if name != self._current:
                self._keys[name] = tuple(own for own in keys if portable_key(own) != key)
        self._add()
        self._refresh()

    def _reset(self) -> None:
        if self._current is not None:
            self._keys[self._current] = self._table.spec(self._current).keys
            self._refresh()

    def _reset_all(self) -> None:
        self._keys = {name: self._table.spec(name).keys for name in self._table}
        self._refresh()

    # --- showing ---------------------------------------------------------------------------

    def _refresh(self) -> None:
        clashes = key_clashes(self._keys)
        clashing = {name for names in clashes.values() for name in names}
        for name, item in self._items.items():
            item.setText(1, ", ".join(native_texts(self._keys[name])))
            font = item.font(1)
            font.setBold(self._keys[name] != self._table.spec(name).keys)
            item.setFont(1, font)
            item.setText(0, plain_text(self._table.spec(name)) + (" ⚠" if name in clashing else ""))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not clashes)
        self._tell(clashes)

    def _tell(self, clashes: dict[str, list[str]]) -> None:
        lines = []
        for key, names in clashes.items():
            titles = " and ".join(plain_text(self._table.spec(name)) for name in names)
            (shown,) = native_texts([key])
            kept = ", which chooses an object" if key in RESERVED_KEYS else ""
            lines.append(f"{shown}{kept} belongs to {titles}.")
        typed, current = self._typed(), self._current
        if not lines and typed and current is not None:
            owners = key_clashes({**self._keys, current: (*self._keys[current], typed)})
            others = [name for name in owners.get(typed, []) if name != current]
            if typed in RESERVED_KEYS:
                lines.append(f"{typed} chooses an object and cannot be given away.")
            elif others:
                title = plain_text(self._table.spec(others[0]))
                lines.append(f"{native_texts([typed])[0]} belongs to {title} so far.")
        self.take.setEnabled(bool(typed) and current is not None and typed not in RESERVED_KEYS)
        self.clash.setText(" ".join(lines))

    def _on_typed(self) -> None:
        self._tell(key_clashes(self._keys))

    def _on_current(self) -> None:
        chosen = self._current is not None
        for widget in (self.edit, self.add, self.remove, self.reset):
            widget.setEnabled(chosen)
        self.edit.clear()

    def _on_filter(self, text: str) -> None:
        wanted = text.casefold()
        for item in self._items.values():
            shown = wanted in item.text(0).casefold() or wanted in item.text(1).casefold()
            item.setHidden(not shown)

    def accept(self) -> None:
        """Hand the keys over and close."""
        self.accepted_keys.emit(
            {
                name: list(keys)
                for name, keys in self._keys.items()
                if keys != self._table.spec(name).keys
            }
        )
        super().accept()

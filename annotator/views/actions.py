"""Live actions of one window, made from the table of `annotator.views.action_specs`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from annotator.views.action_specs import ACTIONS, MENUS, MOUSE, ActionSpec
from annotator.views.icons import icon

__all__ = ["ACTIONS", "MENUS", "MOUSE", "ActionSpec", "ActionTable", "native_texts", "plain_text"]

RESERVED_KEYS = frozenset(str(digit) for digit in range(10))
"""Keys that are no action's: digits choose objects."""
_MENTION = re.compile(r"\[([a-z]+\.[a-z0-9_]+)\]")


class ActionTable(QObject):
    """The live `QAction` of every entry of a table, owned by one window.

    Keys can be changed while the window lives; tool tips follow.
    """

    keys_changed = Signal()
    """An action has other keys than before."""

    def __init__(self, owner: QWidget, specs: Iterable[ActionSpec] = ACTIONS) -> None:
        super().__init__(owner)
        self._specs: dict[str, ActionSpec] = {}
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        for spec in specs:
            if spec.name in self._specs:
                raise ValueError(f"the table of actions names {spec.name!r} twice")
            self._specs[spec.name] = spec
            self._actions[spec.name] = self._make(owner, spec)

    def _make(self, owner: QWidget, spec: ActionSpec) -> QAction:
        action = QAction(spec.text, owner)
        action.setObjectName(spec.name)
        action.setIcon(icon(spec.icon))
        action.setCheckable(spec.checkable)
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setStatusTip("")
        self._give_keys(action, spec, spec.keys)
        if spec.group is not None:
            group = self._groups.get(spec.group)
            if group is None:
                group = QActionGroup(owner)
                self._groups[spec.group] = group
            group.addAction(action)
        owner.addAction(action)
        return action

    def _give_keys(self, action: QAction, spec: ActionSpec, keys: tuple[str, ...]) -> None:
        self._keys[spec.name] = keys
        action.setShortcuts([QKeySequence(key) for key in keys])
        shown = ", ".join(native_texts(keys))
        tip = f"<b>{plain_text(spec)}</b>{f' ({shown})' if shown else ''}<br>{spec.tip}"
        action.setToolTip(tip)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def spec(self, name: str) -> ActionSpec:
        """Return the table entry of a name; KeyError for an unknown one."""
        return self._specs[name]

    # --- keys ------------------------------------------------------------------------------

    def keys(self, name: str) -> tuple[str, ...]:
        """Return the keys that an action has now, in portable form; the first is shown."""
        return self._keys[name]

    def own_keys(self) -> dict[str, list[str]]:
        """Return the keys of the actions whose keys are not those of the table."""
        return {
            name: list(keys) for name, keys in self._keys.items() if keys != self._specs[name].keys
        }

    def set_own_keys(self, own: Mapping[str, object]) -> None:
        """Give some actions other keys, and all others those of the table.

        What is no action of this table, no list of keys, or would make two actions answer to one
        key is left out: settings may come from another version.

        Args:
            own: Action name to a list of key sequences.
        """
        wanted = {name: spec.keys for name, spec in self._specs.items()}
        for name, keys in own.items():
            if name in wanted and isinstance(keys, list | tuple):
                known = [key for key in keys if isinstance(key, str) and portable_key(key)]
                wanted[name] = tuple(known)
        while clashes := key_clashes(wanted):
            changed = [
                name
                for names in clashes.values()
                for name in names
                if wanted[name] != self._specs[name].keys
            ]
            if not changed:
                break
            wanted[changed[0]] = self._specs[changed[0]].keys
        if wanted == self._keys:
            return
        for name, spec in self._specs.items():
            self._give_keys(self._actions[name], spec, wanted[name])
        self.keys_changed.emit()

    def with_keys(self, text: str) -> str:
        """Put the key in use in place of every action that a text names.

        Args:
            text: For people; ``[object.lock]`` stands for the key of that action, or for what the
                menu calls it when it has none. Other brackets stay.
        """

        def key_of(mention: re.Match[str]) -> str:
            name = mention[1]
            if name not in self._specs:
                return mention[0]
            return next(iter(native_texts(self._keys[name][:1])), plain_text(self._specs[name]))

        return _MENTION.sub(key_of, text)

    def follow(self, show: Callable[[str], object], text: str) -> None:
        """Show a text that names keys (see `with_keys`), now and whenever keys change.

        Args:
            show: Takes the text; lives as long as the window.
            text: As for `with_keys`.
        """

        def tell() -> None:
            show(self.with_keys(text))

        tell()
        self.keys_changed.connect(tell)

    def follow_tip(self, show: Callable[[str], object], name: str) -> None:
        """Show the tool tip of an action, now and whenever keys change."""

        def tell() -> None:
            show(self._actions[name].toolTip())

        tell()
        self.keys_changed.connect(tell)

    def refresh_icons(self) -> None:
        """Draw every icon again in the colours of the palette in use."""
        for name, spec in self._specs.items():
            self._actions[name].setIcon(icon(spec.icon))

    def fill_menu_bar(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Build every menu; returns menu name to menu."""
        menus = {name: bar.addMenu(title) for name, title in MENUS.items()}
        for spec in self._specs.values():
            menu = menus[spec.menu]
            if spec.begins_section:
                menu.addSeparator()
            menu.addAction(self._actions[spec.name])
        return menus

    def fill_tool_bar(self, bar: QToolBar, names: Iterable[str | None]) -> None:
        """Add actions to a tool bar; ``None`` is a separating line."""
        for name in names:
            if name is None:
                bar.addSeparator()
            else:
                bar.addAction(self._actions[name])


def native_texts(keys: Iterable[str]) -> list[str]:
    """Return key sequences as this platform writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return [QKeySequence(key).toString(native) for key in keys]


def plain_text(spec: ActionSpec) -> str:
    """Return the menu text of an action without mnemonic and dots."""
    return spec.text.replace("&", "").rstrip("…")


def portable_key(key: str) -> str:
    """Return a key sequence as Qt writes it in portable form, empty for an unknown one."""
    text: str = QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
    return text


def key_clashes(keys: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Find keys that two actions have, or that are reserved.

    Args:
        keys: Action name to its keys.

    Returns:
        Key in portable form to the names of the actions that have it.
    """
    owners: dict[str, list[str]] = {}
    for name, own in keys.items():
        for key in dict.fromkeys(portable_key(text) for text in own):
            if key:
                owners.setdefault(key, []).append(name)
    return {k: who for k, who in owners.items() if len(who) > 1 or k in RESERVED_KEYS}

"""Live actions of one window, made from the table of `annotator.views.action_specs`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from annotator.views.action_specs import ACTIONS, MENUS, MOUSE, ActionSpec
from annotator.views.icons import icon

__all__ = ["ACTIONS", "MENUS", "MOUSE", "ActionSpec", "ActionTable", "shortcut_texts"]


class ActionTable(QObject):
    """The live `QAction` of every entry of a table, owned by one window."""

    def __init__(self, owner: QWidget, specs: Iterable[ActionSpec] = ACTIONS) -> None:
        super().__init__(owner)
        self._specs: dict[str, ActionSpec] = {}
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
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
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        plain = spec.text.replace("&", "").rstrip("…")
        shown = ", ".join(shortcut_texts(spec))
        action.setToolTip(f"<b>{plain}</b>{f' ({shown})' if shown else ''}<br>{spec.tip}")
        action.setStatusTip("")
        if spec.group is not None:
            group = self._groups.get(spec.group)
            if group is None:
                group = QActionGroup(owner)
                self._groups[spec.group] = group
            group.addAction(action)
        owner.addAction(action)
        return action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def spec(self, name: str) -> ActionSpec:
        """Return the table entry of a name; KeyError for an unknown one."""
        return self._specs[name]

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


def shortcut_texts(spec: ActionSpec) -> list[str]:
    """Return the keys of an action as this platform writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return [QKeySequence(key).toString(native) for key in spec.keys]

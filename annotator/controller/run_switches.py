"""The switches of a run, kept from session to session, and what a key press asks for by them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from annotator.controller.editor import Editor
from annotator.controller.propagation_plan import RunRequest
from annotator.controller.workspace import Workspace
from annotator.storage.settings import Settings
from annotator.views.main_window import MainWindow
from annotator.views.timeline.selection import RangeSelection
from annotator.worker.jobs import Direction

_SWITCHES = {
    "propagate.both_sides": True,
    "propagate.memory": False,
    "propagate.chosen_only": False,
}
"""Action to what it is before a person said anything."""
_SETTING = "run_switches"
_RANGE_SETTING = "chosen_range"


class RunSwitches(QObject):
    """Reads the switches of the propagate menu.

    Switches are remembered for the person, the range chosen on the timeline with its project.

    Args:
        editor: What is open.
        window: Holds the actions and the timeline.
        settings: Where switches are remembered; nowhere when ``None``.
    """

    changed = Signal()

    def __init__(self, editor: Editor, window: MainWindow, settings: Settings | None) -> None:
        super().__init__(window)
        self._editor, self._window, self._settings = editor, window, settings
        self._workspace: Workspace | None = None
        self._chosen: RangeSelection | None = None
        self._values: dict[str, bool] = dict(_SWITCHES)
        kept: dict[str, object] = settings.get(_SETTING, {}) if settings is not None else {}
        self._values |= {
            name: value
            for name, value in kept.items()
            if name in _SWITCHES and isinstance(value, bool)
        }
        for name, value in self._values.items():
            window.actions_table[name].setChecked(value)
            window.actions_table[name].toggled.connect(partial(self._on_toggled, name))
        editor.workspace_changed.connect(self._on_workspace)
        window.timeline.selection_changed.connect(self._on_range)

    def request(
        self,
        direction: Direction,
        *,
        to_verified: bool = False,
        object_ids: tuple[int, ...] | None = None,
    ) -> RunRequest:
        """Return what a key press would ask for now.

        Args:
            direction: Which way masks travel.
            to_verified: Stop before the next verified frame.
            object_ids: Objects to carry; the switches say when ``None``.
        """
        if object_ids is None and self._values["propagate.chosen_only"]:
            object_ids = self._chosen_objects()
        return RunRequest(
            direction,
            self._editor.frame,
            object_ids=object_ids,
            to_verified=to_verified,
            mode="mf" if self._values["propagate.memory"] else "base",
            both_sides=self._values["propagate.both_sides"],
        )

    def _chosen_objects(self) -> tuple[int, ...] | None:
        """Those chosen on the timeline when the chosen object is among them, else that one."""
        active = self._editor.active_object
        if self._chosen is not None and active in (None, *self._chosen.object_ids):
            return self._chosen.object_ids
        return None if active is None else (active,)

    def _on_toggled(self, name: str, value: bool) -> None:
        self._values[name] = value
        if self._settings is not None:
            self._settings.set(_SETTING, dict(self._values))
        self.changed.emit()

    # --- the range -------------------------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        """Leave the chosen range with the project that goes; choose again that of the new one."""
        before, self._workspace = self._workspace, workspace
        if before is not None and before.project is not None:
            before.project.set_setting(_RANGE_SETTING, _range_to(self._chosen))
        self._chosen = None
        if workspace is not None and workspace.project is not None:
            self._chosen = _range_from(workspace.project.settings.get(_RANGE_SETTING), workspace)
        self._window.timeline.choose_range(self._chosen)

    @Slot(object)
    def _on_range(self, chosen: RangeSelection | None) -> None:
        if self._editor.workspace is self._workspace:
            self._chosen = chosen
            self.changed.emit()


def _range_to(chosen: RangeSelection | None) -> dict[str, object] | None:
    if chosen is None:
        return None
    return {"objects": list(chosen.object_ids), "first": chosen.first, "last": chosen.last}


def _range_from(value: object, workspace: Workspace) -> RangeSelection | None:
    """The range that a project's settings hold, None where it makes no sense there."""
    if not isinstance(value, dict):
        return None
    first, last, ids = value.get("first"), value.get("last"), value.get("objects")
    if not (isinstance(first, int) and isinstance(last, int) and isinstance(ids, list) and ids):
        return None
    document = workspace.document
    known = all(isinstance(i, int) and i in document.objects for i in ids)
    fits = 0 <= first <= last < document.frame_count
    return RangeSelection(tuple(ids), first, last) if known and fits else None

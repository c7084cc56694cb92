"""The window's own affairs: colours, layout, messages, hints, the F1 sheet."""

from __future__ import annotations

import logging
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import QObject, QSignalBlocker, Slot
from PySide6.QtWidgets import QApplication

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.network_status import NetworkStatus
from annotator.controller.paint_controller import PaintController
from annotator.controller.propagation_controller import PropagationController
from annotator.controller.workspace import Workspace
from annotator.storage.settings import Settings
from annotator.views.help_sheet import HelpSheet
from annotator.views.key_dialog import KeyDialog
from annotator.views.main_window import MainWindow
from annotator.views.message_bar import Severity
from annotator.views.panels.overlay_panel import OverlayState
from annotator.views.theme import Theme, apply_theme
from vos_core.media import OutputError

_log = logging.getLogger(__name__)

_SWITCHES = {
    "protect": "protect_others",
    "square": "square_brush",
    "pressure": "pen_pressure",
}
_KEYS = "keys"
_TOOL = "tool"
_OPACITIES = (
    "masks_opacity",
    "contours_opacity",
    "reliability_opacity",
    "clusters_opacity",
    "references_opacity",
    "probability_opacity",
    "embedding_opacity",
    "difference_opacity",
    "flicker_opacity",
    "filter_alpha",
)


class WindowController(QObject):
    """Remembers how the window was left, and tells what is to be told."""

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        settings: Settings,
        paint: PaintController,
        propagation: PropagationController,
        network: NetworkStatus,
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._settings = settings
        self._paint = paint
        self._propagation = propagation
        self._network = network
        self._listeners = DocumentListeners()
        self._help: HelpSheet | None = None
        editor.message.connect(self._on_message)
        editor.workspace_changed.connect(self._on_workspace)
        editor.frame_shown.connect(self._on_frame_shown)
        editor.active_object_changed.connect(self._on_active)
        actions = window.actions_table
        actions["help.keys"].triggered.connect(self._show_help)
        actions["help.rebind"].triggered.connect(self._change_keys)
        actions["help.about"].triggered.connect(self._tell_about)
        actions["tool.cancel"].triggered.connect(self._cancel)
        actions["view.fit"].triggered.connect(window.canvas.fit)
        actions["view.actual_size"].triggered.connect(window.canvas.actual_size)
        actions["view.zoom_in"].triggered.connect(self._zoom_in)
        actions["view.zoom_out"].triggered.connect(self._zoom_out)
        actions["view.full_screen"].toggled.connect(self._on_full_screen)
        for theme in Theme:
            actions[f"view.{theme.value}"].toggled.connect(self._on_theme)
        window.closing.connect(self._remember)
        self._restore()

    # --- remembering -----------------------------------------------------------------------

    def _restore(self) -> None:
        settings, window = self._settings, self._window
        theme = settings.get("theme", Theme.DARK.value)
        if theme not in {known.value for known in Theme}:
            theme = Theme.DARK.value
        window.actions_table[f"view.{theme}"].setChecked(True)
        window.actions_table.set_own_keys(settings.get(_KEYS, {}))
        window.restore_layout(settings.get("layout", ""))
        window.brush_size.set_diameter(settings.get("brush_diameter", 24))
        amounts = window.mask_amounts
        amounts.amount_field.setValue(settings.get("mask_amount", amounts.amount))
        amounts.island_field.setValue(settings.get("least_island", amounts.least_island))
        tool = settings.get(_TOOL, "")
        if tool in self._tools():
            window.actions_table[tool].setChecked(True)
        for name, setting in _SWITCHES.items():
            switch = window.actions_table[f"tool.{name}"]
            switch.setChecked(settings.get(setting, name == "pressure"))
        defaults = OverlayState()
        opacities = {name: settings.get(name, getattr(defaults, name)) for name in _OPACITIES}
        contours = settings.get("contours", defaults.contours)
        window.overlays.set_state(OverlayState(contours=contours, **opacities))

    def _tools(self) -> list[str]:
        """Names of the actions of which one is the tool in hand."""
        table = self._window.actions_table
        return [name for name in table if table.spec(name).group == _TOOL]

    @Slot()
    def _remember(self) -> None:
        window, state = self._window, self._window.overlays.state
        self._settings.set("layout", window.layout_text())
        self._settings.set("brush_diameter", window.brush_size.diameter)
        self._settings.set("mask_amount", window.mask_amounts.amount)
        self._settings.set("least_island", window.mask_amounts.least_island)
        for name in self._tools():
            if self._window.actions_table[name].isChecked():
                self._settings.set(_TOOL, name)
        for name, setting in _SWITCHES.items():
            self._settings.set(setting, window.actions_table[f"tool.{name}"].isChecked())
        self._settings.set("contours", state.contours)
        for name in _OPACITIES:
            self._settings.set(name, getattr(state, name))
        self._save_settings()
        if self._help is not None:
            self._help.close()

    def _save_settings(self) -> None:
        try:
            self._settings.save()
        except OutputError as error:
            _log.warning("the settings are not remembered: %s", error)

    @Slot(bool)
    def _on_theme(self, checked: bool) -> None:
        app = QApplication.instance()
        if not checked or not isinstance(app, QApplication):
            return
        theme = Theme(self.sender().objectName().partition(".")[2])
        apply_theme(app, theme)
        self._settings.set("theme", theme.value)

    # --- telling ---------------------------------------------------------------------------

    @Slot(str, object)
    def _on_message(self, text: str, severity: Severity) -> None:
        words = self._window.actions_table.with_keys(text)
        self._window.messages.show_message(words, severity)

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        if workspace is None:
            self._window.hint.show_welcome()
            self._window.pointer_label.setText("")
        else:
            self._window.hint.hide()
            self._listeners.listen(workspace.document.objects_changed, self._on_objects)
        self._paint.refresh()

    def _on_objects(self) -> None:
        self._paint.refresh()
        self._show_hint()

    @Slot(int)
    def _on_frame_shown(self, _frame: int) -> None:
        self._show_hint()

    def _show_hint(self) -> None:
        document = self._editor.document
        if document is None:
            return
        if len(document.objects) == 0:
            self._window.hint.show_first_object()
        else:
            self._window.hint.hide()

    @Slot(object)
    def _on_active(self, object_id: int | None) -> None:
        actions = self._window.actions_table
        for name in actions:
            if name.startswith("object.") and name != "object.add":
                actions[name].setEnabled(object_id is not None)

    @Slot()
    def _show_help(self) -> None:
        if self._help is None:
            self._help = HelpSheet(self._window.actions_table, self._window)
        self._help.show()
        self._help.raise_()

    @Slot()
    def _change_keys(self) -> None:
        dialog = KeyDialog(self._window.actions_table, self._window)
        dialog.accepted_keys.connect(self._take_keys)
        dialog.open()

    @Slot(object)
    def _take_keys(self, own: dict[str, list[str]]) -> None:
        table = self._window.actions_table
        table.set_own_keys(own)
        self._settings.set(_KEYS, table.own_keys())
        self._save_settings()

    @Slot()
    def _tell_about(self) -> None:
        try:
            number = version("vos-annotator")
        except PackageNotFoundError:
            number = "development version"
        backend = self._network.backend
        network = backend.text if backend else "no network loaded yet"
        self._editor.inform(f"VOS Annotator {number} · {network}")

    # --- view ------------------------------------------------------------------------------

    @Slot()
    def _cancel(self) -> None:
        """Esc: the stroke in hand goes first, then what a tool works out, then the run pauses."""
        if self._window.canvas.abort_gesture() or self._paint.context.abort_work():
            return
        if self._propagation.is_running and not self._propagation.is_paused:
            self._window.actions_table["propagate.pause"].setChecked(True)
        else:
            self._window.messages.dismiss()

    @Slot()
    def _zoom_in(self) -> None:
        self._window.canvas.zoom_by(1.25)

    @Slot()
    def _zoom_out(self) -> None:
        self._window.canvas.zoom_by(0.8)

    @Slot(bool)
    def _on_full_screen(self, full: bool) -> None:
        with QSignalBlocker(self._window.actions_table["view.full_screen"]):
            self._window.showFullScreen() if full else self._window.showNormal()

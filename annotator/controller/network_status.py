"""Which network runs on which device, or why none does."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from annotator.controller.editor import Editor
from annotator.views.main_window import MainWindow
from annotator.worker.jobs import BackendInfo
from annotator.worker.service import PropagationService


class NetworkStatus(QObject):
    """Shows what the worker loaded."""

    def __init__(self, editor: Editor, window: MainWindow, service: PropagationService) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._info: BackendInfo | None = None
        service.loaded.connect(self._on_loaded)
        service.load_failed.connect(self._on_failed)

    @property
    def backend(self) -> BackendInfo | None:
        """The network in use, ``None`` until it is loaded."""
        return self._info

    @Slot(object)
    def _on_loaded(self, info: BackendInfo) -> None:
        self._info = info
        self._window.propagation.set_model(info.text)

    @Slot(str)
    def _on_failed(self, message: str) -> None:
        self._info = None
        self._window.propagation.set_model("no network", tip=message)
        self._editor.fail(message)

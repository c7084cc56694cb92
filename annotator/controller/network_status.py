"""Which network runs on which device, or why none does; a person may choose another."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from annotator.controller.editor import Editor
from annotator.views.main_window import MainWindow
from annotator.views.network_dialog import NetworkDialog
from annotator.worker.jobs import BackendInfo, NetworkChoice, NetworkOffer
from annotator.worker.service import PropagationService


class NetworkStatus(QObject):
    """Shows what the worker loaded, and has it load something else between two runs.

    Args:
        editor: For messages.
        window: Its model label opens the dialog, as the menu does.
        service: The worker.
        is_running: Whether a run is open, in which the network cannot be changed.
    """

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        service: PropagationService,
        is_running: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._service = service
        self._is_running = is_running
        self._info: BackendInfo | None = None
        self._offer: NetworkOffer | None = None
        self._wanted: NetworkChoice | None = None
        self._dialog: NetworkDialog | None = None
        service.loaded.connect(self._on_loaded)
        service.load_failed.connect(self._on_failed)
        service.switch_failed.connect(self._on_switch_failed)
        service.offered.connect(self._on_offered)
        window.actions_table["propagate.network"].triggered.connect(self.ask)
        window.propagation.model_clicked.connect(self.ask)

    @property
    def backend(self) -> BackendInfo | None:
        """The network in use, ``None`` until it is loaded."""
        return self._info

    @property
    def is_switching(self) -> bool:
        """Whether another network is being loaded."""
        return self._wanted is not None

    # --- choosing --------------------------------------------------------------------------

    @Slot()
    def ask(self) -> None:
        """Open the dialog; what there is appears as soon as the worker has looked."""
        if self._dialog is None:
            self._dialog = NetworkDialog(self._window)
            self._dialog.chosen.connect(self.choose)
            self._dialog.destroyed.connect(self._forget_dialog)
            self._show_offer()
        self._service.look_around()
        self._dialog.show()
        self._dialog.raise_()

    @Slot(str, str)
    def choose(self, model: str, device: str) -> bool:
        """Have the worker load a network; False when a run stands in the way.

        Args:
            model: Name of weights.
            device: Where it is to run.
        """
        if self._is_running():
            self._editor.warn(
                "A propagation is running; stop it ([propagate.stop]) before you change the "
                "network."
            )
            return False
        self._wanted = NetworkChoice(model, device)
        self._window.propagation.set_model(f"loading {model} …")
        self._service.switch(self._wanted)
        return True

    @Slot()
    def _forget_dialog(self) -> None:
        self._dialog = None

    @Slot(object)
    def _on_offered(self, offer: NetworkOffer) -> None:
        self._offer = offer
        self._show_offer()

    def _show_offer(self) -> None:
        offer = self._offer
        if self._dialog is not None and offer is not None:
            self._dialog.set_offer(
                [(one.name, one.summary) for one in offer.networks],
                offer.devices,
                network=self._info.model_name if self._info else "",
                device=offer.chosen.device,
            )

    # --- what the worker says --------------------------------------------------------------

    @Slot(object)
    def _on_loaded(self, info: BackendInfo) -> None:
        is_switch, self._wanted = self._wanted is not None, None
        self._info = info
        self._show()
        if is_switch:
            self._editor.inform(f"The next propagation runs on {info.text}.")

    @Slot(str)
    def _on_failed(self, message: str) -> None:
        self._info = None
        self._window.propagation.set_model("no network", tip=message)
        self._editor.fail(message)

    @Slot(str)
    def _on_switch_failed(self, message: str) -> None:
        self._wanted = None
        stays = f" {self._info.model_name} stays in use." if self._info else ""
        self._show()
        self._editor.fail(f"{message.rstrip('.')}.{stays}")

    def _show(self) -> None:
        text = self._info.text if self._info else "no network"
        self._window.propagation.set_model(text)

"""Which network carries the masks, and on which device."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

_NAME_ROLE = Qt.ItemDataRole.UserRole

_DEVICES = {
    "auto": "Chosen by itself",
    "cpu": "Processor (cpu)",
    "cuda": "Graphics card (cuda)",
    "mps": "Apple graphics (mps)",
}


class NetworkDialog(QDialog):
    """Offers networks and devices without stopping the window."""

    chosen = Signal(str, str)
    """Network and device that a person wants."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Network")
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(520, 360)
        self.network_list = QListWidget(self)
        self.network_list.setObjectName("networkList")
        self.network_list.setWordWrap(True)
        self.network_list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.network_list.setSpacing(3)
        self.network_list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.network_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.network_list.itemDoubleClicked.connect(self.accept)
        self.device_field = QComboBox(self)
        self.device_field.setObjectName("networkDevice")
        note = QLabel(
            "CFBI, CFBI+ and RPCM appear here once their authors' checkpoints are imported: "
            "vos weights import FILE --network NAME",
            self,
        )
        note.setWordWrap(True)
        note.setProperty("faint", True)
        note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.use_button = buttons.addButton("Use", QDialogButtonBox.ButtonRole.AcceptRole)
        self.use_button.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Device", self.device_field)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(self.network_list, 1)
        layout.addLayout(form)
        layout.addWidget(note)
        layout.addWidget(buttons)
        self.use_button.setEnabled(False)

    def set_offer(
        self,
        networks: Sequence[tuple[str, str]],
        devices: Sequence[str],
        *,
        network: str,
        device: str,
    ) -> None:
        """Show what there is; a choice that is still offered stays.

        Args:
            networks: Name and summary of each.
            devices: Their names.
            network: The one in use.
            device: What was asked for.
        """
        wanted = self.network or network
        wanted_device = self.device or device
        self.network_list.clear()
        for name, summary in networks:
            item = QListWidgetItem(f"{name}  (in use)" if name == network else name)
            item.setData(_NAME_ROLE, name)
            if summary:
                item.setText(f"{item.text()}\n{summary}")
                item.setToolTip(summary)
            self.network_list.addItem(item)
            if name == wanted:
                self.network_list.setCurrentItem(item)
        self.device_field.clear()
        for name in devices:
            self.device_field.addItem(_DEVICES.get(name, name), name)
        self.device_field.setCurrentIndex(max(self.device_field.findData(wanted_device), 0))
        self.use_button.setEnabled(self.network_list.count() > 0)

    @property
    def network(self) -> str:
        """Name of the network that is marked, "" when none is."""
        item = self.network_list.currentItem()
        return str(item.data(_NAME_ROLE)) if item is not None else ""

    @property
    def device(self) -> str:
        """Device that is marked, "" before there is an offer."""
        return str(self.device_field.currentData() or "")

    def accept(self) -> None:
        """Report the choice and close."""
        if self.network:
            self.chosen.emit(self.network, self.device)
        super().accept()

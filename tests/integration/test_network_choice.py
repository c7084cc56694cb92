"""Another network, or another device, between two runs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox

from annotator.views.network_dialog import NetworkDialog
from tests.support.fake_backend import FakeBackend
from tests.support.gui import Driver

pytestmark = pytest.mark.gui


def open_dialog(driver: Driver) -> NetworkDialog:
    """Click the model label, as a person would, and wait for what there is to choose."""
    QTest.mouseClick(driver.window.propagation.model_label, Qt.MouseButton.LeftButton)
    (dialog,) = driver.window.findChildren(NetworkDialog)
    driver.wait(lambda: dialog.network_list.count() > 0)
    return dialog


def use(driver: Driver, dialog: NetworkDialog, name: str) -> None:
    """Click a network in the list, then the button."""
    listed = dialog.network_list
    rows = [listed.item(row) for row in range(listed.count())]
    (item,) = [item for item in rows if item.text().split("\n")[0].split("  ")[0] == name]
    centre = listed.visualItemRect(item).center()
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    QTest.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)


def model_text(driver: Driver) -> str:
    return driver.window.propagation.model_label.text()


def load_first(driver: Driver) -> None:
    driver.application.service.load()
    driver.wait(lambda: driver.application.network.backend is not None)


def test_another_network_carries_the_next_run(
    driver: Driver, backend: FakeBackend, frames_folder
) -> None:
    load_first(driver)
    assert model_text(driver) == "fake · cpu · uint8"
    dialog = open_dialog(driver)
    assert dialog.network == "fake"
    assert [dialog.device_field.itemData(i) for i in range(2)] == ["auto", "cpu"]
    QTest.keyClick(dialog.device_field, Qt.Key.Key_Down)
    use(driver, dialog, "other")
    driver.wait(lambda: model_text(driver) == "other · cpu · uint8")
    assert [(one.model, one.device) for one in backend.loaded] == [
        ("fake", "auto"),
        ("other", "cpu"),
    ]
    assert "other · cpu · uint8" in driver.window.messages.text
    driver.open(frames_folder)
    driver.drag([(10, 10), (20, 20)])
    driver.trigger("propagate.forward")
    driver.wait_for_end()
    assert sorted(backend.steps) == list(range(1, 12))
    assert len(backend.threads) == 1  # both were loaded in the worker's thread


def test_a_network_that_cannot_be_loaded_leaves_the_former_in_use(
    driver: Driver, backend: FakeBackend, frames_folder
) -> None:
    load_first(driver)
    use(driver, open_dialog(driver), "broken")
    driver.wait(
        lambda: "broken.safetensors: the weights file is damaged" in driver.window.messages.text
    )
    assert "fake stays in use" in driver.window.messages.text
    assert model_text(driver) == "fake · cpu · uint8"
    assert driver.application.network.backend is not None
    driver.open(frames_folder)
    driver.drag([(10, 10), (20, 20)])
    driver.trigger("propagate.forward")
    driver.wait_for_end()
    assert sorted(backend.steps) == list(range(1, 12))
    # the dialog tells which one is in use
    dialog = open_dialog(driver)
    assert dialog.network_list.item(0).text().startswith("fake  (in use)")
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Cancel).click()


def test_the_network_is_not_changed_under_a_run(
    driver: Driver, backend: FakeBackend, frames_folder
) -> None:
    load_first(driver)
    driver.open(frames_folder)
    driver.drag([(10, 10), (20, 20)])
    driver.trigger("propagate.network")
    (dialog,) = driver.window.findChildren(NetworkDialog)
    driver.wait(lambda: dialog.network_list.count() > 0)
    backend.gate.clear()
    driver.trigger("propagate.forward")
    use(driver, dialog, "other")
    assert "stop it (Ctrl+.)" in driver.window.messages.text
    backend.gate.set()
    driver.wait_for_end()
    assert [one.model for one in backend.loaded] == ["fake"]


def test_a_run_that_is_started_while_a_network_loads_waits_for_it(
    driver: Driver, backend: FakeBackend, frames_folder
) -> None:
    load_first(driver)
    driver.open(frames_folder)
    driver.drag([(10, 10), (20, 20)])
    dialog = open_dialog(driver)
    backend.load_gate.clear()
    use(driver, dialog, "other")
    assert model_text(driver) == "loading other …"
    assert driver.application.network.is_switching
    driver.trigger("propagate.forward")
    backend.load_gate.set()
    driver.wait_for_end()
    assert [one.model for one in backend.loaded] == ["fake", "other"]
    assert sorted(backend.steps) == list(range(1, 12))


def test_where_the_first_network_fails_another_can_be_chosen(
    driver: Driver, backend: FakeBackend
) -> None:
    backend.load_error = "aoc-lite.safetensors: the weights file is missing"
    driver.application.service.load()
    driver.wait(lambda: model_text(driver) == "no network")
    backend.load_error = None
    use(driver, open_dialog(driver), "other")
    driver.wait(lambda: model_text(driver) == "other · cpu · uint8")

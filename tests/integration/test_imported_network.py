"""A checkpoint as its authors publish it: imported, run by ``vos`` and chosen in the window."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from tqdm import tqdm

from annotator.views.network_dialog import NetworkDialog
from annotator.worker.backend import NetworkBackend
from tests.networks_published.conftest import find_fixture
from tests.support.gui import Driver
from vos_core.cli.app import run
from vos_core.media import read_label_map, write_label_map
from vos_core.weights.fixture_weights import generate_weights
from vos_core.weights.parity import read_fixture

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.timeout(600)]

NAME = "cfbi-mobilenet"


class RealBackend(NetworkBackend):
    """The networks of the library, with the gates that the window's fixtures open at the end."""

    gate = load_gate = threading.Event()


@pytest.fixture(autouse=True)
def no_watcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the progress bar of ``vos`` from starting a thread in this process."""
    monkeypatch.setattr(tqdm, "monitor_interval", 0)


@pytest.fixture
def backend() -> RealBackend:
    return RealBackend()


@pytest.fixture
def case(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of three frames and the mask of the first, from a recorded case."""
    arrays = read_fixture(find_fixture("cfbi_mnv2_k3_129x161.npz")).arrays
    folder = tmp_path / "clip"
    folder.mkdir()
    for index, image in enumerate(arrays["images"]):
        Image.fromarray(image).save(folder / f"{index:05d}.png")
    write_label_map(tmp_path / "mask.png", arrays["masks"][0])
    return folder, tmp_path / "mask.png"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """What the authors' training writes: a state dict of a data-parallel network."""
    tensors = generate_weights(find_fixture("cfbi_mnv2_manifest.json"))
    path = tmp_path / "authors.pth"
    torch.save({"state_dict": {f"module.{key}": value for key, value in tensors.items()}}, path)
    return path


def test_an_imported_checkpoint_runs_in_vos_and_in_the_window(
    checkpoint: Path, case: tuple[Path, Path], tmp_path: Path, driver: Driver
) -> None:
    frames, mask = case
    assert run(["weights", "import", str(checkpoint), "--network", NAME]) == 0
    out = tmp_path / "masks"
    words = ["propagate", str(frames), "--mask", str(mask), "--out", str(out), "--model", NAME]
    assert run([*words, "--device", "cpu"]) == 0
    made = [read_label_map(out / f"{index:05d}.png") for index in range(3)]
    assert np.array_equal(made[0], read_label_map(mask))
    assert all(label_map.shape == (129, 161) for label_map in made)
    assert not np.array_equal(made[1], made[0])  # the network said something of its own

    driver.application.service.load()
    driver.wait(lambda: driver.application.network.backend is not None, 120_000)
    driver.open(frames)
    QTest.mouseClick(driver.window.propagation.model_label, Qt.MouseButton.LeftButton)
    (dialog,) = driver.window.findChildren(NetworkDialog)
    driver.wait(lambda: dialog.network_list.count() == 2, 60_000)
    assert "imported" in dialog.network_list.item(1).text()
    dialog.network_list.setCurrentRow(1)
    QTest.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    driver.wait(lambda: driver.application.network.backend.model_name == NAME, 120_000)
    assert driver.window.propagation.model_label.text().startswith(f"{NAME} · cpu · float32")

    driver.drag([(40, 30), (90, 60)])
    drawn = driver.document.label_map(0)
    assert drawn.any()
    driver.trigger("propagate.forward")
    driver.wait_for_end(300_000)
    # the window and the command line say the same of the same mask
    write_label_map(tmp_path / "drawn.png", drawn)
    words[3], words[5] = str(tmp_path / "drawn.png"), str(tmp_path / "again")
    assert run([*words, "--device", "cpu"]) == 0
    for index in (1, 2):
        same = driver.document.label_map(index) == read_label_map(
            tmp_path / "again" / f"{index:05d}.png"
        )
        assert same.mean() > 0.999

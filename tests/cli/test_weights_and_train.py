"""``vos weights`` and ``vos train``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Vos = Callable[..., Any]


@pytest.fixture
def resources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A resources folder with one small weights file and its card."""
    from vos_core import resource_files

    folder = tmp_path / "resources" / "weights"
    folder.mkdir(parents=True)
    (folder / "small.safetensors").write_bytes(b"weights")
    card = {
        "name": "small",
        "network": "aoc-lite",
        "sha256": hashlib.sha256(b"weights").hexdigest(),
        "summary": "seven bytes",
    }
    (folder / "small.json").write_text(json.dumps(card))
    monkeypatch.setattr(resource_files, "resources_root", lambda: folder.parent)
    return folder


def test_list_and_verify(vos: Vos, resources: Path) -> None:
    outcome = vos("weights", "list")
    assert outcome.code == 0 and "small" in outcome.out and "seven bytes" in outcome.out
    outcome = vos("weights", "verify")
    assert outcome.code == 0 and outcome.out == "small: whole\n"


def test_a_changed_byte_is_found(vos: Vos, resources: Path) -> None:
    (resources / "small.safetensors").write_bytes(b"weighty")
    for words in ([], ["small"]):
        outcome = vos("weights", "verify", *words)
        assert outcome.code == 2
        assert "SHA-256" in outcome.err and "vos: damaged or missing: small" in outcome.err


def test_missing_weights_are_told(vos: Vos, resources: Path) -> None:
    assert "no weights named 'big'; installed: small" in vos("weights", "verify", "big").err
    (resources / "small.safetensors").unlink()
    assert "the weights file is missing" in vos("weights", "verify").err
    (resources / "small.json").unlink()
    outcome = vos("weights", "verify")
    assert outcome.code == 2 and "no weights are installed" in outcome.err


def test_imported_weights_go_to_the_users_folder_and_are_listed(
    vos: Vos, resources: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from vos_core.weights import published

    def convert(path: Path, name: str, target: Path) -> None:
        target.parent.mkdir(parents=True)
        target.write_bytes(path.read_bytes())

    monkeypatch.setattr(published, "import_checkpoint", convert)
    (tmp_path / "authors.pth").write_bytes(b"tensors")
    outcome = vos("weights", "import", tmp_path / "authors.pth", "--network", "cfbi")
    assert outcome.code == 0, outcome.err
    (written,) = own_home.rglob("cfbi.safetensors")
    assert str(written) in outcome.out
    assert str(written) in vos("weights", "list").out


def test_a_checkpoint_that_is_none_is_refused(vos: Vos, tmp_path: Path, own_home: Path) -> None:
    broken = tmp_path / "authors.pth"
    for content, words in ((None, "no such checkpoint"), (b"text, not tensors", "authors.pth")):
        if content is not None:
            broken.write_bytes(content)
        outcome = vos("weights", "import", broken, "--network", "rpcm")
        assert outcome.code == 2 and words in outcome.err
        assert len([line for line in outcome.err.splitlines() if line]) == 1
    assert list(own_home.rglob("*.safetensors")) == []
    assert vos("weights", "import", broken, "--network", "other").code == 2


def test_every_network_that_can_be_imported_is_offered() -> None:
    from vos_core.cli.weights import PUBLISHED
    from vos_core.networks.published_presets import PRESETS

    assert set(PUBLISHED) == set(PRESETS) - {"aoc"}  # of which there is no checkpoint


def test_train_hands_everything_over(
    vos: Vos, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from vos_core.training import entry
    from vos_core.training.config import TrainingConfig, load_recipe

    calls: list[dict[str, Any]] = []

    class Finished:
        step = 7

        def __init__(self, config: TrainingConfig) -> None:
            self.config = config

    def train_from_file(path: Path, **options: Any) -> Finished:
        (stage,) = load_recipe(path)
        options.pop("report")(stage, {"step": 7, "loss": 0.5})
        calls.append({"path": path, **options})
        return Finished(stage)

    monkeypatch.setattr(entry, "train_from_file", train_from_file)
    config = tmp_path / "run.toml"
    config.write_text('data = "data"\ncache = "cache"\noutput = "runs/one"\nsteps = 20\n')
    outcome = vos("train", config, "--resume", "--minutes", "1.5", "--device", "cpu")
    assert outcome.code == 0, outcome.err
    assert calls == [{"path": config, "resume": True, "minutes": 1.5, "device": "cpu"}]
    assert "step 7 of 20" in outcome.out and "runs/one" in outcome.out


def test_a_bad_configuration_is_one_line(vos: Vos, tmp_path: Path) -> None:
    outcome = vos("train", tmp_path / "gone.toml")
    assert outcome.code == 2 and "gone.toml: there is no such configuration file" in outcome.err
    config = tmp_path / "run.toml"
    config.write_text("steps = [")
    outcome = vos("train", config)
    assert outcome.code == 2 and "run.toml" in outcome.err
    assert vos("train", config, "--minutes", "0").code == 2

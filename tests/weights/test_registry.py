"""Shipped weights: cards, digests, what is missing or replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from vos_core.errors import WeightsError
from vos_core.inference import Propagator
from vos_core.weights import registry
from vos_core.weights.files import file_digest, save_network_weights
from vos_core.weights.registry import find_weights, shipped_weights, verify_weights


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    weights = tmp_path / "weights"
    weights.mkdir()
    monkeypatch.setattr(registry, "resource_path", lambda *parts: tmp_path.joinpath(*parts))
    return weights


def ship(folder: Path, name: str) -> Path:
    path = folder / f"{name}.safetensors"
    save_network_weights({"a": torch.zeros(2)}, path, {"network": "aoc-lite"})
    card = {
        "name": name,
        "network": "aoc-lite",
        "sha256": file_digest(path),
        "summary": "two zeros",
    }
    path.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    return path


def test_whole_weights_are_found_and_verified(folder: Path) -> None:
    path = ship(folder, "tiny")
    assert [record.name for record in shipped_weights()] == ["tiny"]
    record = find_weights("tiny")
    assert (record.path, record.network, record.summary) == (path, "aoc-lite", "two zeros")
    verify_weights(record)


def test_an_unknown_name_lists_what_there_is(folder: Path) -> None:
    with pytest.raises(WeightsError, match="no weights named 'x'; installed: none"):
        find_weights("x")
    ship(folder, "tiny")
    ship(folder, "other")
    with pytest.raises(WeightsError, match="installed: other, tiny"):
        find_weights("x")


def test_changed_bytes_are_noticed_before_loading(folder: Path) -> None:
    path = ship(folder, "tiny")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(WeightsError, match="damaged or replaced"):
        verify_weights(find_weights("tiny"))
    with pytest.raises(WeightsError, match="damaged or replaced"):
        Propagator.load("tiny", device="cpu")


def test_a_card_without_its_file(folder: Path) -> None:
    ship(folder, "tiny").unlink()
    with pytest.raises(WeightsError, match="the weights file is missing"):
        verify_weights(find_weights("tiny"))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "x"}', '"text"'])
def test_a_card_that_cannot_be_read_is_named(folder: Path, content: str) -> None:
    (folder / "broken.json").write_text(content, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"broken\.json: the weights card cannot be read"):
        shipped_weights()


def test_a_file_given_by_path_is_loaded_without_a_card(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_network_weights({"a": torch.zeros(2)}, path, {"network": "aoc-lite"})
    with pytest.raises(WeightsError, match=r"mine\.safetensors: does not fit .*missing: backbone"):
        Propagator.load(str(path), device="cpu")
    with pytest.raises(WeightsError, match="there is no such weights file"):
        Propagator.load(str(tmp_path / "none.safetensors"), device="cpu")


def test_the_shipped_weights_are_whole() -> None:
    for record in shipped_weights():
        verify_weights(record)

"""Weights files: what is wrong is named, and nothing is half loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from vos_core.errors import WeightsError
from vos_core.weights.files import (
    file_digest,
    load_network_weights,
    read_weights,
    save_network_weights,
)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.second = nn.Linear(4, 2)


def small(value: float) -> Small:
    network = Small()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(value)
    return network


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    save_network_weights(small(2.0).state_dict(), path, {"network": "small", "steps": "7"})
    return path


def assert_untouched(network: Small) -> None:
    assert all((parameter == 1).all() for parameter in network.parameters())


def test_round_trip(saved: Path) -> None:
    network = small(1.0)
    assert load_network_weights(network, saved, "small") == {"network": "small", "steps": "7"}
    assert all((parameter == 2).all() for parameter in network.parameters())
    assert not list(saved.parent.glob("*tmp*"))


def test_half_precision_is_stored_and_converted_back(tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    tensors = {**small(0.5).state_dict(), "counter": torch.tensor(3)}
    save_network_weights(tensors, path, {"network": "small"}, dtype=torch.float16)
    stored, _ = read_weights(path)
    assert stored["first.weight"].dtype == torch.float16
    assert stored["counter"].dtype == torch.int64
    save_network_weights(small(0.5).state_dict(), path, {"network": "small"}, dtype=torch.float16)
    network = small(1.0)
    load_network_weights(network, path, "small")
    assert network.first.weight.dtype == torch.float32
    assert (network.first.weight == 0.5).all()


@pytest.mark.parametrize("kept", [0, 5, 40, -10])
def test_a_cut_file_is_damaged(saved: Path, kept: int) -> None:
    saved.write_bytes(saved.read_bytes()[:kept])
    network = small(1.0)
    with pytest.raises(WeightsError, match=r"small\.safetensors: the weights file is damaged"):
        load_network_weights(network, saved, "small")
    assert_untouched(network)


def test_something_else_than_weights_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "page.safetensors"
    path.write_bytes(b"<html>not found</html>" * 20)
    with pytest.raises(WeightsError, match="damaged"):
        read_weights(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(WeightsError, match="there is no such weights file"):
            read_weights(path)


def test_weights_of_another_network(saved: Path) -> None:
    network = small(1.0)
    with pytest.raises(WeightsError, match="for the network 'small', not for 'aoc-lite'"):
        load_network_weights(network, saved, "aoc-lite")
    assert_untouched(network)


def test_weights_that_do_not_say_for_what(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_network_weights(small(2.0).state_dict(), path, {})
    with pytest.raises(WeightsError, match="not for 'small'"):
        load_network_weights(small(1.0), path, "small")


def test_tensors_that_do_not_fit_are_named_and_nothing_is_loaded(tmp_path: Path) -> None:
    tensors = small(2.0).state_dict()
    del tensors["first.bias"]
    tensors["second.weight"] = torch.zeros(5, 4)
    tensors["third.weight"] = torch.zeros(1)
    path = tmp_path / "odd.safetensors"
    save_network_weights(tensors, path, {"network": "small"})
    network = small(1.0)
    with pytest.raises(WeightsError) as caught:
        load_network_weights(network, path, "small")
    message = str(caught.value)
    assert "missing: first.bias" in message
    assert "unknown: third.weight" in message
    assert "misshapen: second.weight is (5, 4) instead of (2, 4)" in message
    assert_untouched(network)


def test_a_long_list_of_faults_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "many.safetensors"
    save_network_weights(
        {f"layer{index}": torch.zeros(1) for index in range(9)}, path, {"network": "small"}
    )
    with pytest.raises(WeightsError, match=r"layer4 \.\.\."):
        load_network_weights(small(1.0), path, "small")


def test_writing_replaces_a_file_whole(saved: Path) -> None:
    before = file_digest(saved)
    save_network_weights(small(3.0).state_dict(), saved, {"network": "small"})
    assert file_digest(saved) != before
    tensors, _ = read_weights(saved)
    assert (tensors["first.weight"] == 3).all()


def test_digest_is_sha256(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert file_digest(path).startswith("ba7816bf8f01cfea414140de5dae2223")

"""The real networks behind the window's own protocol, with a tiny network of random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotator.worker.backend import BackendError, NetworkBackend
from tests.support.tiny_network import moving_squares, tiny_propagator
from vos_core.inference import Propagator


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> NetworkBackend:
    monkeypatch.setattr(Propagator, "load", lambda **_names: tiny_propagator())
    backend = NetworkBackend()
    assert backend.load().model_name == "tiny"
    return backend


def test_results_are_frozen_records_of_native_size(loaded: NetworkBackend) -> None:
    frames, label_maps = moving_squares(4)
    run = loaded.start(
        lambda i: frames[i], {0: label_maps[0]}, (1, 2, 3), object_ids=None, mode=None
    )
    results = [run.step() for _ in range(3)]
    assert [r.index for r in results if r] == [1, 2, 3] and run.step() is None
    for result in results:
        assert result is not None
        assert result.label_map.shape == label_maps[0].shape == result.reliability_map.shape
        assert result.label_map.dtype == result.reliability_map.dtype == np.uint8
        assert not result.label_map.flags.writeable
        assert set(result.object_reliability) == {1}
        assert result.cluster_map is not None and result.cluster_map.ndim == 2
    run.close()


def test_a_correction_behind_is_taken_up_and_done_again(loaded: NetworkBackend) -> None:
    frames, label_maps = moving_squares(5)
    run = loaded.start(
        lambda i: frames[i], {0: label_maps[0]}, (1, 2, 3, 4), object_ids=None, mode=None
    )
    for _ in range(3):
        assert run.step() is not None
    run.correct(2, label_maps[2])
    again = [run.step(), run.step(), run.step()]
    assert [r.index if r else None for r in again] == [3, 4, None]
    run.close()


def test_missing_weights_are_told_to_a_person(tmp_path: Path) -> None:
    backend = NetworkBackend(model=str(tmp_path / "none.safetensors"))
    with pytest.raises(BackendError, match=r"none\.safetensors"):
        backend.load()


def test_damaged_weights_are_told_to_a_person(tmp_path: Path) -> None:
    weights = tmp_path / "aoc-lite.safetensors"
    weights.write_bytes(b"not weights at all")
    with pytest.raises(BackendError, match=r"aoc-lite\.safetensors"):
        NetworkBackend(model=str(weights)).load()


def test_a_device_that_is_not_there_is_told_to_a_person() -> None:
    with pytest.raises(BackendError, match=r"mps|MPS"):
        NetworkBackend(device="mps").load()


def test_starting_before_loading_is_refused() -> None:
    with pytest.raises(BackendError, match="not loaded"):
        NetworkBackend().start(
            lambda _i: np.zeros((2, 2, 3), np.uint8), {}, (), object_ids=None, mode=None
        )

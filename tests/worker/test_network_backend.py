"""The real networks behind the window's own protocol, with a tiny network of random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotator.worker.backend import BackendError, NetworkBackend
from annotator.worker.jobs import Direction, NetworkChoice, PropagationJob
from tests.support.tiny_network import moving_squares, tiny_propagator
from vos_core.errors import WeightsError
from vos_core.inference import Propagator
from vos_core.weights.published import weights_folder


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> NetworkBackend:
    monkeypatch.setattr(Propagator, "load", lambda **_names: tiny_propagator())
    backend = NetworkBackend()
    assert backend.load().model_name == "tiny"
    return backend


def job_of(label_map: np.ndarray, last: int) -> PropagationJob:
    """Forward from frame 0 to `last`."""
    return PropagationJob(1, Path("clip"), {0: label_map}, Direction.FORWARD, 0, 0, last)


def test_results_are_frozen_records_of_native_size(loaded: NetworkBackend) -> None:
    frames, label_maps = moving_squares(4)
    run = loaded.start(lambda i: frames[i], job_of(label_maps[0], 3))
    assert run.steps_left == 3
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
    run = loaded.start(lambda i: frames[i], job_of(label_maps[0], 4))
    for _ in range(3):
        assert run.step() is not None
    run.correct(2, label_maps[2], None)
    later = []
    while (result := run.step()) is not None:
        later.append(result.index)
    assert {3, 4} <= set(later)
    assert 2 not in later  # the person's own frame
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
    blank = np.zeros((2, 2), np.uint8)
    with pytest.raises(BackendError, match="not loaded"):
        NetworkBackend().start(lambda _i: blank, job_of(blank, 1))


def test_what_is_offered_are_shipped_and_imported_networks_and_devices() -> None:
    before = NetworkBackend().offer()
    assert before.networks[0].name == "aoc-lite" and before.networks[0].summary
    assert before.devices[0] == "auto" and "cpu" in before.devices
    assert before.chosen == NetworkChoice("aoc-lite", "auto")
    folder = weights_folder()
    folder.mkdir(parents=True)
    (folder / "cfbi-plus.safetensors").touch()
    (folder / "notes.safetensors").touch()  # no network of that name
    names = [one.name for one in NetworkBackend("mine.safetensors").offer().networks]
    assert names == ["aoc-lite", "cfbi-plus", "mine.safetensors"]


def test_a_choice_that_fails_leaves_the_network_in_use(
    loaded: NetworkBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(**names: str) -> Propagator:
        raise WeightsError(f"{names['model']}: the weights file is damaged")

    monkeypatch.setattr(Propagator, "load", load)
    with pytest.raises(BackendError, match="rpcm: the weights file is damaged"):
        loaded.load(NetworkChoice("rpcm", "cpu"))
    assert loaded.offer().chosen == NetworkChoice("aoc-lite", "auto")
    frames, label_maps = moving_squares(3)
    run = loaded.start(lambda i: frames[i], job_of(label_maps[0], 2))
    assert run.step() is not None
    run.close()

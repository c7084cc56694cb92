"""An imported checkpoint carries masks through frames like any other network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.networks_published.conftest import find_fixture
from vos_core.errors import WeightsError
from vos_core.inference import FrameResult, Propagator, PropagatorOptions
from vos_core.inference.native_labels import likeliest_at
from vos_core.networks.published_engine import PublishedEngine
from vos_core.weights.fixture_weights import generate_weights
from vos_core.weights.parity import Fixture, read_fixture
from vos_core.weights.published import import_checkpoint, load_imported

NAME = "cfbi-mobilenet"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file made from the fixture's tensors, as a published checkpoint holds them."""
    folder = tmp_path_factory.mktemp("weights")
    tensors = generate_weights(find_fixture("cfbi_mnv2_manifest.json"))
    torch.save({"state_dict": {f"module.{k}": v for k, v in tensors.items()}}, folder / "a.pth")
    import_checkpoint(folder / "a.pth", NAME, folder / "ours.safetensors")
    return folder / "ours.safetensors"


@pytest.fixture(scope="module")
def case() -> Fixture:
    return read_fixture(find_fixture("cfbi_mnv2_k3_129x161.npz"))


def run(propagator: Propagator, case: Fixture, options: PropagatorOptions) -> list[FrameResult]:
    images, masks = case.arrays["images"], case.arrays["masks"]
    propagation = propagator.start(
        lambda index: images[index], {0: masks[0]}, [1, 2], options=options
    )
    results = []
    while (result := propagation.step()) is not None:
        results.append(result)
    return results


@pytest.mark.slow
def test_the_first_frame_is_the_networks_own_answer(imported: Path, case: Fixture) -> None:
    propagator = Propagator.load(str(imported), device="cpu", dtype="float32")
    first, second = run(propagator, case, PropagatorOptions())
    assert (first.index, second.index) == (1, 2)
    assert first.cluster_map is None
    assert set(first.object_reliability) == {1, 2, 3}

    engine = PublishedEngine(load_imported(imported, NAME))
    with torch.inference_mode():
        frames = [
            engine.encode(torch.from_numpy(image.copy()).permute(2, 0, 1)[None])
            for image in case.arrays["images"][:2]
        ]
        labels = torch.from_numpy(case.arrays["masks"][0].copy())
        state = engine.begin([engine.reference(frames[0], labels, (1, 2, 3))], frames[0], labels)
        logits = engine.step(frames[1], state).logits
    expected = likeliest_at(logits, (129, 161)).numpy()
    assert (first.label_map == expected).mean() > 0.999
    assert engine.network.behaviour.bgr_input  # what released weights need is on


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        PropagatorOptions(scales=(1.0, 1.3), flip=True),
        PropagatorOptions(mode="mf", interval=1, min_probability=0.3),
    ],
    ids=["scales and flip", "growing references"],
)
def test_protocols_run(imported: Path, case: Fixture, options: PropagatorOptions) -> None:
    propagator = Propagator.load(str(imported), device="cpu", dtype="float32")
    for result in run(propagator, case, options):
        assert result.label_map.shape == (129, 161)
        assert set(np.unique(result.label_map)) <= {0, 1, 2, 3}
        assert result.reliability_map.dtype == np.uint8


def test_what_was_not_imported_is_told(imported: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="vos weights import CHECKPOINT --network rpcm"):
        Propagator.load("rpcm")
    with pytest.raises(WeightsError, match="no weights of aoc: its authors released none"):
        Propagator.load("aoc")
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(imported.read_bytes()[:5000])
    with pytest.raises(WeightsError, match=r"damaged\.safetensors"):
        Propagator.load(str(damaged))
    with pytest.raises(WeightsError, match="no such weights file"):
        Propagator.load(str(tmp_path / "absent.safetensors"))

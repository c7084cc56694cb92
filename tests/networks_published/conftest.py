"""Fixtures of the published networks: recorded outputs, and networks filled to match them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from vos_core.networks.published import PublishedNetwork
from vos_core.networks.published_presets import build_published
from vos_core.weights.fixture_weights import generate_weights
from vos_core.weights.published import fill_network

ROOT = Path(__file__).resolve().parents[2]
PLACES = (ROOT / "tests" / "data" / "published", ROOT.parent / "shared" / "fixtures")

#: name in fixture files -> ours
NETWORKS = {
    "cfbi": "cfbi",
    "cfbi_mnv2": "cfbi-mobilenet",
    "cfbip": "cfbi-plus",
    "rpcm": "rpcm",
}


def find_fixture(name: str) -> Path:
    """Path of a fixture file; skips the test where no folder has it."""
    for place in PLACES:
        if (place / name).is_file():
            return place / name
    pytest.skip(f"recorded outputs are not here: {name} is in none of the fixture folders")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Run on one core, so that timings and roundings are the same everywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def filled_network() -> Iterator[Callable[[str], PublishedNetwork]]:
    """Build a network with a manifest's weights, at most once per module."""
    built: dict[str, PublishedNetwork] = {}

    def build(recorded_name: str) -> PublishedNetwork:
        if recorded_name not in built:
            manifest = find_fixture(f"{recorded_name}_manifest.json")
            built.clear()
            network = build_published(NETWORKS[recorded_name])
            tensors = generate_weights(manifest)
            fill_network(network, tensors, NETWORKS[recorded_name], manifest.name)
            built[recorded_name] = network.eval()
        return built[recorded_name]

    yield build
    built.clear()

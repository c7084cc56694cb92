"""One training step of each published network against a recorded one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tests.networks_published.conftest import NETWORKS, find_fixture
from vos_core.networks.published import PublishedNetwork
from vos_core.networks.published_loss import hard_pixel_count, hard_pixel_loss
from vos_core.weights.parity import read_fixture
from vos_core.weights.parity_training import compare_training


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("recorded_name", ["cfbi", "cfbip", "rpcm"])
def test_losses_and_gradients_are_the_recorded_ones(
    recorded_name: str, filled_network: Callable[[str], PublishedNetwork]
) -> None:
    fixture = read_fixture(find_fixture(f"{recorded_name}_train_k3_129x161.npz"))
    network = filled_network(recorded_name)
    differences = compare_training(network, fixture, NETWORKS[recorded_name])
    assert {item.name: item.largest for item in differences if not item.is_within} == {}
    # every parameter that can learn is on record, and each has a gradient
    compared = {item.name for item in differences if item.name.startswith("grad ")}
    assert compared == {f"grad {name}" for name, _ in network.named_parameters()}
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_number_of_hard_pixels_falls_to_fifteen_percent() -> None:
    assert [hard_pixel_count(1000, step, 100) for step in (0, 50, 100, 500)] == [
        1000,
        575,
        150,
        150,
    ]


def test_only_the_hardest_pixels_count_and_void_costs_nothing() -> None:
    # four pixels, logits of equal labels: loss log 2 each; the second column is certain
    logits = torch.zeros(2, 2, 2)
    logits[0, :, 1] = 20.0
    labels = torch.tensor([[0, 0], [255, 1]])
    # costs: log 2, 0, void 0, 20
    log2 = torch.tensor(2.0).log()
    every = hard_pixel_loss(logits, labels, step=0, mining_steps=10)
    assert torch.allclose(every, (log2 + 20) / 4)
    half = hard_pixel_loss(logits, labels, step=4, mining_steps=10)  # int(0.66 * 4) = 2
    assert torch.allclose(half, (log2 + 20) / 2)

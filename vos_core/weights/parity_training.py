"""Compares one training step with a recorded one: losses, prediction and gradient norms."""

from __future__ import annotations

import json
from collections.abc import Mapping

import torch
from torch.nn import functional as F

from vos_core.networks.published import PublishedNetwork, ReleasedBehaviour
from vos_core.networks.published_loss import hard_pixel_loss
from vos_core.networks.published_records import PreviousFrame
from vos_core.weights.parity import Fixture, FixtureError, OutputDifference, normalise
from vos_core.weights.published_keys import map_keys

LOSS_TOLERANCE = 1e-4
#: share of the expected norm, and a constant
GRADIENT_TOLERANCE = (0.02, 0.02)
#: constant for the two scalar biases, whose gradients are sums of many terms of both signs: the
#: order of sums alone (threads, plain or fast matching) moves RPCM's by 0.02 to 0.04
SCALAR_TOLERANCE = 0.06
PREDICTION_TOLERANCE = 1e-3


def is_training_fixture(fixture: Fixture) -> bool:
    """Whether a fixture records a training step."""
    return "losses" in fixture.meta


def compare_training(
    network: PublishedNetwork, fixture: Fixture, preset: str
) -> list[OutputDifference]:
    """Run one training step and compare it.

    Reference is frame 0, previous frame 1, target frame 2; dropout is off. The gradients on
    record are those of the loss at the last recorded step, when only the hardest pixels count.
    The authors' training sees the guidance vector's reference labels through the atrous grid.

    Args:
        network: Filled with the fixture's weights; gradients are set to None before and after.
        fixture: A training fixture.
        preset: Name of the network, for the names of its tensors.

    Returns:
        One entry per loss, one for the share of differing pixels, and one per gradient norm.

    Raises:
        FixtureError: If the fixture records no training step.
    """
    losses = fixture.meta.get("losses")
    if not isinstance(losses, Mapping):
        raise FixtureError(f"{fixture.path} records no training step")
    before, was_training = network.behaviour, network.training
    network.behaviour = ReleasedBehaviour(
        guidance_uses_atrous_labels=True, largest_window_first=True, nobody_is_background=True
    )
    network.eval()  # nothing but dropout depends on the mode
    network.zero_grad(set_to_none=True)
    try:
        return _compare(network, fixture, preset, {str(k): v for k, v in losses.items()})
    finally:
        network.behaviour = before
        network.train(was_training)
        network.zero_grad(set_to_none=True)


def _compare(
    network: PublishedNetwork, fixture: Fixture, preset: str, losses: Mapping[str, list[float]]
) -> list[OutputDifference]:
    arrays = fixture.arrays
    features = [network.encode(normalise(image)) for image in arrays["images"]]
    masks = [torch.from_numpy(mask.astype("int64")) for mask in arrays["masks"]]
    reference = network.digest(features[0], masks[0], fixture.label_count)
    result = network(features[2], reference, PreviousFrame(features[1], masks[1]))
    target = torch.from_numpy(arrays["cur_label"].astype("int64"))[0]
    mining_steps = float(str(fixture.meta["mining_steps"]))
    differences = []
    loss = result.logits.sum() * 0
    for step, expected in losses.items():
        loss = hard_pixel_loss(result.logits, target, step=float(step), mining_steps=mining_steps)
        difference = abs(loss.item() - expected[0])
        differences.append(
            OutputDifference(f"loss_{step}", difference, LOSS_TOLERANCE, expected[0])
        )
    grown = F.interpolate(
        result.logits.detach()[None], size=target.shape, mode="bilinear", align_corners=True
    )
    wrong = grown[0].argmax(dim=0) != torch.from_numpy(arrays["pred"].astype("int64"))[0]
    differences.append(OutputDifference("pred", float(wrong.float().mean()), PREDICTION_TOLERANCE))
    loss.backward()
    return differences + _gradient_differences(network, fixture, preset)


def _gradient_differences(
    network: PublishedNetwork, fixture: Fixture, preset: str
) -> list[OutputDifference]:
    names = json.loads(str(fixture.arrays["grad_names"]))
    parameters = dict(network.named_parameters())
    own = map_keys(names, preset)
    share, constant = GRADIENT_TOLERANCE
    differences = []
    for name, expected in zip(names, fixture.arrays["grad_norms"].tolist(), strict=True):
        parameter = parameters[own[name] or ""]
        gradient = parameter.grad
        norm = 0.0 if gradient is None else float(gradient.double().norm())
        tolerance = share * expected + (SCALAR_TOLERANCE if parameter.numel() == 1 else constant)
        differences.append(
            OutputDifference(f"grad {own[name]}", abs(norm - expected), tolerance, expected)
        )
    return differences

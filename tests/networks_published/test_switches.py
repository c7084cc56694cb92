"""Every switch that released weights depend on: off for training, on where they are imported."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from tests.networks_published.small_networks import build_small, random_features, random_labels
from vos_core.networks.published import ReleasedBehaviour
from vos_core.networks.published_presets import PRESETS, build_published
from vos_core.networks.published_records import PreviousFrame
from vos_core.weights.published_keys import RULES

SWITCHES = {
    "bgr_input": True,
    "min_matching_pixels": 30,  # every label on this small grid
    "guidance_uses_atrous_labels": True,
    "largest_window_first": True,
    "nobody_is_background": True,
}


def test_every_switch_is_listed_and_off_by_default() -> None:
    assert set(SWITCHES) == {field.name for field in fields(ReleasedBehaviour)}
    assert not any(getattr(ReleasedBehaviour(), name) for name in SWITCHES)
    with torch.device("meta"):
        for name in PRESETS:
            assert build_published(name).behaviour == ReleasedBehaviour()


def test_released_switches_are_on_for_imported_weights_alone() -> None:
    always = {"bgr_input", "largest_window_first", "nobody_is_background"}
    for name in RULES:  # the networks whose checkpoints can be imported
        released = PRESETS[name].released
        on = {switch for switch in SWITCHES if getattr(released, switch)}
        extra = {"min_matching_pixels", "guidance_uses_atrous_labels"}
        assert on == (always | extra if name == "cfbi-plus" else always)
    assert PRESETS["cfbi-plus"].released.min_matching_pixels == 100
    assert PRESETS["aoc"].released == ReleasedBehaviour()  # none were released


@pytest.mark.parametrize("switch", [name for name in SWITCHES if name != "bgr_input"])
@torch.inference_mode()
def test_a_switch_changes_the_answer(switch: str) -> None:
    """On CFBI+, which has atrous matching; the order of planes is tested at the engine."""
    network = build_small("cfbi-plus")
    frames = [random_features(network, seed) for seed in range(2)]
    labels = random_labels(2, 41)

    def logits() -> torch.Tensor:
        reference = network.digest(frames[0], labels, 3)
        found: torch.Tensor = network(frames[1], reference, PreviousFrame(frames[0], labels)).logits
        return found

    before = logits()
    network.behaviour = ReleasedBehaviour(**{switch: SWITCHES[switch]})
    after = logits()
    assert torch.isfinite(after).all()
    assert float((after - before).abs().max()) > 1e-4

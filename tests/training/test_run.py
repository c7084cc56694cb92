"""The loop: resumed equals uninterrupted, schedules, groups, the clock, what it leaves behind."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.tiny_network import SquareClips, build_tiny_network, moving_squares
from vos_core.errors import UserError
from vos_core.inference import Propagator
from vos_core.networks.presets import build_network
from vos_core.training import run as module
from vos_core.training.backbone_source import load_backbone
from vos_core.training.clip_batches import clip_batches
from vos_core.training.config import TrainingConfig
from vos_core.training.run import Trainer, parameter_groups, rate_factor, train
from vos_core.weights.files import read_weights

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train a small network on one core."""
    monkeypatch.setattr(module, "build_network", lambda *_: build_tiny_network(1))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def config_at(output: Path, **changes: object) -> TrainingConfig:
    config = TrainingConfig(
        data=output,
        cache=output,
        output=output,
        backbone_weights="none",
        steps=4,
        batch_clips=1,
        warmup_steps=2,
        workers=0,
        perturb_previous=0.5,
        second_reference=0.5,
    )
    return dataclasses.replace(config, **changes)  # type: ignore[arg-type]


def assert_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, atol=0, rtol=0, msg=name)


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = train(config_at(tmp_path / "whole"), SquareClips(), device=CPU)
    halves = config_at(tmp_path / "halves")
    records: list[dict[str, object]] = []
    trainer = Trainer(halves, CPU)
    batches = clip_batches(
        SquareClips(), seed=1, start=0, stop=4, steps=4, slots=range(1), workers=0
    )
    for _ in range(2):
        trainer.advance(next(batches))
    trainer.save()
    resumed = train(halves, SquareClips(), device=CPU, resume=True, report=records.append)
    assert resumed.step == whole.step == 4
    assert [record["step"] for record in records] == [3, 4]
    assert_same(whole.network.state_dict(), resumed.network.state_dict())
    assert_same(whole.average, resumed.average)


def test_training_changes_what_learns_and_nothing_else(tmp_path: Path) -> None:
    torch.manual_seed(1)
    before = {k: v.clone() for k, v in build_tiny_network(1).state_dict().items()}
    trainer = train(config_at(tmp_path), SquareClips(), device=CPU)
    learns = {n for n, p in trainer.network.named_parameters() if p.requires_grad}
    changed = {n for n, v in trainer.network.state_dict().items() if not torch.equal(v, before[n])}
    assert changed <= learns
    assert len(changed) > 0.8 * len(learns)


def test_it_leaves_log_checkpoint_and_weights(tmp_path: Path) -> None:
    trainer = train(config_at(tmp_path, steps=2), SquareClips(), device=CPU)
    lines = (tmp_path / module.LOG).read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["step"] for record in records] == [1, 2]
    assert all(np.isfinite(record["loss"]) for record in records)
    assert all(len(record["jaccard"]) == 2 for record in records)
    tensors, metadata = read_weights(tmp_path / module.WEIGHTS)
    assert metadata == {"network": "aoc-lite", "steps": "2", "seed": "1"}
    assert_same(trainer.average, tensors)
    assert not list(tmp_path.glob("*.tmp"))


def test_the_clock_stops_it_with_a_checkpoint(tmp_path: Path) -> None:
    trainer = train(config_at(tmp_path, steps=50), SquareClips(), device=CPU, minutes=0.0)
    assert trainer.step == 1
    resumed = train(
        config_at(tmp_path, steps=50), SquareClips(), device=CPU, resume=True, minutes=0.0
    )
    assert resumed.step == 2


def test_resuming_needs_a_checkpoint_of_the_same_seed(tmp_path: Path) -> None:
    config = config_at(tmp_path / "new")
    with pytest.raises(UserError, match="no checkpoint to resume from"):
        train(config, SquareClips(), device=CPU, resume=True)
    Trainer(config, CPU).save()
    other = dataclasses.replace(config, seed=2)
    with pytest.raises(UserError, match="written with seed 1, the configuration says 2"):
        train(other, SquareClips(), device=CPU, resume=True)


def test_rates_rise_linearly_and_fall_to_a_fiftieth() -> None:
    rates = [rate_factor(step, steps=100, warmup=10) for step in range(101)]
    assert rates[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])
    assert rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.51)  # half of the cosine: 0.02 + 0.98 / 2
    assert rates[100] == pytest.approx(0.02)
    assert all(later <= earlier for earlier, later in pairwise(rates[10:]))


def test_groups_hold_each_learning_parameter_once() -> None:
    network = build_tiny_network(1)
    config = config_at(Path("/none"), learning_rate=1.0, backbone_rate=0.15, weight_decay=0.01)
    groups = parameter_groups(network, config)
    grouped = [id(parameter) for group in groups for parameter in group["params"]]
    learning = [id(p) for p in network.parameters() if p.requires_grad]
    assert sorted(grouped) == sorted(learning)
    for group in groups:
        for parameter in group["params"]:
            name = next(n for n, p in network.named_parameters() if p is parameter)
            assert group["base_rate"] == (0.15 if name.startswith("backbone.") else 1.0)
            assert group["weight_decay"] == (0.01 if parameter.dim() > 1 else 0.0)


def test_a_step_with_an_infinite_gradient_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(config_at(tmp_path), CPU)
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    real = module.training_step

    def exploding(*arguments: object, **options: object) -> object:
        outcome = real(*arguments, **options)  # type: ignore[arg-type]
        return dataclasses.replace(outcome, loss=outcome.loss * torch.inf)

    monkeypatch.setattr(module, "training_step", exploding)
    clips = next(
        clip_batches(SquareClips(), seed=1, start=0, stop=4, steps=4, slots=range(1), workers=0)
    )
    trainer.advance(clips)
    assert trainer.step == 1
    assert_same(before, trainer.network.state_dict())


def test_batches_do_not_depend_on_where_a_run_starts() -> None:
    whole = list(
        clip_batches(SquareClips(), seed=3, start=0, stop=4, steps=4, slots=range(2), workers=0)
    )
    tail = list(
        clip_batches(SquareClips(), seed=3, start=2, stop=4, steps=4, slots=range(2), workers=0)
    )
    assert (len(whole), len(tail)) == (4, 2)
    for one, other in zip(whole[2:], tail, strict=True):
        for first, second in zip(one, other, strict=True):
            np.testing.assert_array_equal(first.images, second.images)
    other_seed = next(
        clip_batches(SquareClips(), seed=4, start=0, stop=4, steps=4, slots=range(2), workers=0)
    )
    assert not np.array_equal(whole[0][0].images, other_seed[0].images)
    assert not np.array_equal(whole[0][0].images, whole[0][1].images)


def test_a_backbone_file_that_is_none_is_named(tmp_path: Path) -> None:
    backbone = build_tiny_network(0).backbone
    with pytest.raises(UserError, match="there is no such backbone file"):
        load_backbone(backbone, str(tmp_path / "none.pth"))
    path = tmp_path / "odd.pth"
    torch.save({"weight": torch.zeros(1)}, path)
    with pytest.raises(UserError, match="not a state dict of this EfficientNet-Lite"):
        load_backbone(backbone, str(path))


@pytest.mark.slow
def test_the_loss_falls(tmp_path: Path) -> None:
    config = config_at(
        tmp_path, steps=30, learning_rate=3e-3, backbone_rate=1.0, warmup_steps=5, drop_local=0.0
    )
    losses: list[float] = []
    train(
        config, SquareClips(3, 1), device=CPU, report=lambda record: losses.append(record["loss"])
    )
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:5])


def test_other_sizes_are_written_into_the_weights_and_read_from_them(tmp_path: Path) -> None:
    sizes = {
        "backbone_width": 0.25,
        "backbone_depth": 0.3,
        "embedding_widths": [8, 16, 16],
        "decoder_widths": [8, 16, 16],
        "key_channels": 8,
        "half_windows8": [],
        "half_windows16": [2],
        "clusters": 4,
        "has_proxies": False,
        "calibrations": 1,
        "global_atrous": 1,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "build_network", build_network)
        trainer = train(config_at(tmp_path, steps=1, network=sizes), SquareClips(), device=CPU)
    assert trainer.network.matching.maps8 == 3
    assert trainer.network.matching.maps16 == 5
    assert len(trainer.network.decoder.calibrations) == 1
    loaded = Propagator.load(str(tmp_path / module.WEIGHTS), "cpu", "float32")
    frames, label_maps = moving_squares(3)
    propagation = loaded.start(lambda i: frames[i], {0: label_maps[0]}, [1, 2])
    results = [propagation.step(), propagation.step()]
    assert [result.index for result in results if result is not None] == [1, 2]


def test_a_size_that_the_network_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no size named heads; known: .*clusters"):
        build_network("aoc-lite", {"heads": 3})


def test_a_width_without_a_published_backbone_is_named() -> None:
    with pytest.raises(UserError, match=r"no pretrained backbone of width 0\.25"):
        load_backbone(build_tiny_network(0).backbone, "")

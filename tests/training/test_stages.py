"""Recipes of several stages: what the next one starts from, and where a stopped one goes on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.support.tiny_network import SquareClips, build_tiny_network
from vos_core.errors import UserError
from vos_core.training import run as module
from vos_core.training.config import TrainingConfig
from vos_core.training.entry import train_stages
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


def recipe(folder: Path, start: str) -> list[TrainingConfig]:
    first = TrainingConfig(
        data=folder,
        cache=folder,
        output=folder / "a",
        backbone_weights="none",
        name="a",
        steps=4,
        stop_step=2,
        batch_clips=1,
        warmup_steps=1,
        workers=0,
    )
    second = dataclasses.replace(first, output=folder / "b", name="b", start=start, stop_step=0)
    return [first, second]


def steps_logged(stage: TrainingConfig) -> list[int]:
    lines = (stage.output / module.LOG).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["step"] for line in lines]


def run(stages: list[TrainingConfig], **options: object) -> module.Trainer:
    return train_stages(stages, lambda _: SquareClips(), device=CPU, **options)  # type: ignore[arg-type]


def test_a_stage_from_the_checkpoint_equals_one_long_run(tmp_path: Path) -> None:
    stages = recipe(tmp_path / "staged", "checkpoint")
    staged = run(stages)
    whole = run([dataclasses.replace(stages[1], output=tmp_path / "whole", name="")])
    assert staged.step == whole.step == 4
    assert (steps_logged(stages[0]), steps_logged(stages[1])) == ([1, 2], [3, 4])
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(staged.network.state_dict()[name], value, atol=0, rtol=0)


def test_a_stage_from_the_average_begins_with_its_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = recipe(tmp_path, "average")
    begun: list[dict[str, torch.Tensor]] = []
    real = module.Trainer.__init__

    def recording(self: module.Trainer, *arguments: object, **options: object) -> None:
        real(self, *arguments, **options)  # type: ignore[arg-type]
        begun.append({k: v.clone() for k, v in self.network.state_dict().items()})

    monkeypatch.setattr(module.Trainer, "__init__", recording)
    # the network of the recipe's weights is the tiny one, so it carries the preset's name
    run(stages)
    averaged, _ = read_weights(stages[0].output / module.WEIGHTS)
    for name, value in averaged.items():
        torch.testing.assert_close(begun[1][name], value, atol=0, rtol=0)
    assert steps_logged(stages[1]) == [1, 2, 3, 4]


@pytest.mark.parametrize("start", ["checkpoint", "average"])
def test_a_recipe_stopped_by_the_clock_goes_on_where_it_was(tmp_path: Path, start: str) -> None:
    whole = run(recipe(tmp_path / "whole", start))
    stages = recipe(tmp_path / "parts", start)
    trainer = run(stages, minutes=0.0)
    assert trainer.step == 1
    while trainer.config.name == "a" or trainer.step < 4:
        trainer = run(stages, resume=True, minutes=0.0)
    assert steps_logged(stages[0]) == [1, 2]
    assert steps_logged(stages[1]) == ([3, 4] if start == "checkpoint" else [1, 2, 3, 4])
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(trainer.network.state_dict()[name], value, atol=0, rtol=0)


def test_a_complete_recipe_resumed_does_nothing(tmp_path: Path) -> None:
    stages = recipe(tmp_path, "checkpoint")
    run(stages)
    before = steps_logged(stages[1])
    assert run(stages, resume=True).step == 4
    assert steps_logged(stages[1]) == before


def test_there_must_be_something_to_resume(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no checkpoint to resume from"):
        run(recipe(tmp_path, "average"), resume=True)

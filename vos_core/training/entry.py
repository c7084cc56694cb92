"""From a recipe file to a finished run: what `vos train` calls."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from vos_core.data.cache_builder import build_cache
from vos_core.data.clips import ClipDataset
from vos_core.data.spec import ClipSpec
from vos_core.inference.device import choose_device, keep_freed_memory
from vos_core.training.clip_batches import ClipSource
from vos_core.training.config import TrainingConfig, load_recipe
from vos_core.training.run import CHECKPOINT, WEIGHTS, Trainer, checkpoint_step, train

Report = Callable[[TrainingConfig, dict[str, Any]], None]
"""Called with the stage and the record of every step."""


def train_from_file(
    path: Path,
    *,
    resume: bool = False,
    minutes: float | None = None,
    device: str = "auto",
    report: Report | None = None,
) -> Trainer:
    """Decode the data on first use and train as the file says, stage after stage.

    Args:
        path: A recipe (see `vos_core.training.config.load_recipe`).
        resume: Continue from the newest checkpoint; complete stages are left as they are.
        minutes: Stop after this many minutes; None trains to the last step.
        device: "auto", "cuda", "mps" or "cpu".
        report: See `Report`.

    Raises:
        UserError: If recipe, data, checkpoint or device cannot be used.
    """
    keep_freed_memory()
    chosen = choose_device(device)
    stages = load_recipe(path)
    build_cache(stages[0].data, stages[0].cache)
    return train_stages(
        stages, _dataset, device=chosen, resume=resume, minutes=minutes, report=report
    )


def train_stages(
    stages: Sequence[TrainingConfig],
    make_source: Callable[[TrainingConfig], ClipSource],
    *,
    device: torch.device,
    resume: bool = False,
    minutes: float | None = None,
    report: Report | None = None,
) -> Trainer:
    """Train the stages of a recipe one after the other.

    Args:
        stages: In order.
        make_source: Gives the clips of a stage.
        device: Where to train.
        resume: See `train_from_file`.
        minutes: Stop after this many minutes of this call.
        report: See `Report`.

    Returns:
        The trainer of the last stage that ran.

    Raises:
        UserError: If there is nothing to resume, or nothing left to do.
    """
    started = time.monotonic()
    first = _stage_to_resume(stages) if resume else 0
    for index in range(first, len(stages)):
        config, goes_on = stages[index], resume and index == first
        if index > 0 and not (goes_on and (config.output / CHECKPOINT).is_file()):
            config, goes_on = _begin_after(stages[index - 1], config)
        left = None if minutes is None else minutes - (time.monotonic() - started) / 60

        def report_stage(record: dict[str, Any], config: TrainingConfig = config) -> None:
            if report is not None:
                report(config, record)

        trainer = train(
            config,
            make_source(config),
            device=device,
            resume=goes_on,
            minutes=left,
            report=report_stage,
        )
        if trainer.step < config.last_step:
            break
    return trainer


def _stage_to_resume(stages: Sequence[TrainingConfig]) -> int:
    """The stage of the newest checkpoint, or the one after it if that stage is complete."""
    for index in reversed(range(len(stages))):
        step = checkpoint_step(stages[index].output)
        if step is not None:
            is_complete = step >= stages[index].last_step and index + 1 < len(stages)
            return index + 1 if is_complete else index
    return 0


def _begin_after(before: TrainingConfig, config: TrainingConfig) -> tuple[TrainingConfig, bool]:
    """Prepare a stage that follows another; also whether it goes on from a checkpoint."""
    if config.start == "average":
        return replace(config, initial_weights=str(before.output / WEIGHTS)), False
    config.output.mkdir(parents=True, exist_ok=True)
    temporary = config.output / f"{CHECKPOINT}.{os.getpid()}"  # every process of a run comes here
    shutil.copyfile(before.output / CHECKPOINT, temporary)
    temporary.replace(config.output / CHECKPOINT)
    return config, True


def _dataset(config: TrainingConfig) -> ClipDataset:
    return ClipDataset(
        str(config.cache),
        ClipSpec.from_mapping(config.clips),
        exclude_sequences=config.exclude_sequences,
    )

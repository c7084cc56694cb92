"""The training loop: resumable at any step, stopped by steps or by the clock, logged as JSON."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from vos_core.data.spec import Clip
from vos_core.errors import UserError
from vos_core.networks.aoc_lite import AocLite
from vos_core.networks.presets import DEFAULT_NETWORK, build_network, sizes_to_metadata
from vos_core.training.backbone_source import load_backbone
from vos_core.training.clip_batches import ClipSource, clip_batches
from vos_core.training.config import TrainingConfig
from vos_core.training.processes import Processes, joined_processes
from vos_core.training.step import training_step
from vos_core.weights.files import load_network_weights, save_network_weights

logger = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
WEIGHTS = "averaged.safetensors"
CHOICES = 1_000_003
"""Slot number of the generator for a step's own choices, apart from every clip's."""


def rate_factor(step: int, *, steps: int, warmup: int) -> float:
    """Linear warm-up, then half a cosine down to a fiftieth."""
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def parameter_groups(network: AocLite, config: TrainingConfig) -> list[dict[str, Any]]:
    """AdamW groups: backbone at its own rate, vectors (biases, norms) without weight decay."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            key = (name.startswith("backbone."), parameter.dim() > 1)
            groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": parameters,
            "base_rate": config.learning_rate * (config.backbone_rate if in_backbone else 1.0),
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (in_backbone, decays), parameters in groups.items()
    ]


class _Step(nn.Module):
    """A training step as a module, so that gradients of several processes can be averaged."""

    def __init__(self, network: AocLite, config: TrainingConfig, device: torch.device) -> None:
        super().__init__()
        self.network, self.config, self.device = network, config, device

    def forward(
        self, clips: list[Clip], rngs: list[np.random.Generator], progress: float
    ) -> tuple[Tensor, tuple[float, ...]]:
        outcome = training_step(
            self.network, clips, self.config, rngs=rngs, progress=progress, device=self.device
        )
        return outcome.loss, outcome.jaccard


class Trainer:
    """State of a run: network, average, optimizer, step.

    Args:
        config: The run.
        device: Where to train.
        processes: The processes that train together; by default this one alone.
    """

    def __init__(
        self,
        config: TrainingConfig,
        device: torch.device,
        processes: Processes | None = None,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device = config, device
        self.processes = processes or Processes(0, 1, device)
        self.slots = self.processes.slots(config.batch_clips)
        self.network = build_network(DEFAULT_NETWORK, config.network)
        if config.initial_weights:
            load_network_weights(self.network, Path(config.initial_weights), DEFAULT_NETWORK)
        elif config.backbone_weights != "none":
            load_backbone(self.network.backbone, config.backbone_weights)
        self.network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network.train()
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        groups = parameter_groups(self.network, config)
        self.optimizer = torch.optim.AdamW(groups, lr=config.learning_rate)
        self.step = 0
        self.parameters = [p for group in groups for p in group["params"]]
        self._step: nn.Module = _Step(self.network, config, device)
        if self.processes.count > 1:
            self._step = DistributedDataParallel(
                self._step,
                device_ids=[device] if device.type == "cuda" else None,
                find_unused_parameters=True,  # clips without local maps leave their scales out
                broadcast_buffers=False,
            )

    def save(self) -> None:
        """Write checkpoint and averaged weights, each whole or not at all."""
        self.config.output.mkdir(parents=True, exist_ok=True)
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seed": self.config.seed,
        }
        path = self.config.output / CHECKPOINT
        temporary = path.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(path)
        save_network_weights(
            self.average,
            self.config.output / WEIGHTS,
            {
                "network": DEFAULT_NETWORK,
                "steps": str(self.step),
                "seed": str(self.config.seed),
                **sizes_to_metadata(self.config.network),
            },
        )

    def resume(self) -> None:
        """Continue from the output folder's checkpoint.

        Raises:
            UserError: If there is none, or it belongs to another seed.
        """
        path = self.config.output / CHECKPOINT
        if not path.is_file():
            raise UserError(f"{path}: there is no checkpoint to resume from")
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["seed"] != self.config.seed:
            raise UserError(
                f"{path}: was written with seed {state['seed']}, the configuration says "
                f"{self.config.seed}; use the same seed or another output folder"
            )
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def advance(self, clips: list[Clip]) -> dict[str, Any]:
        """One optimizer step on one batch; returns what the log records.

        Args:
            clips: The clips of this process's places in the batch.
        """
        config = self.config
        factor = rate_factor(self.step, steps=config.steps, warmup=config.warmup_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_rate"] * factor
        rngs = [np.random.default_rng([config.seed, self.step, CHOICES + i]) for i in self.slots]
        loss, jaccard = self._step(clips, rngs, self.step / config.steps)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = float(nn.utils.clip_grad_norm_(self.parameters, config.clip_norm))
        if math.isfinite(norm):
            self.optimizer.step()
            self._update_average()
        self.step += 1
        objects = sum(clip.object_count for clip in clips)
        sums = self.processes.summed([objects, float(loss.detach()), *jaccard])
        total, mean_loss, *scores = (sums[0], *(v / self.processes.count for v in sums[1:]))
        return {
            "step": self.step,
            "loss": round(mean_loss, 5),
            "jaccard": [round(value, 4) for value in scores],
            "norm": round(norm, 4),
            "objects": int(total),
        }

    def _update_average(self) -> None:
        # early steps average less, so that the average does not remember the random start
        decay = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)


def checkpoint_step(output: Path) -> int | None:
    """Step of the checkpoint in a run's folder; None when there is none."""
    path = output / CHECKPOINT
    if not path.is_file():
        return None
    state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return int(state["step"])


def train(
    config: TrainingConfig,
    source: ClipSource,
    *,
    device: torch.device,
    resume: bool = False,
    minutes: float | None = None,
    report: Callable[[dict[str, Any]], None] | None = None,
) -> Trainer:
    """Train until the configured step or the clock stops it; always leaves a checkpoint.

    Started by `torchrun`, the processes share every batch evenly and average their gradients.

    Args:
        config: The run.
        source: Maker of clips.
        device: Where to train.
        resume: Continue from the output folder's checkpoint.
        minutes: Stop after this many minutes of this call.
        report: Called with every step's record (progress bar), in the first process.

    Returns:
        The trainer at its last step.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    with joined_processes(device) as processes:
        trainer = Trainer(config, processes.device, processes)
        if resume:
            trainer.resume()
        config.output.mkdir(parents=True, exist_ok=True)
        _run(trainer, source, minutes, report)
        if processes.is_first:
            trainer.save()
        processes.wait()
    return trainer


def _run(
    trainer: Trainer,
    source: ClipSource,
    minutes: float | None,
    report: Callable[[dict[str, Any]], None] | None,
) -> None:
    config, processes = trainer.config, trainer.processes
    started = saved = time.monotonic()
    batches = clip_batches(
        source,
        seed=config.seed,
        start=trainer.step,
        stop=config.last_step,
        steps=config.steps,
        slots=trainer.slots,
        workers=config.workers,
    )
    with contextlib.ExitStack() as stack:
        log: TextIO | None = None
        if processes.is_first:
            log = stack.enter_context((config.output / LOG).open("a", encoding="utf-8"))
        before = time.monotonic()
        for clips in batches:
            waited = time.monotonic() - before
            record = trainer.advance(clips)
            now = time.monotonic()
            record |= {"seconds": round(now - before, 3), "waited": round(waited, 3)}
            before = now
            if log is not None:
                log.write(json.dumps(record) + "\n")
                log.flush()
                if report is not None:
                    report(record)
                if now - saved > 60 * config.checkpoint_minutes:
                    trainer.save()
                    saved = before = time.monotonic()
            is_late = minutes is not None and now - started > 60 * minutes
            if minutes is not None and any(processes.summed([float(is_late)])):
                logger.info("stopped by the clock at step %d", trainer.step)
                break

"""From a configuration file to a finished run: what `vos train` calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vos_core.data.cache_builder import build_cache
from vos_core.data.clips import ClipDataset
from vos_core.data.spec import ClipSpec
from vos_core.inference.device import choose_device, keep_freed_memory
from vos_core.training.config import load_config
from vos_core.training.run import Trainer, train


def train_from_file(
    path: Path,
    *,
    resume: bool = False,
    minutes: float | None = None,
    device: str = "auto",
    report: Callable[[dict[str, Any]], None] | None = None,
) -> Trainer:
    """Decode the data on first use and train as the file says.

    Args:
        path: A training configuration (see `vos_core.training.config.TrainingConfig`).
        resume: Continue from the output folder's checkpoint.
        minutes: Stop after this many minutes; None trains to the last step.
        device: "auto", "cuda", "mps" or "cpu".
        report: Called with every step's record.

    Raises:
        UserError: If configuration, data, checkpoint or device cannot be used.
    """
    keep_freed_memory()
    chosen = choose_device(device)
    config = load_config(path)
    build_cache(config.data, config.cache)
    dataset = ClipDataset(
        str(config.cache),
        ClipSpec.from_mapping(config.clips),
        exclude_sequences=config.exclude_sequences,
    )
    return train(config, dataset, device=chosen, resume=resume, minutes=minutes, report=report)

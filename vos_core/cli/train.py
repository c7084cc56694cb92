"""``vos train``: a training run from its configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from vos_core.cli.options import device_option

if TYPE_CHECKING:
    from vos_core.training.config import TrainingConfig


@click.command()
@click.argument("config", metavar="CONFIG.toml", type=click.Path(path_type=Path))
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the output folder.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), help="Stop after N minutes."
)
@device_option
def train(config: Path, resume: bool, minutes: float | None, device: str) -> None:
    """Train aoc-lite as CONFIG.toml says, stage after stage; resumable at any step.

    On several devices: torchrun --nproc-per-node N -m vos_core train CONFIG.toml
    """
    from tqdm import tqdm

    from vos_core.training.entry import train_from_file

    bars: dict[Path, tqdm[NoReturn]] = {}

    def report(stage: TrainingConfig, record: dict[str, Any]) -> None:
        if stage.output not in bars:
            bars[stage.output] = tqdm(
                total=stage.last_step,
                desc=stage.name or None,
                initial=record["step"] - 1,
                unit="step",
                disable=None,
                smoothing=0.05,
            )
        bar = bars[stage.output]
        bar.set_postfix(loss=f"{record['loss']:.3f}", refresh=False)
        bar.update(record["step"] - bar.n)

    try:
        trainer = train_from_file(
            config, resume=resume, minutes=minutes, device=device, report=report
        )
    finally:
        for bar in bars.values():
            bar.close()
    settings = trainer.config
    click.echo(
        f"step {trainer.step} of {settings.last_step}; checkpoint and log in {settings.output}"
    )

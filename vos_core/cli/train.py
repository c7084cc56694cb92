"""``vos train``: a training run from its configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vos_core.cli.options import device_option


@click.command()
@click.argument("config", metavar="CONFIG.toml", type=click.Path(path_type=Path))
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the output folder.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), help="Stop after N minutes."
)
@device_option
def train(config: Path, resume: bool, minutes: float | None, device: str) -> None:
    """Train aoc-lite as CONFIG.toml says; resumable at any step."""
    from tqdm import tqdm

    from vos_core.training.config import load_config
    from vos_core.training.entry import train_from_file

    settings = load_config(config)
    with tqdm(total=settings.steps, unit="step", disable=None, smoothing=0.05) as bar:

        def report(record: dict[str, Any]) -> None:
            bar.set_postfix(loss=f"{record['loss']:.3f}", refresh=False)
            bar.update(record["step"] - bar.n)

        trainer = train_from_file(
            config, resume=resume, minutes=minutes, device=device, report=report
        )
    click.echo(f"step {trainer.step} of {settings.steps}; checkpoint and log in {settings.output}")

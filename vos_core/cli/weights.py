"""``vos weights``: what is installed, whether it is whole, and import of published checkpoints."""

from __future__ import annotations

from pathlib import Path

import click

from vos_core.errors import UserError, WeightsError

#: networks whose authors published checkpoints
PUBLISHED = ("cfbi", "cfbi-mobilenet", "cfbi-plus", "rpcm")


@click.group()
def weights() -> None:
    """List and verify weights; import checkpoints that authors published."""


@weights.command("list")
def list_weights() -> None:
    """List the weights that --model takes, and imported ones."""
    from vos_core.weights.registry import shipped_weights

    for record in shipped_weights():
        size = record.path.stat().st_size / 2**20 if record.path.is_file() else 0.0
        click.echo(f"{record.name:<16} {record.network:<12} {size:7.1f} MiB  {record.summary}")
    for path in imported_weights():
        size = path.stat().st_size / 2**20
        click.echo(f"{path.stem:<16} {'imported':<12} {size:7.1f} MiB  {path}")


@weights.command("verify")
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Compare weights with their recorded SHA-256; all shipped ones when no NAME is given."""
    from vos_core.weights.registry import find_weights, shipped_weights, verify_weights

    records = [find_weights(name) for name in names] if names else shipped_weights()
    if not records:
        raise WeightsError("no weights are installed; install the project again")
    damaged = []
    for record in records:
        try:
            verify_weights(record)
            click.echo(f"{record.name}: whole")
        except WeightsError as error:
            damaged.append(record.name)
            click.echo(f"{record.name}: {error}", err=True)
    if damaged:
        raise UserError(f"damaged or missing: {', '.join(damaged)}")


@weights.command("import")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--network", required=True, type=click.Choice(PUBLISHED), help="What it is for.")
@click.option("--out", type=click.Path(path_type=Path), help="The safetensors file to write.")
def import_weights(checkpoint: Path, network: str, out: Path | None) -> None:
    """Convert CHECKPOINT, a .pth that the authors published, without executing anything in it.

    Every tensor is checked against the network: a missing, unknown or misshapen one is named and
    nothing is written.
    """
    from vos_core.weights.published import import_checkpoint, weights_folder

    target = out or weights_folder() / f"{network}.safetensors"
    import_checkpoint(checkpoint, network, target)
    click.echo(f"{network}: imported to {target}")


def imported_weights() -> list[Path]:
    """Return the weights files in the user's own folder."""
    from vos_core.weights.published import weights_folder

    return sorted(weights_folder().glob("*.safetensors"))

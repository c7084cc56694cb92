"""``vos parity``: a network against recorded outputs of the authors' code."""

from __future__ import annotations

from pathlib import Path

import click

#: name in a fixture's record -> ours
NETWORKS = {
    "cfbi": "cfbi",
    "cfbi_mnv2": "cfbi-mobilenet",
    "cfbip": "cfbi-plus",
    "rpcm": "rpcm",
}


@click.command()
@click.argument(
    "fixtures",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--manifest",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON that names every tensor and the rule for its deterministic value.",
)
@click.option(
    "--network",
    required=True,
    type=click.Choice(["cfbi", "cfbi-mobilenet", "cfbi-plus", "rpcm", "aoc"]),
    help="Network to build.",
)
@click.option("--plain", is_flag=True, help="Use the plain matching instead of the fast one.")
def parity(fixtures: tuple[Path, ...], manifest: Path, network: str, plain: bool) -> None:
    """Compare a network with recorded outputs, FIXTURE by FIXTURE.

    The network gets the fixture's deterministic weights. Prints the largest absolute difference
    of every output and exits with 1 when one is past its tolerance.
    """
    from vos_core.errors import UserError
    from vos_core.networks.published_matching.maps import PLAIN
    from vos_core.networks.published_presets import build_published
    from vos_core.weights.fixture_weights import generate_weights
    from vos_core.weights.parity import compare, largest_by_kind, read_fixture
    from vos_core.weights.parity_training import compare_training, is_training_fixture
    from vos_core.weights.published import fill_network

    if network == "aoc":
        raise UserError(
            "there is no fixture for aoc: the authors' released code does not run, so the network "
            "follows their paper and is tested without one"
        )
    read = [read_fixture(path) for path in fixtures]
    recorded = {str(fixture.path): NETWORKS.get(str(fixture.meta["net"])) for fixture in read}
    # one name serves CFBI on both of its trunks; the fixture says which
    allowed = {"cfbi", "cfbi-mobilenet"} if network == "cfbi" else {network}
    for path, name in recorded.items():
        if name not in allowed:
            raise UserError(
                f"{path} was recorded with {name or 'an unknown network'}, not {network}"
            )
    if len(set(recorded.values())) > 1:
        raise UserError("these fixtures belong to different trunks; give them one by one")
    preset = next(iter(recorded.values())) or network
    model = build_published(preset)
    fill_network(model, generate_weights(manifest), preset, str(manifest))
    model.eval()
    if plain:
        model.primitives = PLAIN
    failures = 0
    table = []
    for fixture in read:
        click.echo(fixture.path.name)
        if is_training_fixture(fixture):
            differences = compare_training(model, fixture, preset)
        else:
            differences = compare(model, fixture)
        width = max(len(difference.name) for difference in differences)
        for difference in differences:
            verdict = "ok" if difference.is_within else "PAST TOLERANCE"
            failures += not difference.is_within
            value = difference.recorded
            of = "" if value is None else f" of {value:.6g}"
            click.echo(
                f"  {difference.name:<{width}} {difference.largest:9.2e}{of}"
                f"  (at most {difference.tolerance:.0e})  {verdict}"
            )
        for kind, (count, largest) in largest_by_kind(differences).items():
            table.append(f"  {fixture.path.stem:<28} {kind:<14} {count:4d}  {largest:9.2e}")
    click.echo(f"\n  {'fixture':<28} {'outputs':<14} {'':>4}  {'largest':>9}")
    click.echo("\n".join(table))
    if failures:
        click.echo(f"{failures} outputs are past their tolerance", err=True)
        raise click.exceptions.Exit(1)
    click.echo("every output is within its tolerance")

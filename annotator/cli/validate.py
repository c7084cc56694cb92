"""``vos-annotator validate``: is a project, or an export, as it should be?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from annotator.cli.exchange import tell_warnings
from annotator.cli.importing import tell_findings
from annotator.exchange.found import ImportQuery
from annotator.exchange.inspection import ImportTarget, inspect, warnings_of_davis
from annotator.exchange.registry import format_of, readers, recognise
from annotator.storage.project import is_project
from annotator.storage.validation import check_project

_ANY_NUMBER = 1_000_000


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "key",
    type=click.Choice([each.key for each in readers()]),
    help="What PATH is, when it is no project [default: what it looks like].",
)
@click.option("--sequence", default="", help="Which video, where PATH holds several.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def validate(path: Path, key: str | None, sequence: str, as_json: bool) -> int:
    """Check a project and its frames, or masks of any format that can be imported.

    Exit code 2 when something is wrong. Nothing is changed.
    """
    if path.is_dir() and not is_project(path) and (key or _is_export(path)):
        return _validate_masks(path, key, sequence, as_json=as_json)
    if path.is_file():
        return _validate_masks(path, key, sequence, as_json=as_json)
    return _validate_project(path, as_json=as_json)


def _is_export(path: Path) -> bool:
    return any(each.recognises(path) for each in readers())


def _validate_project(path: Path, *, as_json: bool) -> int:
    report = check_project(path)
    if as_json:
        click.echo(json.dumps(vars(report), ensure_ascii=False, indent=2))
    else:
        for name, count in report.facts.items():
            click.echo(f"{count:>7} {name}")
        for warning in report.warnings:
            click.echo(f"warning: {warning}")
        for fault in report.faults:
            click.echo(f"fault: {fault}")
        click.echo("sound" if report.is_sound else "not sound")
    return 0 if report.is_sound else 2


def _validate_masks(path: Path, key: str | None, sequence: str, *, as_json: bool) -> int:
    chosen = recognise(path) if key is None else format_of(key)
    found = chosen.find(path, ImportQuery(_ANY_NUMBER, 1, 1, sequence))
    first = min(found.masks, default=None)
    height, width = (1, 1) if first is None else found.masks[first]().shape[:2]
    count = max(found.masks, default=0) + 1
    report = inspect(found, ImportTarget(count, height, width))
    tell_findings(report, as_json=as_json)
    if report.found.format_key.startswith("davis"):
        tell_warnings(warnings_of_davis(report))
    is_sound = not report.unmended(())
    if not as_json:
        click.echo("sound" if is_sound else "not sound")
    return 0 if is_sound else 2

"""``vos-annotator export`` and ``formats``: masks out without a window."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from annotator.exchange.exporting import ExportReport, run_export, text_on_stop
from annotator.exchange.formats.base import ExchangeFormat
from annotator.exchange.options import OPTIONS, ExportOptions
from annotator.exchange.registry import FORMATS, format_of, writers
from annotator.exchange.source import ExportSource, Progress
from annotator.model.sequence import FrameSequence
from annotator.storage.errors import FramesMissingError
from annotator.storage.frames_location import locate_frames
from annotator.storage.project import LoadedProject, ProjectPaths, load_project
from annotator.storage.schema import FramesRecord

project_argument = click.argument("project", type=click.Path(path_type=Path))
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_Command = Callable[..., Any]


def _format_options(command: _Command) -> _Command:
    """Add an option for each choice of `OPTIONS`; renumbering is on unless --keep-ids."""
    for spec in reversed(OPTIONS.values()):
        if spec.name == "renumber":
            continue
        flag = f"--{spec.name.replace('_', '-')}"
        keys = ", ".join(each.key for each in FORMATS if spec.name in each.options)
        text = f"{spec.tip} [{keys}]."
        if spec.is_switch:
            command = click.option(flag, spec.name, is_flag=True, help=text)(command)
        else:
            kind = click.IntRange(spec.lowest, spec.highest)
            default = getattr(ExportOptions(), spec.name)
            command = click.option(
                flag, spec.name, type=kind, default=default, show_default=True, help=text
            )(command)
    return command


@click.command()
@project_argument
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder or file.")
@click.option(
    "--format",
    "key",
    type=click.Choice([each.key for each in writers()]),
    default="davis",
    show_default=True,
    help="See vos-annotator formats.",
)
@click.option("--name", default="", help="Name of the sequence [default: the video's].")
@click.option("--keep-ids", is_flag=True, help="Keep object ids instead of numbering from 1.")
@_format_options
@click.option("--overlay", type=click.Path(path_type=Path), help="Also write this overlay video.")
@json_option
def export(
    project: Path,
    out: Path,
    key: str,
    name: str,
    keep_ids: bool,
    overlay: Path | None,
    as_json: bool,
    **choices: Any,
) -> None:
    """Write the masks of PROJECT, read them back, and put their provenance beside them.

    What an interrupted export left is taken up again.
    """
    loaded = load_project(project)
    tell_warnings(loaded.warnings)
    source = _source_of(loaded, project)
    options = ExportOptions(name=name, renumber=not keep_ids, **choices)
    report = _export(format_of(key), source, out, options)
    if overlay is not None:
        _export(format_of("overlay"), source, overlay, options)
    _tell_export(report, overlay, as_json=as_json)


def _export(
    chosen: ExchangeFormat, source: ExportSource, target: Path, options: ExportOptions
) -> ExportReport:
    try:
        with progress_bar(chosen.key) as progress:
            return run_export(chosen, source, target, options, progress)
    except KeyboardInterrupt:
        click.echo(f"{target}: {text_on_stop(chosen)}", err=True)
        raise


def _tell_export(report: ExportReport, overlay: Path | None, *, as_json: bool) -> None:
    if as_json:
        values = {
            "format": report.format_key,
            "folder": str(report.path),
            "frames": report.frame_count,
            "kept": report.kept_count,
            "was_interrupted": report.was_interrupted,
            "ids": {str(old): new for old, new in report.id_map.items()},
            "warnings": list(report.warnings),
            "sidecar": str(report.sidecar),
            "overlay": None if overlay is None else str(overlay),
        }
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    tell_warnings(report.warnings)
    if report.text_on_interruption:
        click.echo(report.text_on_interruption)
    click.echo(f"{report.frame_count} masks of {len(report.id_map)} objects in {report.path}")


@click.command()
def formats() -> None:
    """List every format that can be imported or exported, as a table."""
    click.echo(format_table())


def format_table() -> str:
    """Markdown table of all formats."""
    lines = ["| name | format | in | out | files |", "|---|---|---|---|---|"]
    for each in FORMATS:
        ways = ["yes" if way else "" for way in (each.reads, each.writes)]
        files = f"{each.summary}: `{each.layout}`"
        lines.append(f"| `{each.key}` | {each.title} | {ways[0]} | {ways[1]} | {files} |")
    return "\n".join(lines)


def tell_warnings(warnings: Any) -> None:
    """Print warnings to the error stream."""
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """Show on the terminal how far something is."""
    with tqdm(unit="frame", desc=what, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def sequence_of(frames: FramesRecord, project: Path) -> FrameSequence:
    """Frames of a project, wherever they are now."""
    try:
        place = locate_frames(frames, project)
    except FramesMissingError:
        place = Path(frames.path)
    return FrameSequence(
        place,
        "folder" if frames.kind == "folder" else "video",
        frames.frame_count,
        frames.height,
        frames.width,
        frames.frames_per_second,
    )


def _source_of(loaded: LoadedProject, project: Path) -> ExportSource:
    frames = loaded.record.frames
    sequence = sequence_of(frames, project)
    network = loaded.settings.get("network")
    return ExportSource.of(
        loaded.document,
        sequence,
        has_frames=sequence.path.exists(),
        fingerprint=frames.fingerprint,
        stored_masks=ProjectPaths(project).masks,
        network=network if isinstance(network, str) else None,
    )

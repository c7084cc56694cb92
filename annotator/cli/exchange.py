"""``vos-annotator export``, ``import``, ``formats``: masks in and out without a window."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from annotator.exchange.exporting import ExportReport, run_export
from annotator.exchange.findings import MENDS, REPLACE
from annotator.exchange.found import ImportQuery
from annotator.exchange.importing import import_files, look_at
from annotator.exchange.inspection import ImportReport
from annotator.exchange.options import OPTIONS, ExportOptions
from annotator.exchange.registry import FORMATS, format_of, readers, writers
from annotator.exchange.source import ExportSource, Progress
from annotator.model.history import History
from annotator.model.sequence import FrameSequence
from annotator.storage.errors import FramesMissingError, ProjectError
from annotator.storage.frames_location import locate_frames
from annotator.storage.project import LoadedProject, ProjectPaths, load_project
from annotator.storage.schema import FramesRecord
from annotator.storage.session import ProjectSession
from vos_core.media import MediaError
from vos_core.media.frames import open_frames

project_argument = click.argument("project", type=click.Path(path_type=Path))
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
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
@_json
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
    with _progress(key) as progress:
        report = run_export(format_of(key), source, out, options, progress)
    if overlay is not None:
        with _progress("overlay") as progress:
            run_export(format_of("overlay"), source, overlay, options, progress)
    _tell_export(report, overlay, as_json=as_json)


def _tell_export(report: ExportReport, overlay: Path | None, *, as_json: bool) -> None:
    if as_json:
        values = {
            "format": report.format_key,
            "folder": str(report.path),
            "frames": report.frame_count,
            "kept": report.kept_count,
            "ids": {str(old): new for old, new in report.id_map.items()},
            "warnings": list(report.warnings),
            "sidecar": str(report.sidecar),
            "overlay": None if overlay is None else str(overlay),
        }
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    tell_warnings(report.warnings)
    if report.kept_count:
        click.echo(f"{report.kept_count} files were there already, whole and right")
    click.echo(f"{report.frame_count} masks of {len(report.id_map)} objects in {report.path}")


@click.command("import")
@project_argument
@click.argument("masks", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "key",
    type=click.Choice([each.key for each in readers()]),
    help="What MASKS are [default: what they look like].",
)
@click.option("--sequence", default="", help="Which video, where MASKS hold several.")
@click.option("--frame", default=0, show_default=True, help="Frame of a single picture, from 0.")
@click.option(
    "--mend",
    "mends",
    multiple=True,
    type=click.Choice(["all", *MENDS]),
    help="Accept a mend that --check offers (several times, or all that are recommended).",
)
@click.option(
    "--replace", is_flag=True, help="Also where a person drew: the same as --mend replace."
)
@click.option("--check", is_flag=True, help="Only say what is found; change nothing.")
@_json
def import_command(
    project: Path,
    masks: Path,
    key: str | None,
    sequence: str,
    frame: int,
    mends: tuple[str, ...],
    replace: bool,
    check: bool,
    as_json: bool,
) -> int:
    """Put MASKS into PROJECT, of any format that vos-annotator formats lists.

    All masks are looked at before anything changes; what is wrong is told with the mends for it,
    and without them nothing is imported. Verified masks and locked objects stay as they are.
    """
    session = ProjectSession.open(project)
    is_saved = True
    try:
        if session.is_read_only and not check:
            raise ProjectError(f"{project} cannot be written")
        tell_warnings(session.warnings)
        document = session.document
        if not 0 <= frame < document.frame_count:
            raise ProjectError(
                f"frame {frame} does not exist: frames are 0 to {document.frame_count - 1}"
            )
        query = ImportQuery(
            document.frame_count,
            document.height,
            document.width,
            sequence or _sequence_of(session.frames, project).name,
            _frame_names(session.frames, project),
            frame,
        )
        chosen = None if key is None else format_of(key)
        with _progress("looking") as progress:
            report = look_at(masks, document, chosen=chosen, query=query, progress=progress)
        accepted = set(mends) - {"all"} | ({REPLACE} if replace else set())
        if "all" in mends:
            accepted |= report.recommended
        if check:
            tell_findings(report, as_json=as_json)
            return 2 if report.unmended(accepted) else 0
        command = import_files(document, report, accepted)
        History(document).do(command)
    finally:
        is_saved = session.close()
    if not is_saved and not session.is_read_only:
        raise ProjectError(f"{project} could not be saved")
    changed = len(command.changed_frames)
    if as_json:
        values = {
            "masks": len(report.found.masks),
            "frames": list(command.changed_frames),
            "new_objects": [record.object_id for record in command.added],
        }
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return 0
    click.echo(f"{len(report.found.masks)} masks read, {changed} frames changed")
    return 0


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


def tell_findings(report: ImportReport, *, as_json: bool) -> None:
    """Print what an inspection found."""
    if as_json:
        values = {
            "format": report.found.format_key,
            "masks": len(report.found.masks),
            "sizes": {f"{width}x{height}": n for (height, width), n in report.sizes.items()},
            "objects": {
                str(object_id): {"frames": report.frames_of[object_id], "pixels": pixels}
                for object_id, pixels in sorted(report.pixels.items())
            },
            "findings": [
                {
                    "text": finding.text,
                    "is_fault": finding.is_fault,
                    "mends": {mend.key: mend.text for mend in finding.mends},
                }
                for finding in report.findings
            ],
        }
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    sizes = ", ".join(f"{width}x{height}" for height, width in report.sizes)
    click.echo(f"{len(report.found.masks)} masks ({report.found.format_key}) of {sizes}")
    for object_id, pixels in sorted(report.pixels.items()):
        click.echo(f"object {object_id}: {pixels} pixels in {report.frames_of[object_id]} frames")
    for finding in report.findings:
        click.echo(f"{'fault' if finding.is_fault else 'note'}: {finding.with_mends}")


def tell_warnings(warnings: Any) -> None:
    """Print warnings to the error stream."""
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


@contextmanager
def _progress(what: str) -> Iterator[Progress]:
    with tqdm(unit="frame", desc=what, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def _sequence_of(frames: FramesRecord, project: Path) -> FrameSequence:
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
    sequence = _sequence_of(frames, project)
    network = loaded.settings.get("network")
    return ExportSource.of(
        loaded.document,
        sequence,
        has_frames=sequence.path.exists(),
        fingerprint=frames.fingerprint,
        stored_masks=ProjectPaths(project).masks,
        network=network if isinstance(network, str) else None,
    )


def _frame_names(frames: FramesRecord, project: Path) -> tuple[str, ...]:
    """Names of the pictures of a folder; a video has none."""
    if frames.kind != "folder":
        return ()
    try:
        with open_frames(locate_frames(frames, project)) as source:
            return tuple(source.names)
    except (MediaError, FramesMissingError):
        return ()

"""``vos-annotator import``: masks into a project without a window."""

from __future__ import annotations

import json
from pathlib import Path

import click

from annotator.cli.exchange import (
    json_option,
    progress_bar,
    project_argument,
    sequence_of,
    tell_warnings,
)
from annotator.exchange.choices import LEFT_OUT, NEW_OBJECT, WAYS, ImportChoices, ImportWay
from annotator.exchange.findings import MENDS, REPLACE
from annotator.exchange.found import ImportQuery
from annotator.exchange.importing import import_files, look_at
from annotator.exchange.inspection import ImportReport
from annotator.exchange.registry import format_of, readers
from annotator.model.history import History
from annotator.model.objects import MAX_OBJECT_ID
from annotator.storage.errors import FramesMissingError, ProjectError
from annotator.storage.frames_location import locate_frames
from annotator.storage.schema import FramesRecord
from annotator.storage.session import ProjectSession
from vos_core.media import MediaError
from vos_core.media.frames import open_frames


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
@click.option(
    "--as",
    "way",
    type=click.Choice([way.value for way in ImportWay]),
    default=ImportWay.REPLACE.value,
    show_default=True,
    help=f"{'; '.join(f'{each}: {text}' for each, text in WAYS.items())}.",
)
@click.option(
    "--map",
    "targets",
    multiple=True,
    metavar="FOUND=ID|new|out",
    help="What an object of the files becomes: an object of PROJECT, a new one, or nothing.",
)
@click.option("--check", is_flag=True, help="Only say what is found; change nothing.")
@json_option
def import_command(
    project: Path,
    masks: Path,
    key: str | None,
    sequence: str,
    frame: int,
    mends: tuple[str, ...],
    replace: bool,
    way: str,
    targets: tuple[str, ...],
    check: bool,
    as_json: bool,
) -> int:
    """Put MASKS into PROJECT, of any format that vos-annotator formats lists.

    All masks are looked at before anything changes; what is wrong is told with the mends for it,
    and without them nothing is imported. Verified masks and locked objects stay as they are.
    """
    mapped = _targets(targets)
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
            sequence or sequence_of(session.frames, project).name,
            _frame_names(session.frames, project),
            frame,
        )
        chosen = None if key is None else format_of(key)
        with progress_bar("looking") as progress:
            report = look_at(masks, document, chosen=chosen, query=query, progress=progress)
        accepted = set(mends) - {"all"} | ({REPLACE} if replace else set())
        if "all" in mends:
            accepted |= report.recommended
        choices = ImportChoices(frozenset(accepted), ImportWay(way), mapped)
        if check:
            tell_findings(report, as_json=as_json)
            return 2 if report.unmended(choices.accepted) else 0
        command = import_files(document, report, choices)
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
    added = ", ".join(f"{record.object_id} ({record.name})" for record in command.added)
    new = f", new objects {added}" if added else ""
    click.echo(f"{len(report.found.masks)} masks read, {changed} frames changed{new}")
    return 0


def _targets(words: tuple[str, ...]) -> dict[int, int]:
    """Read FOUND=ID, FOUND=new and FOUND=out.

    Raises:
        click.BadParameter: a word is something else, or an object is named twice.
    """
    targets: dict[int, int] = {}
    for word in words:
        found, _, target = word.partition("=")
        special = {"new": NEW_OBJECT, "out": LEFT_OUT}
        if not _is_number(found) or not (target in special or _is_number(target)):
            raise click.BadParameter(
                f"{word!r}: say what an object of the files becomes, such as 3=1, 3=new or 3=out",
                param_hint="--map",
            )
        if int(found) in targets:
            raise click.BadParameter(f"object {found} is mapped twice", param_hint="--map")
        targets[int(found)] = special[target] if target in special else int(target)
    return targets


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_OBJECT_ID


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


def _frame_names(frames: FramesRecord, project: Path) -> tuple[str, ...]:
    """Names of the pictures of a folder; a video has none."""
    if frames.kind != "folder":
        return ()
    try:
        with open_frames(locate_frames(frames, project)) as source:
            return tuple(source.names)
    except (MediaError, FramesMissingError):
        return ()

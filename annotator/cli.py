"""``vos-annotator``: opens the window, or does a project's work without one."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from annotator.model.errors import ModelError
from annotator.model.history import History
from annotator.model.label_maps import ByteMap
from annotator.storage.errors import ProjectError
from annotator.storage.frames_location import locate_frames
from annotator.storage.mask_import import import_masks, read_masks
from annotator.storage.project import LoadedProject, load_project
from annotator.storage.session import ProjectSession
from annotator.storage.validation import check_project
from vos_core.media import MediaError
from vos_core.media.davis import export_davis_results
from vos_core.media.frames import open_frames
from vos_core.media.overlay import OverlayVideoWriter, blend_label_map

EXIT_USER_MISTAKE = 2
EXIT_OUR_FAULT = 1

_project = click.argument("project", type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", is_flag=True, help="Log what is done.")
def commands(verbose: bool) -> None:
    """Annotate objects in videos.

    ``vos-annotator [PATH] ...`` opens the window, on a video, a folder of frames or a project;
    ``vos-annotator open --help`` lists its options. The commands below work on a project without a
    window; write ./NAME for a path that is called like one of them.
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )


@commands.command(
    "open",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def open_window(arguments: tuple[str, ...]) -> int:
    """Open the window (the same as no command at all)."""
    from annotator.main import main as run_window

    return run_window(list(arguments))


@commands.command()
@_project
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Root of the results.")
@click.option("--name", default=None, help="Name of the sequence [default: the video's].")
@click.option("--keep-ids", is_flag=True, help="Keep object ids instead of numbering from 1.")
@click.option("--overlay", type=click.Path(path_type=Path), help="Also write this overlay video.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def export(
    project: Path, out: Path, name: str | None, keep_ids: bool, overlay: Path | None, as_json: bool
) -> None:
    """Write the masks of PROJECT as DAVIS results: OUT/NAME/00000.png and on, checked."""
    loaded = load_project(project)
    _tell_warnings(loaded)
    document = loaded.document
    result = export_davis_results(
        out,
        _label_maps(loaded),
        sequence=name or Path(loaded.record.frames.path).stem,
        object_ids=document.objects.ids,
        renumber=not keep_ids,
    )
    if overlay is not None:
        _write_overlay(loaded, project, overlay)
    if as_json:
        values = {
            "folder": str(result.folder),
            "frames": result.frame_count,
            "ids": {str(old): new for old, new in result.id_map.items()},
            "warnings": list(result.warnings),
            "overlay": None if overlay is None else str(overlay),
        }
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    for warning in result.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{result.frame_count} masks of {len(result.id_map)} objects in {result.folder}")


@commands.command("import")
@_project
@click.argument("masks", type=click.Path(path_type=Path, exists=True))
@click.option("--frame", default=0, show_default=True, help="Frame of a single PNG, from 0.")
@click.option("--replace", is_flag=True, help="Also where a person drew or corrected.")
def import_command(project: Path, masks: Path, frame: int, replace: bool) -> None:
    """Put MASKS into PROJECT: a palette PNG, or a folder of them named by frame (00012.png).

    All are checked before anything changes. Verified masks and locked objects stay as they are.
    """
    session = ProjectSession.open(project)
    try:
        if session.is_read_only:
            raise ProjectError(f"{project} cannot be written")
        for warning in session.warnings:
            click.echo(f"warning: {warning}", err=True)
        document = session.document
        read = read_masks(masks, document, frame_index=frame)
        changed = import_masks(History(document), document, read, replace=replace)
    finally:
        is_saved = session.close()
    if not is_saved:
        raise ProjectError(f"{project} could not be saved")
    click.echo(f"{len(read)} masks read, {len(changed)} frames changed")


@commands.command()
@_project
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def validate(project: Path, as_json: bool) -> int:
    """Check PROJECT and its frames; exit code 2 when something is wrong. Nothing is changed."""
    report = check_project(project)
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
    return 0 if report.is_sound else EXIT_USER_MISTAKE


def run(arguments: Sequence[str] | None = None) -> int:
    """Run ``vos-annotator`` and return its exit code instead of leaving the process.

    Args:
        arguments: words after the name; those of the process when None.

    Returns:
        0 when all went well, 2 for a user's mistake, 1 for a fault of ours or an interruption.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    own = {*commands.commands, "-h", "--help"}
    first = [word for word in words[:2] if word not in ("-v", "--verbose")]
    if not first or first[0] not in own:
        words = ["open", *words]
    try:
        result = commands.main(args=words, prog_name="vos-annotator", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return EXIT_USER_MISTAKE
    except (ProjectError, ModelError, MediaError, click.ClickException) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"vos-annotator: {' '.join(text.split())}", err=True)
        return EXIT_USER_MISTAKE
    except (click.Abort, KeyboardInterrupt):
        click.echo("vos-annotator: stopped", err=True)
        return EXIT_OUR_FAULT
    except Exception as error:
        logging.getLogger(__name__).info("the traceback", exc_info=True)
        text = " ".join(str(error).split())
        click.echo(f"vos-annotator: a fault of ours: {type(error).__name__}: {text}", err=True)
        return EXIT_OUR_FAULT
    return result if isinstance(result, int) else 0


def main() -> None:
    """Run ``vos-annotator`` with the words of the process and leave it with the exit code."""
    sys.exit(run())


def _label_maps(loaded: LoadedProject) -> Iterator[ByteMap]:
    document = loaded.document
    for index in tqdm(range(document.frame_count), unit="frame", desc="masks", disable=None):
        yield document.label_map(index)


def _write_overlay(loaded: LoadedProject, project: Path, overlay: Path) -> None:
    document, frames = loaded.document, loaded.record.frames
    palette = np.zeros((256, 3), np.uint8)
    for record in document.objects:
        palette[record.object_id] = record.colour
    with (
        open_frames(locate_frames(frames, project)) as source,
        OverlayVideoWriter(
            overlay, document.height, document.width, source.frames_per_second
        ) as writer,
    ):
        for index in tqdm(range(document.frame_count), unit="frame", desc="overlay", disable=None):
            label_map = document.label_map(index)
            writer.write(blend_label_map(source.read(index), label_map, palette=palette))


def _tell_warnings(loaded: LoadedProject) -> None:
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)


if __name__ == "__main__":
    main()

"""``vos-annotator replay`` and ``effort``: what a project's log tells."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from annotator.controller.replay import Replay, differing_frames
from annotator.model.document import Document
from annotator.storage.effort import effort_of
from annotator.storage.errors import ProjectError
from annotator.storage.frames_location import locate_frames
from annotator.storage.interaction_log import LOG_NAME, read_log
from annotator.storage.project import LoadedProject, load_project
from annotator.worker.backend import BackendError, NetworkBackend
from vos_core.media import open_frames
from vos_core.media.davis import export_davis_results

_project = click.argument("project", type=click.Path(path_type=Path))
_LISTED = 12


@click.command()
@_project
@click.option("--out", type=click.Path(path_type=Path), help="Also write the masks made, as DAVIS.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def replay(project: Path, out: Path | None, as_json: bool) -> int:
    """Make the masks of PROJECT again from what was recorded, and compare them with those kept.

    On the same machine, network and number format they are the same byte for byte; exit code 2
    when they are not. The project is not changed.
    """
    loaded = load_project(project)
    kept, frames = loaded.document, loaded.record.frames
    made = Document(kept.frame_count, kept.height, kept.width)
    path = locate_frames(frames, project)
    try:
        with open_frames(path) as source:
            player = Replay(made, path, source.read, NetworkBackend())
            report = player.play(read_log(project / LOG_NAME))
    except BackendError as error:
        raise ProjectError(str(error)) from error
    differing = differing_frames(made, kept)
    if out is not None:
        export_davis_results(
            out,
            (made.label_map(index) for index in range(made.frame_count)),
            sequence=Path(frames.path).stem,
            object_ids=made.objects.ids,
            renumber=False,
        )
    if as_json:
        values = asdict(report) | {"differing_frames": differing}
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return 2 if differing else 0
    for warning in (*loaded.warnings, *report.warnings):
        click.echo(f"warning: {warning}", err=True)
    click.echo(
        f"{report.edits} steps of a person and {report.results} results of the network "
        f"in {report.sessions} sessions"
    )
    if report.unlike:
        click.echo(f"the network gave other bytes in frames {_listed(report.unlike)}")
    if differing:
        click.echo(f"frames {_listed(differing)} differ from the masks kept")
        return 2
    click.echo(f"all {kept.frame_count} frames are the same, byte for byte")
    return 0


@click.command()
@_project
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def effort(project: Path, as_json: bool) -> None:
    """Say how many steps, corrections and seconds each object of PROJECT took."""
    total = effort_of(read_log(project / LOG_NAME))
    if as_json:
        click.echo(json.dumps(asdict(total), ensure_ascii=False, indent=2))
        return
    loaded = load_project(project)
    click.echo(
        f"{total.seconds / 60:.1f} minutes of work in {total.sessions} sessions, "
        f"{total.runs} runs, {total.results} frames from the network, "
        f"{total.undone} steps taken back"
    )
    click.echo(f"{'object':<24}{'steps':>8}{'corrections':>13}{'seconds':>9}")
    for object_id, one in sorted(total.objects.items()):
        name = _name(loaded, object_id)
        click.echo(f"{name:<24}{one.interactions:>8}{one.corrections:>13}{one.seconds:>9.0f}")


def _name(loaded: LoadedProject, object_id: int) -> str:
    objects = loaded.document.objects
    return objects[object_id].name if object_id in objects else f"object {object_id} (deleted)"


def _listed(frames: list[int]) -> str:
    text = ", ".join(map(str, frames[:_LISTED]))
    return text if len(frames) <= _LISTED else f"{text} and {len(frames) - _LISTED} more"

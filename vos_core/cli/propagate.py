"""``vos propagate``: masks of some frames in, masks of all frames out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vos_core.cli.options import (
    device_option,
    make_options,
    mode_option,
    model_option,
    protocol_options,
    scales_option,
)
from vos_core.errors import UserError

if TYPE_CHECKING:
    from vos_core.cli.masks import Plan
    from vos_core.inference import FrameResult, Propagator, PropagatorOptions
    from vos_core.media import FrameSource

RELIABILITY_FOLDER = "reliability"


@dataclass(frozen=True)
class Output:
    """Where the results go.

    Attributes:
        folder: For ``00000.png`` and on.
        save_reliability: Whether reliability maps go to a folder of their own in it.
        overlay: Video to write when all is done.
    """

    folder: Path
    save_reliability: bool = False
    overlay: Path | None = None


@dataclass
class Tally:
    """What a run did, frame by frame."""

    seconds: dict[int, float] = field(default_factory=dict)
    reliability: dict[int, dict[int, float]] = field(default_factory=dict)

    @property
    def frames_per_second(self) -> float:
        """Mean speed over the frames that were segmented."""
        total = sum(self.seconds.values())
        return len(self.seconds) / total if total > 0 else 0.0


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "--mask",
    "masks",
    metavar="[FRAME=]PNG",
    multiple=True,
    required=True,
    help="Palette PNG with object ids, for frame FRAME (the first of the range when not given). "
    "May be repeated.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the masks.")
@model_option
@device_option
@mode_option
@click.option("--start", type=int, help="First frame of the range (0).")
@click.option("--end", type=int, help="Last frame of the range, included (the video's last).")
@click.option(
    "--direction",
    type=click.Choice(["forward", "backward", "both"]),
    default="forward",
    show_default=True,
    help="Which way to go from the masks; both also predicts the frames between two masks from "
    "either side and joins the answers, which takes two visits of each.",
)
@scales_option
@protocol_options
@click.option(
    "--partial",
    is_flag=True,
    help="A mask speaks only of the objects it shows: the others are predicted in its frame too.",
)
@click.option("--save-reliability", is_flag=True, help="Also write OUT/reliability/NNNNN.png.")
@click.option("--overlay", type=click.Path(path_type=Path), help="Also write this MP4.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def propagate(
    source: Path,
    masks: tuple[str, ...],
    out: Path,
    model: str,
    device: str,
    mode: str | None,
    start: int | None,
    end: int | None,
    direction: Any,
    scales: tuple[float, ...],
    flip: bool,
    protocol: str,
    interval: int | None,
    max_entropy: float | None,
    partial: bool,
    save_reliability: bool,
    overlay: Path | None,
    as_json: bool,
) -> None:
    """Carry the masks of some frames through INPUT, a video or a folder of frames.

    Writes OUT/00000.png and on: 8-bit palette PNGs at the frames' own size, one for each frame that
    was reached, numbered by frame. Every file is whole at any moment; after an interruption those
    that were written stay.
    """
    from vos_core.cli.masks import make_plan, parse_mask
    from vos_core.media import open_frames
    from vos_core.media.atomic import check_writable

    with open_frames(source) as frames:
        if frames.notice:
            click.echo(frames.notice, err=True)
        plan = make_plan(
            frames, masks, start=start, end=end, direction=direction, is_partial=partial
        )
        _refuse_to_overwrite_inputs(frames, [parse_mask(text, 0)[1] for text in masks], out)
        check_writable(out)
        propagator = load_propagator(model, device)
        options = make_options(mode, scales, flip, protocol, interval, max_entropy)
        began = time.perf_counter()
        output = Output(out, save_reliability, overlay)
        tally = run_plan(propagator, frames, plan, options, output)
        seconds = time.perf_counter() - began
        report = _report(frames, plan, propagator, tally, output, seconds)
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo(
            f"{report['frames_written']} masks of {report['width']}x{report['height']} in {out}; "
            f"{tally.frames_per_second:.1f} frames per second on {propagator.device_name} "
            f"({propagator.dtype_name})" + (f"; overlay {overlay}" if overlay else "")
        )


def load_propagator(model: str, device: str) -> Propagator:
    """Load the network; torch is imported here and not before."""
    from vos_core.inference import Propagator

    return Propagator.load(model, device)


def run_plan(
    propagator: Propagator,
    frames: FrameSource,
    plan: Plan,
    options: PropagatorOptions,
    output: Output,
) -> Tally:
    """Run every pass of a plan and write each result as it comes.

    Args:
        propagator: The loaded network.
        frames: The video.
        plan: References and passes.
        options: How to run the network.
        output: Where to write.

    Returns:
        Time and reliability of each segmented frame.
    """
    import numpy as np
    from tqdm import tqdm

    from vos_core.media import write_gray_map, write_label_map

    reliability = output.folder / RELIABILITY_FOLDER
    for index, label_map in plan.references.items():
        write_label_map(output.folder / f"{index:05d}.png", label_map)
        if output.save_reliability:
            certain = np.full(label_map.shape, 255, np.uint8)
            write_gray_map(reliability / f"{index:05d}.png", certain)
    tally = Tally()
    with tqdm(unit="frame", disable=None) as bar:
        for result, left in _results(propagator, frames, plan, options):
            bar.total = bar.n + 1 + left
            write_label_map(output.folder / f"{result.index:05d}.png", result.label_map)
            if output.save_reliability:
                write_gray_map(reliability / f"{result.index:05d}.png", result.reliability_map)
            tally.seconds[result.index] = tally.seconds.get(result.index, 0.0) + result.seconds
            tally.reliability[result.index] = dict(result.object_reliability)
            bar.update()
    if output.overlay is not None:
        write_overlay(frames, sorted({*plan.references, *tally.seconds}), output)
    return tally


def _results(
    propagator: Propagator, frames: FrameSource, plan: Plan, options: PropagatorOptions
) -> Iterator[tuple[FrameResult, int]]:
    """Every result, and how many visits are left after it; a later one replaces an earlier."""
    if plan.both_ways is not None:
        yield from _fused_results(propagator, frames, plan, options, *plan.both_ways)
        return
    left = sum(map(len, plan.passes))
    for targets in plan.passes:
        with closing(
            propagator.start(
                frames.read,
                plan.references,
                targets,
                object_ids=plan.object_ids,
                known=plan.known,
                options=options,
            )
        ) as propagation:
            while (result := propagation.step()) is not None:
                left -= 1
                yield result, left


def _fused_results(
    propagator: Propagator,
    frames: FrameSource,
    plan: Plan,
    options: PropagatorOptions,
    first: int,
    last: int,
) -> Iterator[tuple[FrameResult, int]]:
    """Both ways from the first reference, as the window runs it."""
    from vos_core.inference import TwoSidedPropagation, Wish

    wish = Wish.of("both", min(plan.references), first, last, object_ids=plan.object_ids)
    with closing(
        TwoSidedPropagation.start(
            propagator, frames.read, plan.references, wish, known=plan.known, options=options
        )
    ) as propagation:
        while (result := propagation.step()) is not None:
            yield result, propagation.steps_left


def write_overlay(frames: FrameSource, indices: list[int], output: Output) -> None:
    """Lay the written masks over their frames, in order, as a video."""
    from tqdm import tqdm

    from vos_core.media import OverlayVideoWriter, blend_label_map, read_label_map

    if output.overlay is None:
        return
    rate = frames.frames_per_second
    with OverlayVideoWriter(output.overlay, frames.height, frames.width, rate) as writer:
        for index in tqdm(indices, desc="overlay", unit="frame", disable=None):
            label_map = read_label_map(output.folder / f"{index:05d}.png")
            writer.write(blend_label_map(frames.read(index), label_map))


def _refuse_to_overwrite_inputs(frames: FrameSource, masks: list[Path], out: Path) -> None:
    folder = out.resolve()
    if frames.kind == "folder" and folder == frames.path.resolve():
        raise UserError(f"--out {out} is the folder of the frames; give another folder")
    for mask in masks:
        if mask.resolve().parent == folder:
            raise UserError(
                f"--out {out} holds the mask {mask.name}, which would be overwritten; "
                "give another folder"
            )


def _report(
    frames: FrameSource,
    plan: Plan,
    propagator: Propagator,
    tally: Tally,
    output: Output,
    seconds: float,
) -> Mapping[str, Any]:
    return {
        "input": str(frames.path),
        "out": str(output.folder),
        "overlay": None if output.overlay is None else str(output.overlay),
        "width": frames.width,
        "height": frames.height,
        "frames_written": len({*plan.references, *tally.seconds}),
        "reference_frames": sorted(plan.references),
        "object_ids": plan.object_ids,
        "model": propagator.model_name,
        "device": propagator.device_name,
        "dtype": propagator.dtype_name,
        "seconds": round(seconds, 3),
        "frames_per_second": round(tally.frames_per_second, 3),
        "object_reliability": {
            f"{index:05d}": {str(key): round(value, 4) for key, value in by_object.items()}
            for index, by_object in sorted(tally.reliability.items())
        },
    }

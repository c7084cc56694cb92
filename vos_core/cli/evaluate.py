"""``vos evaluate``: J and F of results, of a model or of a baseline, by the DAVIS definitions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vos_core.cli.options import (
    device_option,
    make_options,
    mode_option,
    protocol_options,
    scales_option,
)

if TYPE_CHECKING:
    from vos_core.evaluation.propagate import Propagate
    from vos_core.inference import PropagatorOptions

_FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("--frames", type=_FOLDER, help="Folder with a sub-folder or video for each sequence.")
@click.option(
    "--annotations", type=_FOLDER, required=True, help="Folder with a sub-folder of PNGs for each."
)
@click.option("--sequences", metavar="FILE|a,b", help="Sequences to judge; all when not given.")
@click.option("--results", type=_FOLDER, help="Folder of masks to judge, laid out like these.")
@click.option("--model", help="Weights to run and judge (see: vos weights list).")
@click.option(
    "--baseline",
    type=click.Choice(["copy", "flow"]),
    help="Judge a method that needs no network: first mask copied, or carried by DIS flow.",
)
@device_option
@mode_option
@scales_option
@protocol_options
@click.option("--single-object", is_flag=True, help="Merge all labels into one object.")
@click.option("--perturb", is_flag=True, help="Also under six perturbations: Q_p and R_p.")
@click.option("--save-results", type=_FOLDER, help="Write the masks that were made.")
@click.option("--json", "json_file", type=_FOLDER, help="Write all numbers to this file.")
@click.option("--plot", type=_FOLDER, help="Draw J&F over the time of the video into this picture.")
def evaluate(
    frames: Path | None,
    annotations: Path,
    sequences: str | None,
    results: Path | None,
    model: str | None,
    baseline: str | None,
    device: str,
    mode: str | None,
    scales: tuple[float, ...],
    flip: bool,
    protocol: str,
    interval: int | None,
    max_entropy: float | None,
    single_object: bool,
    perturb: bool,
    save_results: Path | None,
    json_file: Path | None,
    plot: Path | None,
) -> None:
    """Judge masks by region similarity J and contour accuracy F, as the DAVIS benchmark does.

    Give exactly one of --results, --model and --baseline. Prints one line for each object, in per
    cent: means, recall (share of frames above one half) and decay (first quarter minus last).
    """
    _check_choice(results, model, baseline, frames, perturb, save_results)
    from vos_core.evaluation.decay_curve import decay_curve, plot_decay_curves
    from vos_core.evaluation.evaluate import evaluate_sequences
    from vos_core.evaluation.robustness import evaluate_robustness
    from vos_core.evaluation.trees import parse_sequences
    from vos_core.media.atomic import check_writable, write_text_atomic

    names = None if sequences is None else parse_sequences(sequences)
    for path in (json_file, plot):
        if path is not None:
            check_writable(path.parent)
    method = None
    if results is None:
        how = (mode, scales, flip, protocol, interval, max_entropy)
        method = _method(model, baseline, device, lambda: make_options(*how))
    with _Bar() as bar:
        report: Any
        if perturb and method is not None and frames is not None:
            report = evaluate_robustness(
                frames,
                annotations,
                names,
                propagate=method,
                single_object=single_object,
                progress=bar.tell,
            )
        else:
            report = evaluate_sequences(
                frames,
                annotations,
                names,
                results=results,
                propagate=method,
                single_object=single_object,
                save_results=save_results,
                progress=bar.tell,
            )
    click.echo(report.table())
    curves = {name: decay_curve(one) for name, one in report.by_condition().items()}
    if json_file is not None:
        values = report.to_dict() | {"over_time": {k: c.to_dict() for k, c in curves.items()}}
        write_text_atomic(json_file, json.dumps(values, indent=2) + "\n")
    if plot is not None:
        plot_decay_curves(curves, plot)


def _check_choice(
    results: Path | None,
    model: str | None,
    baseline: str | None,
    frames: Path | None,
    perturb: bool,
    save_results: Path | None,
) -> None:
    if sum(value is not None for value in (results, model, baseline)) != 1:
        raise click.UsageError("give exactly one of --results, --model and --baseline")
    if results is None and frames is None:
        raise click.UsageError("--model and --baseline need --frames")
    if results is not None and perturb:
        raise click.UsageError("--perturb runs a method on changed frames: it needs --model")
    if save_results is not None and (results is not None or perturb):
        raise click.UsageError("--save-results goes with --model or --baseline, not --perturb")


def _method(
    model: str | None,
    baseline: str | None,
    device: str,
    options: Callable[[], PropagatorOptions],
) -> Propagate:
    from vos_core.evaluation import propagate as methods

    if baseline == "copy":
        return methods.first_mask_copied
    if baseline == "flow":
        return methods.dis_optical_flow
    from vos_core.cli.propagate import load_propagator

    return methods.with_model(load_propagator(model or "", device), options=options())


class _Bar:
    """A progress bar that starts anew with each sequence."""

    def __init__(self) -> None:
        self._name = ""
        self._bar: Any = None

    def tell(self, name: str, done: int, total: int) -> None:
        from tqdm import tqdm

        if name != self._name:
            self._close()
            self._name = name
            self._bar = tqdm(total=total, desc=name, unit="frame", disable=None, leave=False)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()

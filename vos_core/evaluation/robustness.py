"""Run a method on clean and on perturbed frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vos_core.evaluation.evaluate import Progress, evaluate_sequences
from vos_core.evaluation.perturbations import (
    Perturbation,
    RobustnessReport,
    standard_perturbations,
)
from vos_core.evaluation.propagate import Propagate


def evaluate_robustness(
    frames: str | Path,
    annotations: str | Path,
    sequences: Sequence[str] | None = None,
    *,
    propagate: Propagate,
    perturbations: Sequence[Perturbation] | None = None,
    single_object: bool = False,
    progress: Progress | None = None,
) -> RobustnessReport:
    """Judge a method on the frames as they are and under each perturbation.

    Args:
        frames: As in :func:`evaluate_sequences`.
        annotations: As there.
        sequences: As there.
        propagate: The method.
        perturbations: The six of the benchmark when None.
        single_object: As in :func:`evaluate_sequences`.
        progress: Called with ("perturbation: sequence", frames done, frames in all).

    Raises:
        EvaluationError: Folders, names or sizes do not fit.
        MediaError: A frame or a label map cannot be read.
    """
    chosen = standard_perturbations() if perturbations is None else perturbations
    reports = {}
    for perturbation in (None, *chosen):
        name = "clean" if perturbation is None else perturbation.name
        reports[name] = evaluate_sequences(
            frames,
            annotations,
            sequences,
            propagate=propagate,
            single_object=single_object,
            perturbation=perturbation,
            progress=_named(progress, name),
        )
    return RobustnessReport(reports.pop("clean"), reports)


def _named(progress: Progress | None, name: str) -> Progress | None:
    if progress is None:
        return None
    tell = progress
    return lambda sequence, done, total: tell(f"{name}: {sequence}", done, total)

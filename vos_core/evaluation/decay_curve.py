"""J&F over normalised time: how a method fades along a video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vos_core.errors import UserError
from vos_core.evaluation.report import EvaluationReport


@dataclass(frozen=True)
class DecayCurve:
    """Mean J&F of the frames in each part of the video.

    Attributes:
        times: float64 [B] in (0, 1), middles of the parts.
        jf_mean: float64 [B] in [0, 1], every object counting alike; NaN where no frame fell.
    """

    times: np.ndarray
    jf_mean: np.ndarray

    def to_dict(self) -> dict[str, list[float | None]]:
        """Return JSON-ready lists; None where no frame fell."""
        values = [None if np.isnan(v) else float(v) for v in self.jf_mean]
        return {"times": [float(t) for t in self.times], "jf_mean": values}


def decay_curve(report: EvaluationReport, bins: int = 10) -> DecayCurve:
    """Average J&F over equal parts of every object's video.

    Args:
        report: Of any evaluation.
        bins: Parts.
    """
    rows = np.full((len(report.objects), bins), np.nan)
    for row, score in zip(rows, report.objects, strict=True):
        place = np.minimum((score.times * bins).astype(int), bins - 1)
        values = (score.region + score.contour) / 2
        for part in np.unique(place):
            row[part] = values[place == part].mean()
    seen = ~np.isnan(rows)
    total = np.where(seen, rows, 0.0).sum(axis=0)
    means = np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)
    return DecayCurve((np.arange(bins) + 0.5) / bins, means)


def plot_decay_curves(curves: dict[str, DecayCurve], path: str | Path) -> None:
    """Draw curves of several methods into one picture.

    Args:
        curves: Name of a method to its curve.
        path: Picture to write; the suffix says the format.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(
            "drawing a curve needs matplotlib: pip install 'vos-annotator[train]'"
        ) from error
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    for name, curve in curves.items():
        axes.plot(curve.times, 100 * curve.jf_mean, marker="o", label=name)
    axes.set(xlabel="time, share of the video", ylabel="J&F, per cent", xlim=(0, 1), ylim=(0, 100))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)

"""A curve of a run from its log."""

from __future__ import annotations

import json
from pathlib import Path

from vos_core.errors import UserError

SMOOTHING_STEPS = 50


def read_log(path: Path) -> list[dict[str, float]]:
    """Step records of a run; of a step that was repeated after a resume the last one counts.

    Raises:
        UserError: If the file is missing or a line is not a record.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no training log")
    records: dict[int, dict[str, float]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            values = json.loads(line)
            scores = values["jaccard"]
            records[int(values["step"])] = {
                "step": int(values["step"]),
                "loss": float(values["loss"]),
                "jaccard": sum(scores) / len(scores),
                "seconds": float(values["seconds"]),
            }
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}, line {number}: not a step record ({error!r})") from error
    return [records[step] for step in sorted(records)]


def smoothed(values: list[float], window: int = SMOOTHING_STEPS) -> list[float]:
    """Mean of the last `window` values at each place."""
    result, total = [], 0.0
    for index, value in enumerate(values):
        total += value - (values[index - window] if index >= window else 0.0)
        result.append(total / min(index + 1, window))
    return result


def plot_log(log: Path, image: Path) -> None:
    """Draw loss and training Jaccard over steps.

    Raises:
        UserError: If the log cannot be read or matplotlib is not installed.
    """
    records = read_log(log)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError("plots need matplotlib; run: pip install matplotlib") from None
    figure = Figure(figsize=(8, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [record["step"] for record in records]
    for axis, key in ((left, "loss"), (right, "jaccard")):
        axis.plot(steps, smoothed([record[key] for record in records]))
        axis.set_xlabel("step")
        axis.set_title(f"{key}, mean of the last {SMOOTHING_STEPS} steps")
        axis.grid(alpha=0.3)
    figure.savefig(image, dpi=120)

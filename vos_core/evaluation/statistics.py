"""Mean, recall and decay of a measure over the frames of a sequence, as DAVIS defines them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

RECALL_THRESHOLD = 0.5
_DECAY_BINS = 4


@dataclass(frozen=True)
class Summary:
    """Statistics of one measure.

    Attributes:
        mean: Over the frames, in [0, 1].
        recall: Share of frames above 0.5, in [0, 1].
        decay: Mean of the first quarter minus mean of the last, in [-1, 1]; less is better.
    """

    mean: float
    recall: float
    decay: float

    @classmethod
    def average(cls, summaries: Iterable[Summary]) -> Summary:
        """Average the statistics of several objects, each object counting alike."""
        rows = np.array([[s.mean, s.recall, s.decay] for s in summaries], dtype=np.float64)
        if len(rows) == 0:
            return cls(float("nan"), float("nan"), float("nan"))
        return cls(*(float(value) for value in rows.mean(axis=0)))

    def to_dict(self) -> dict[str, float]:
        """Return the statistics by name."""
        return asdict(self)


def summarise(values: np.ndarray) -> Summary:
    """Summarise a measure over the frames of one object.

    The four bins of the decay are those of the benchmark: their ends are
    ``round(linspace(1, n, 5) + 1e-10) - 1`` and neighbouring bins share an end. (The benchmark
    keeps these ends in 8 bits and is wrong beyond 256 frames; here they are integers.)

    Args:
        values: float64 [T], ascending in time.
    """
    if len(values) == 0:
        nothing = float("nan")
        return Summary(nothing, nothing, nothing)
    ends = np.round(np.linspace(1, len(values), _DECAY_BINS + 1) + 1e-10).astype(int) - 1
    first = values[ends[0] : ends[1] + 1]
    last = values[ends[-2] : ends[-1] + 1]
    return Summary(
        float(values.mean()),
        float((values > RECALL_THRESHOLD).mean()),
        float(first.mean() - last.mean()),
    )

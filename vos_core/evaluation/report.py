"""Records of an evaluation, as a table for people and as JSON for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vos_core.evaluation.statistics import Summary, summarise


@dataclass(frozen=True)
class ObjectScore:
    """One object of one sequence.

    Attributes:
        object_id: Which.
        times: float64 [T] in [0, 1], place of each judged frame between first and last frame.
        region: float64 [T], J of each judged frame.
        contour: float64 [T], F of each judged frame.
    """

    object_id: int
    times: np.ndarray
    region: np.ndarray
    contour: np.ndarray

    @property
    def j(self) -> Summary:
        """Statistics of the region similarity."""
        return summarise(self.region)

    @property
    def f(self) -> Summary:
        """Statistics of the contour accuracy."""
        return summarise(self.contour)

    @property
    def jf_mean(self) -> float:
        """Mean of the two means, in [0, 1]."""
        return (self.j.mean + self.f.mean) / 2


@dataclass(frozen=True)
class SequenceScore:
    """All judged objects of one sequence.

    Attributes:
        name: Of the sequence.
        objects: Ascending by id.
        seconds_per_frame: Time the network took for a frame, None for results from files.
    """

    name: str
    objects: tuple[ObjectScore, ...]
    seconds_per_frame: float | None = None

    @property
    def jf_mean(self) -> float:
        """Mean over the objects, in [0, 1]."""
        return float(np.mean([score.jf_mean for score in self.objects]))


@dataclass(frozen=True)
class EvaluationReport:
    """Scores of a set of sequences; overall figures count objects alike, as DAVIS-2017 does."""

    sequences: tuple[SequenceScore, ...]

    @property
    def objects(self) -> list[ObjectScore]:
        """All objects of all sequences."""
        return [score for sequence in self.sequences for score in sequence.objects]

    @property
    def j(self) -> Summary:
        """Region similarity over all objects."""
        return Summary.average(score.j for score in self.objects)

    @property
    def f(self) -> Summary:
        """Contour accuracy over all objects."""
        return Summary.average(score.f for score in self.objects)

    @property
    def jf_mean(self) -> float:
        """J&F, the mean of the mean J and the mean F, in [0, 1]."""
        return (self.j.mean + self.f.mean) / 2

    def by_condition(self) -> dict[str, EvaluationReport]:
        """Return this one report by name, as a report of several conditions does."""
        return {"clean": self}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values; shares in [0, 1], one value a judged frame."""
        return {
            "jf_mean": self.jf_mean,
            "j": self.j.to_dict(),
            "f": self.f.to_dict(),
            "sequences": [
                {
                    "name": sequence.name,
                    "jf_mean": sequence.jf_mean,
                    "seconds_per_frame": sequence.seconds_per_frame,
                    "objects": [
                        {
                            "object_id": score.object_id,
                            "jf_mean": score.jf_mean,
                            "j": score.j.to_dict(),
                            "f": score.f.to_dict(),
                            "j_per_frame": [round(float(v), 5) for v in score.region],
                            "f_per_frame": [round(float(v), 5) for v in score.contour],
                        }
                        for score in sequence.objects
                    ],
                }
                for sequence in self.sequences
            ],
        }

    def table(self) -> str:
        """Return a text table in per cent: a line for each object, the mean of all objects last."""
        names = [_row_name(s.name, o, len(s.objects)) for s in self.sequences for o in s.objects]
        width = max([len(name) for name in names] + [len("mean of objects")])
        titles = ("J&F", "J mean", "recall", "decay", "F mean", "recall", "decay")
        lines = [" " * width + "".join(f"{title:>8}" for title in titles)]
        for name, score in zip(names, self.objects, strict=True):
            lines.append(_row(name, width, score.jf_mean, score.j, score.f))
        lines.append(_row("mean of objects", width, self.jf_mean, self.j, self.f))
        return "\n".join(lines)


def _row_name(sequence: str, score: ObjectScore, count: int) -> str:
    return sequence if count == 1 else f"{sequence} {score.object_id}"


def _row(name: str, width: int, jf_mean: float, j: Summary, f: Summary) -> str:
    values = (jf_mean, j.mean, j.recall, j.decay, f.mean, f.recall, f.decay)
    return f"{name:<{width}}" + "".join(f"{100 * value:8.1f}" for value in values)

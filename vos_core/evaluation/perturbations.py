"""The six frame perturbations of the AOC paper and the two figures made from them.

Gaussian blur with kernels of 7 and 9, salt-and-pepper on 1,000 and 5,000 points, Gaussian noise of
standard deviation 10 and 30 (of 255). Every frame of the video is perturbed, the first too; masks
are not.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from vos_core.data.appearance import add_gaussian_noise, add_salt_and_pepper
from vos_core.evaluation.report import EvaluationReport


@dataclass(frozen=True)
class Perturbation:
    """One kind of damage at one strength.

    Attributes:
        kind: What is done.
        strength: Kernel side in pixels, number of points, or standard deviation of 255.
        seed: Of the noise; the same seed, sequence and frame give the same noise.
    """

    kind: Literal["gaussian_blur", "salt_and_pepper", "gaussian_noise"]
    strength: int
    seed: int = 0

    @property
    def name(self) -> str:
        """Kind and strength."""
        return f"{self.kind}_{self.strength}"

    def apply(self, frame: np.ndarray, sequence: str, index: int) -> np.ndarray:
        """Return a perturbed copy of a frame.

        Args:
            frame: uint8 [H, W, 3].
            sequence: Name of the sequence; part of the seed.
            index: Of the frame; part of the seed.
        """
        if self.kind == "gaussian_blur":
            return cv2.GaussianBlur(frame, (self.strength, self.strength), 0)
        place = zlib.crc32(f"{self.name}/{sequence}".encode())
        rng = np.random.default_rng([self.seed, place, index])
        if self.kind == "salt_and_pepper":
            return add_salt_and_pepper(frame, self.strength, rng)
        return add_gaussian_noise(frame, float(self.strength), rng)


def standard_perturbations(seed: int = 0) -> tuple[Perturbation, ...]:
    """Return the six perturbations of the benchmark."""
    return (
        Perturbation("gaussian_blur", 7, seed),
        Perturbation("gaussian_blur", 9, seed),
        Perturbation("salt_and_pepper", 1000, seed),
        Perturbation("salt_and_pepper", 5000, seed),
        Perturbation("gaussian_noise", 10, seed),
        Perturbation("gaussian_noise", 30, seed),
    )


@dataclass(frozen=True)
class RobustnessReport:
    """Scores without and with each perturbation.

    With J&F in per cent, ``clean`` = JF_0 and the P perturbed runs JF_1..JF_P:
    Q_p = (1/P) sum JF_p, the mean quality under perturbation, and
    R_p = (1/P) sum (JF_0 - JF_p), the mean drop; less is better.

    Attributes:
        clean: Of the untouched frames.
        perturbed: Name of each perturbation to its report.
    """

    clean: EvaluationReport
    perturbed: dict[str, EvaluationReport]

    @property
    def q_p(self) -> float:
        """Mean J&F under the perturbations, in per cent."""
        return float(np.mean([100 * report.jf_mean for report in self.perturbed.values()]))

    @property
    def r_p(self) -> float:
        """Mean drop of J&F, in points of per cent."""
        return 100 * self.clean.jf_mean - self.q_p

    def by_condition(self) -> dict[str, EvaluationReport]:
        """Reports by name, "clean" first."""
        return {"clean": self.clean, **self.perturbed}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values."""
        return {
            "q_p": self.q_p,
            "r_p": self.r_p,
            "clean": self.clean.to_dict(),
            "perturbed": {name: report.to_dict() for name, report in self.perturbed.items()},
        }

    def table(self) -> str:
        """Return a text table: J&F, J and F in per cent for each perturbation, Q_p and R_p last."""
        rows = self.by_condition().items()
        width = max(len(name) for name, _ in rows)
        lines = [" " * width + f"{'J&F':>8}{'J':>8}{'F':>8}{'drop':>8}"]
        for name, report in rows:
            drop = self.clean.jf_mean - report.jf_mean
            values = (report.jf_mean, report.j.mean, report.f.mean, drop)
            lines.append(f"{name:<{width}}" + "".join(f"{100 * value:8.1f}" for value in values))
        lines.append(f"Q_p {self.q_p:.1f}   R_p {self.r_p:.1f}")
        return "\n".join(lines)

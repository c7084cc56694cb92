"""The six perturbations and the figures made from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vos_core.evaluation.perturbations import standard_perturbations
from vos_core.evaluation.propagate import dis_optical_flow, first_mask_copied
from vos_core.evaluation.robustness import evaluate_robustness


def test_there_are_six_with_the_strengths_of_the_benchmark() -> None:
    assert [p.name for p in standard_perturbations()] == [
        "gaussian_blur_7",
        "gaussian_blur_9",
        "salt_and_pepper_1000",
        "salt_and_pepper_5000",
        "gaussian_noise_10",
        "gaussian_noise_30",
    ]


@pytest.mark.parametrize("perturbation", standard_perturbations(), ids=lambda p: p.name)
def test_noise_depends_on_seed_sequence_and_frame_only(perturbation) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    before = frame.copy()
    made = perturbation.apply(frame, "bear", 3)
    assert np.array_equal(made, perturbation.apply(frame, "bear", 3))
    assert not np.array_equal(made, frame)
    assert np.array_equal(frame, before)
    is_random = perturbation.kind != "gaussian_blur"
    for other in (("bear", 4), ("surf", 3)):
        assert np.array_equal(made, perturbation.apply(frame, *other)) != is_random


def test_a_method_that_does_not_look_loses_nothing(tree: Path) -> None:
    report = evaluate_robustness(
        tree / "frames", tree / "annotations", ["single"], propagate=first_mask_copied
    )
    assert report.r_p == pytest.approx(0.0)
    assert report.q_p == pytest.approx(100 * report.clean.jf_mean)


def test_quality_and_drop_are_means_over_the_perturbations(tree: Path) -> None:
    chosen = [p for p in standard_perturbations() if p.name.endswith(("_9", "_30"))]
    told = []
    report = evaluate_robustness(
        tree / "frames",
        tree / "annotations",
        ["single"],
        propagate=dis_optical_flow,
        perturbations=chosen,
        progress=lambda *call: told.append(call),
    )
    each = [100 * r.jf_mean for r in report.perturbed.values()]
    assert len(each) == 2
    assert report.q_p == pytest.approx(sum(each) / 2)
    assert report.r_p == pytest.approx(100 * report.clean.jf_mean - sum(each) / 2)
    assert report.to_dict()["r_p"] == report.r_p
    assert report.table().splitlines()[-1] == f"Q_p {report.q_p:.1f}   R_p {report.r_p:.1f}"
    assert told[0] == ("clean: single", 1, 9)
    assert told[-1] == ("gaussian_noise_30: single", 9, 9)

"""``vos evaluate``: the numbers come from the evaluation package, the words from here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.fake_propagator import FakePropagator
from vos_core.inference import published_protocol
from vos_core.media import read_label_map, write_label_map

Vos = Callable[..., Any]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two sequences of 6 frames in which a square of 20 pixels moves by 2 pixels a frame."""
    rng = np.random.default_rng(0)
    for name in ("left", "right"):
        (tmp_path / "frames" / name).mkdir(parents=True)
        for index in range(6):
            label_map = np.zeros((60, 80), np.uint8)
            column = 30 + 2 * index * (1 if name == "right" else -1)
            label_map[20:40, column : column + 20] = 1
            write_label_map(tmp_path / "annotations" / name / f"{index:05d}.png", label_map)
            frame = rng.integers(0, 60, (60, 80, 3), np.uint8)
            frame[label_map > 0] += 150
            Image.fromarray(frame).save(tmp_path / "frames" / name / f"{index:05d}.png")
    return tmp_path


def test_perfect_results_score_one(vos: Vos, tree: Path) -> None:
    target = tree / "numbers" / "scores.json"
    outcome = vos(
        "evaluate",
        *("--annotations", tree / "annotations"),
        *("--results", tree / "annotations"),
        *("--json", target),
    )
    assert outcome.code == 0, outcome.err
    assert [line.split()[0] for line in outcome.out.splitlines()[1:3]] == ["left", "right"]
    assert "100.0" in outcome.out
    assert json.loads(target.read_text())["jf_mean"] == pytest.approx(1.0)


def test_the_copied_mask_scores_what_the_overlap_says(vos: Vos, tree: Path) -> None:
    """At frame t the square has moved by 2t of its 20 columns: J = (20 - 2t) / (20 + 2t)."""
    outcome = vos(
        "evaluate",
        *("--frames", tree / "frames"),
        *("--annotations", tree / "annotations"),
        *("--sequences", "right"),
        *("--baseline", "copy"),
        *("--json", tree / "scores.json"),
        *("--save-results", tree / "made"),
    )
    assert outcome.code == 0, outcome.err
    scores = json.loads((tree / "scores.json").read_text())
    expected = np.mean([(20 - 2 * t) / (20 + 2 * t) for t in range(1, 5)])
    assert scores["j"]["mean"] == pytest.approx(expected, abs=1e-6)
    assert [sequence["name"] for sequence in scores["sequences"]] == ["right"]
    assert read_label_map(tree / "made/right/00005.png")[30, 30:50].all()


def test_a_model_is_run_on_every_sequence(vos: Vos, fake: FakePropagator, tree: Path) -> None:
    outcome = vos(
        "evaluate",
        *("--frames", tree / "frames"),
        *("--annotations", tree / "annotations"),
        *("--model", "fake"),
        *("--mode", "mf"),
    )
    assert outcome.code == 0, outcome.err
    assert [start["options"].mode for start in fake.starts] == ["mf", "mf"]


def test_protocol_options_reach_the_network(vos: Vos, fake: FakePropagator, tree: Path) -> None:
    outcome = vos(
        "evaluate",
        *("--frames", tree / "frames"),
        *("--annotations", tree / "annotations"),
        *("--sequences", "left"),
        *("--model", "fake"),
        *("--protocol", "published"),
        *("--scales", "1,1.3,1.5"),
        "--flip",
    )
    assert outcome.code == 0, outcome.err
    assert fake.starts[0]["options"] == published_protocol(scales=(1.0, 1.3, 1.5), flip=True)


def test_perturbed_frames_give_q_p_and_r_p(vos: Vos, fake: FakePropagator, tree: Path) -> None:
    outcome = vos(
        "evaluate",
        *("--frames", tree / "frames"),
        *("--annotations", tree / "annotations"),
        *("--sequences", "left"),
        *("--model", "fake"),
        "--perturb",
    )
    assert outcome.code == 0, outcome.err
    assert len(fake.starts) == 7  # clean and six perturbations
    assert "Q_p" in outcome.out and "R_p 0.0" in outcome.out  # the fake never looks at frames


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "exactly one of --results, --model and --baseline"),
        (["--results", "{tree}/annotations", "--model", "x"], "exactly one of"),
        (["--model", "x"], "need --frames"),
        (["--results", "{tree}/annotations", "--perturb"], "it needs --model"),
        (["--results", "{tree}/annotations", "--sequences", "up"], "no annotations of up"),
        (["--results", "{tree}/nowhere"], "nowhere"),
    ],
)
def test_what_does_not_fit_is_told(vos: Vos, tree: Path, words: list[str], message: str) -> None:
    filled = [word.format(tree=tree) for word in words]
    outcome = vos("evaluate", "--annotations", tree / "annotations", *filled)
    assert outcome.code == 2 and message in outcome.err
    assert "Traceback" not in outcome.err

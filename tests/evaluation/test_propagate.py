"""The two baselines, and the bridge to a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.evaluation.conftest import labels
from tests.support.tiny_network import colour_propagator, moving_squares, overlap
from vos_core.evaluation.evaluate import evaluate_sequences
from vos_core.evaluation.propagate import dis_optical_flow, first_mask_copied, with_model


def test_the_first_mask_is_copied_and_a_later_object_laid_over(tree: Path) -> None:
    references = {0: labels("pair", 0), 3: np.where(labels("pair", 3) == 2, 2, 0).astype(np.uint8)}
    made = dict(first_mask_copied(lambda index: np.empty(0), 5, references))
    assert sorted(made) == [1, 2, 3, 4]
    assert np.array_equal(made[3] == 2, labels("pair", 3) == 2)
    assert np.array_equal(made[2], labels("pair", 0))
    assert np.array_equal(made[4] == 1, labels("pair", 0) == 1)
    assert np.array_equal(made[4] == 2, labels("pair", 4) == 2)


def test_flow_follows_a_moving_object_and_a_copy_does_not(tree: Path) -> None:
    scores = {
        method.__name__: evaluate_sequences(
            tree / "frames", tree / "annotations", ["single"], propagate=method
        )
        for method in (first_mask_copied, dis_optical_flow)
    }
    # copied: shifted by 3 t of 30 columns, J = (30 - 3 t) / (30 + 3 t), t = 1..8
    expected = np.mean([(30 - 3 * t) / (30 + 3 * t) for t in range(1, 9)])
    assert abs(scores["first_mask_copied"].j.mean - expected) < 1e-9
    assert scores["dis_optical_flow"].j.mean > expected + 0.15


@dataclass
class Result:
    index: int
    label_map: np.ndarray


class FakePropagation:
    """Answers with the newest reference; frames whose reference is whole are no targets."""

    def __init__(self, references: dict[int, np.ndarray], targets: Sequence[int]) -> None:
        self.given = dict(references)
        self.targets = list(targets)
        self.log: list[str] = []
        self.whole: set[int] = set()
        self.closed = False

    def step(self) -> Result | None:
        while self.targets and self.targets[0] in self.whole:
            self.targets.pop(0)
        if not self.targets:
            return None
        index = self.targets.pop(0)
        self.log.append(f"step {index}")
        return Result(index, self.given[max(self.given)])

    def correct(self, index: int, label_map: np.ndarray, known: frozenset[int]) -> None:
        self.log.append(f"correct {index} {sorted(known)}")
        if known >= {int(i) for m in self.given.values() for i in np.unique(m) if i}:
            self.whole.add(index)
        self.given[index] = label_map

    def close(self) -> None:
        self.closed = True


class FakePropagator:
    """Starts fake propagations and keeps them."""

    def __init__(self) -> None:
        self.started: list[FakePropagation] = []
        self.modes: list[str] = []

    def start(self, read_frame, references, targets, *, mode: str, options) -> FakePropagation:
        self.modes.append(mode)
        self.started.append(FakePropagation(references, targets))
        return self.started[-1]


def test_a_network_gets_a_later_object_in_time_and_predicts_the_others_there() -> None:
    propagator = FakePropagator()
    later = np.where(labels("pair", 3) == 2, 2, 0).astype(np.uint8)
    references = {0: labels("pair", 0), 3: later}
    steps: Iterator = with_model(propagator, mode="base")(  # type: ignore[arg-type]
        lambda index: np.empty(0), 6, references
    )
    made = dict(steps)
    assert sorted(made) == [1, 2, 3, 4, 5]
    propagation = propagator.started[0]
    assert propagation.log == ["step 1", "step 2", "correct 3 [2]", "step 3", "step 4", "step 5"]
    assert propagation.closed
    assert propagator.modes == ["base"]
    assert np.array_equal(made[5], references[3])


def test_a_later_reference_that_shows_every_object_is_its_own_result() -> None:
    propagator = FakePropagator()
    references = {0: labels("pair", 0), 2: labels("pair", 2), 3: labels("pair", 3)}
    made = dict(with_model(propagator)(lambda index: np.empty(0), 6, references))  # type: ignore[arg-type]
    assert sorted(made) == [1, 2, 3, 4, 5]
    assert propagator.started[0].log == [
        "step 1",
        "correct 2 [1]",
        "correct 3 [1, 2]",
        "step 4",
        "step 5",
    ]
    assert np.array_equal(made[3], labels("pair", 3))


def test_a_real_propagation_keeps_the_first_object_where_the_second_is_given() -> None:
    """YouTube-VOS protocol: predict with the objects known before, lay the given ones over it."""
    frames, truth = moving_squares(5, objects=2, seed=3)
    only = [np.where(truth == i, i, 0).astype(np.uint8) for i in (1, 2)]
    method = with_model(colour_propagator())
    made = dict(method(lambda index: frames[index], 5, {0: only[0][0], 2: only[1][2]}))
    assert sorted(made) == [1, 2, 3, 4]
    assert not (made[1] == 2).any()
    assert np.array_equal(made[2] == 2, only[1][2] == 2)
    for index in (1, 2, 3, 4):
        assert overlap(made[index] == 1, truth[index] == 1) > 0.6

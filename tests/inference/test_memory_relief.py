"""A device without memory: smaller chunks, then smaller inputs; nothing that was done is lost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from tests.support.tiny_network import (
    ColourNetwork,
    colour_propagator,
    moving_squares,
    overlap,
    propagator_of,
)
from vos_core.errors import UserError
from vos_core.inference import Propagator, PropagatorOptions, TwoSidedPropagation, Wish
from vos_core.inference.memory_relief import MemoryRelief, is_out_of_memory
from vos_core.matching import global_matching
from vos_core.networks.aoc_lite import Features, State, StepResult

SIZE = (481, 513)


@pytest.fixture(autouse=True)
def chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(global_matching, "CHUNK_ELEMENTS", 1 << 20)
    monkeypatch.setattr(global_matching, "DEVICE_CHUNK_ELEMENTS", 1 << 20)
    yield


class SmallDevice(ColourNetwork):
    """Steps fail while the input has more rows than fit; `fails` counts the failures."""

    def __init__(self, fits_rows: int, after_frames: int, error: Exception) -> None:
        super().__init__()
        self.fits_rows, self.after_frames, self.error = fits_rows, after_frames, error
        self.steps = self.fails = 0

    def step(self, target: Features, state: State) -> StepResult:
        rows = (target.grid(4)[0] - 1) * 4 + 1
        if self.steps >= self.after_frames and rows > self.fits_rows:
            self.fails += 1
            raise self.error
        self.steps += 1
        return super().step(target, state)


def run(propagator: Propagator, frames: np.ndarray, references: dict[int, np.ndarray]):  # type: ignore[no-untyped-def]
    made = TwoSidedPropagation.start(
        propagator,
        lambda index: frames[index],
        references,
        Wish.of("forward", 0, 0, len(frames) - 1),
        options=PropagatorOptions(mode="mf", interval=2),
    )
    results, notices = {}, []
    while (result := made.step()) is not None:
        results[result.index] = result
        notices += made.take_notices()
    return results, notices + made.take_notices()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to ..."),
    ],
)
def test_it_goes_down_says_so_and_loses_nothing(error: Exception) -> None:
    frames, truth = moving_squares(6, objects=2, seed=3, size=SIZE, side=120)
    network = SmallDevice(300, after_frames=2, error=error)
    results, notices = run(propagator_of(network), frames, {0: truth[0]})
    assert sorted(results) == [1, 2, 3, 4, 5]
    assert network.fails == 4  # whole, in smaller chunks, at 400 and at 336 rows
    assert "smaller chunks" in notices[0]
    for edge, notice in zip((400, 336, 272), notices[1:], strict=True):
        assert f"at {edge} rows" in notice
    for index, result in results.items():
        assert result.label_map.shape == SIZE
        for object_id in (1, 2):
            assert overlap(result.label_map == object_id, truth[index] == object_id) > 0.6


def test_later_passes_stay_where_the_first_went() -> None:
    frames, truth = moving_squares(5, seed=3, size=SIZE, side=120)
    network = SmallDevice(401, after_frames=0, error=MemoryError())
    results, notices = run(propagator_of(network), frames, {0: truth[0], 4: truth[4]})
    assert sorted(results) == [1, 2, 3]
    assert network.fails == 2 and len(notices) == 2  # not again on the way back


def test_with_memory_enough_in_smaller_chunks_the_result_is_the_same() -> None:
    frames, truth = moving_squares(4, objects=2, seed=3)
    expected, nothing = run(colour_propagator(), frames, {0: truth[0]})
    assert nothing == []

    class OneFailure(SmallDevice):
        def step(self, target: Features, state: State) -> StepResult:
            self.fits_rows = 0 if self.fails == 0 else 10_000
            return super().step(target, state)

    network = OneFailure(0, after_frames=0, error=MemoryError())
    results, notices = run(propagator_of(network), frames, {0: truth[0]})
    assert len(notices) == 1 and network.fails == 1
    for index, result in results.items():
        np.testing.assert_array_equal(result.label_map, expected[index].label_map)


def test_when_nothing_smaller_is_left_it_stops_with_the_cause() -> None:
    frames, truth = moving_squares(4, seed=3, size=SIZE, side=120)
    network = SmallDevice(1, after_frames=1, error=MemoryError())
    with pytest.raises(UserError, match="too small even for frames of 144 rows"):
        run(propagator_of(network), frames, {0: truth[0]})


def test_other_errors_are_no_lack_of_memory() -> None:
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))
    frames, truth = moving_squares(3)
    network = SmallDevice(1, after_frames=0, error=RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        run(propagator_of(network), frames, {0: truth[0]})
    assert network.fails == 1


def test_a_small_video_starts_below_its_own_size() -> None:
    relief = MemoryRelief(torch.device("cpu"), (240, 400))
    options, _ = relief.go_down(PropagatorOptions())
    assert options.short_edge == 480  # chunks first
    options, text = relief.go_down(options)
    assert options.short_edge == 208 and "208 rows instead of 240" in text

"""``vos benchmark``: the arithmetic, the rendered scene, and the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.fake_propagator import FakePropagator
from vos_core.cli.benchmark import WARM_UP_FRAMES, moving_scene, peak_memory_bytes, time_setting

Vos = Callable[..., Any]


@pytest.mark.parametrize("objects", [1, 3, 10, 40])
def test_every_object_stays_in_the_picture_and_moves(objects: int) -> None:
    first, later = (moving_scene(index, 120, 214, objects) for index in (0, 9))
    for frame, label_map in (first, later):
        assert frame.shape == (120, 214, 3) and frame.dtype == np.uint8
        assert np.unique(label_map).tolist() == list(range(objects + 1))
    assert (first[1] != later[1]).any()
    again = moving_scene(9, 120, 214, objects)
    np.testing.assert_array_equal(again[0], later[0])


def test_the_warm_up_and_the_reading_of_frames_do_not_count(fake: FakePropagator) -> None:
    timing = time_setting(fake, 60, 80, 2, 5, None)  # type: ignore[arg-type]
    assert timing.frame_count == 5
    assert fake.starts[0]["targets"] == list(range(1, WARM_UP_FRAMES + 6))
    assert timing.median_ms == pytest.approx(6.0)  # 10 ms a frame, 4 of them reading
    assert timing.lower_quartile_ms == timing.upper_quartile_ms == pytest.approx(6.0)
    assert timing.stage_median_ms == pytest.approx({"encode": 2.0, "segment": 4.0})


def test_the_record_says_on_what_it_was_measured(
    vos: Vos, fake: FakePropagator, tmp_path: Path
) -> None:
    words = ["--size", "60x80", "--objects", "3,1", "--frames", "4", "--json", tmp_path / "b.json"]
    outcome = vos("benchmark", *words)
    assert outcome.code == 0, outcome.err
    assert "1 objects:     6.0 ms a frame" in outcome.out
    record = json.loads((tmp_path / "b.json").read_text())
    assert (record["height"], record["width"], record["device"]) == (60, 80, "cpu")
    assert [timing["object_count"] for timing in record["timings"]] == [1, 3]
    assert {"commit", "processor", "torch", "torch_threads"} <= set(record)
    assert record["timings"][0]["peak_memory_bytes"] > 10 * 2**20


def test_peak_memory_is_in_bytes_and_never_falls() -> None:
    before = peak_memory_bytes("cpu")
    block = np.ones(64 * 2**20, np.uint8)
    assert peak_memory_bytes("cpu") >= max(before, block.nbytes)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--size", "large"], "'large' is no size"),
        (["--size", "0x854"], "'0x854' is no size"),
        (["--objects", "0"], "no list of numbers"),
        (["--objects", "a,b"], "no list of numbers"),
    ],
)
def test_nonsense_is_refused(vos: Vos, words: list[str], message: str) -> None:
    outcome = vos("benchmark", *words)
    assert outcome.code == 2 and message in outcome.err

"""``vos benchmark``: the arithmetic, the rendered scene, and the record."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.networks_published.small_networks import SmallTrunk
from tests.support.fake_propagator import FakePropagator
from vos_core.cli import benchmark as command
from vos_core.cli.benchmark_networks import RANDOM_WEIGHTS, first_logits, load_column, watching
from vos_core.cli.benchmark_timing import (
    WARM_UP_FRAMES,
    moving_scene,
    peak_memory_bytes,
    time_setting,
)
from vos_core.errors import UserError
from vos_core.networks.cfbi import Cfbi
from vos_core.networks.published import ReleasedBehaviour
from vos_core.networks.published_presets import PRESETS, PublishedPreset
from vos_core.weights import published

RELEASED = ReleasedBehaviour(bgr_input=True)
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


def test_peak_memory_is_in_bytes() -> None:
    before = peak_memory_bytes("cpu")
    block = np.ones(64 * 2**20, np.uint8)
    assert peak_memory_bytes("cpu") >= max(before, block.nbytes)


@pytest.fixture
def small_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let "cfbi" be a network of a few channels whose weights nobody imported."""
    preset = PublishedPreset("cfbi", lambda it: Cfbi(SmallTrunk(), behaviour=it), RELEASED)
    monkeypatch.setitem(PRESETS, "cfbi", preset)
    monkeypatch.setattr(published, "weights_folder", lambda: Path("nowhere"))


@pytest.mark.usefixtures("small_published")
def test_a_network_without_weights_runs_with_random_ones_and_says_so(vos: Vos) -> None:
    words = ["--model", "cfbi", "--size", "33x49", "--objects", "2", "--frames", "2"]
    outcome = vos("benchmark", *words, "--dtype", "float32")
    assert outcome.code == 0, outcome.err
    assert RANDOM_WEIGHTS in outcome.out
    assert "matching" in outcome.out and "head" in outcome.out


@pytest.mark.usefixtures("small_published")
def test_the_plain_column_gives_the_same_logits() -> None:
    first, second = (moving_scene(index, 33, 49, 2) for index in (0, 2))
    found = []
    for is_plain in (False, True):
        column = load_column("cfbi", "cpu", "float32", is_plain=is_plain)
        logits = first_logits(column.propagator, first, second[0], (1, 2))
        assert logits is not None and logits.shape == (3, 9, 13)
        found.append(logits)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-3, atol=1e-3)


@pytest.mark.usefixtures("small_published")
def test_the_parts_of_a_network_are_timed_only_while_watched() -> None:
    propagator = load_column("cfbi", "cpu", "float32", is_plain=False).propagator
    with watching(propagator) as watch:
        first = moving_scene(0, 33, 49, 1)
        first_logits(propagator, first, first[0], (1,))
        taken = watch.take()
        assert set(taken) == {"matching", "head"} and min(taken.values()) > 0
        assert watch.take() == {}
    first_logits(propagator, first, first[0], (1,))
    assert watch.take() == {}


def test_both_columns_are_printed_and_recorded(
    vos: Vos, fake: FakePropagator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def time_plain(words: list[str], *_: Any) -> dict[str, Any]:
        asked.append(words)
        timing = time_setting(fake, 60, 80, 1, 2, None)  # type: ignore[arg-type]
        known = {"largest_logit": 8.0, "largest_logit_difference": 2e-5}
        return asdict(timing) | {"median_ms": 30.0} | known

    monkeypatch.setattr(command, "_time_plain", time_plain)
    words = ["--size", "60x80", "--objects", "1", "--frames", "4", "--plain", "2"]
    outcome = vos("benchmark", *words, "--json", tmp_path / "b.json")
    assert outcome.code == 0, outcome.err
    assert "5.0 times the fast one" in outcome.out and "2.0e-05" in outcome.out
    assert asked[0][asked[0].index("--frames") + 1] == "2"
    record = json.loads((tmp_path / "b.json").read_text())
    assert record["plain"][0]["median_ms"] == 30.0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("size", "objects"), [("480x854", 10), ("1080x1920", 3)])
def test_cfbi_plus_keeps_within_three_gigabytes(size: str, objects: int, tmp_path: Path) -> None:
    """The full network, in a process of its own so that nothing else counts."""
    record = tmp_path / "b.json"
    words = ["--model", "cfbi-plus", "--size", size, "--objects", str(objects), "--frames", "2"]
    words += ["--dtype", "float32", "--device", "cpu", "--json", str(record)]
    subprocess.run([sys.executable, "-m", "vos_core", "benchmark", *words], check=True)
    (timing,) = json.loads(record.read_text())["timings"]
    assert 0.5e9 < timing["peak_memory_bytes"] < 3e9


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


def test_windows_are_an_option_of_aoc_lite_alone() -> None:
    for has_windows, fewest in ((None, 6), (False, None), (True, 2)):
        column = load_column("aoc-lite", "cpu", "float32", is_plain=False, has_windows=has_windows)
        rules = column.propagator.network.window_rules  # type: ignore[attr-defined]
        assert getattr(rules, "fewest", None) == fewest
    plain = load_column("aoc-lite", "cpu", "float32", is_plain=True)
    assert plain.propagator.network.window_rules is None  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="only the fast form of aoc-lite"):
        load_column("aoc-lite", "cpu", "float32", is_plain=True, has_windows=True)
    with pytest.raises(UserError, match="cfbi has no windows"):
        load_column("cfbi", "cpu", "float32", is_plain=False, has_windows=True)

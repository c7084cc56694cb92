"""The demo: the whole job by the real window, here with the fake network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from annotator.demo import run_demo
from annotator.demo.outputs import clear_earlier_results
from tests.support.fake_backend import FakeBackend
from vos_core.media import open_frames, read_gray_map, read_label_map

pytestmark = pytest.mark.gui


def test_the_demo_leaves_masks_reliability_video_screenshots_and_report(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    code = run_demo(out, frame_count=10, backend=FakeBackend(seconds=0.02), sample_name="synthetic")
    report = json.loads((out / "report.json").read_text())
    assert code == 0 and report["error"] is None
    assert report["propagation"]["frames"] == 9
    assert report["frames_after_pause"] <= 1
    masks = sorted((out / "masks" / "synthetic").glob("*.png"))
    assert [m.name for m in masks] == [f"{i:05d}.png" for i in range(10)]
    assert set(np.unique(read_label_map(masks[0]))) == {0, 1, 2}
    assert len(list((out / "reliability").glob("*.png"))) == 10
    assert read_gray_map(out / "reliability" / "00003.png").dtype == np.uint8
    with open_frames(out / "overlay.mp4") as video:
        assert video.frame_count == 10
    assert len(list((out / "screenshots").glob("*.png"))) >= 8


def test_a_network_that_fails_fails_the_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = FakeBackend(load_error="no weights are installed")
    code = run_demo(tmp_path / "demo", frame_count=6, backend=backend, sample_name="synthetic")
    assert code == 1
    assert "no weights" in capsys.readouterr().err


def test_an_earlier_demo_is_replaced_but_not_what_else_lies_there(tmp_path: Path) -> None:
    for name in ("masks", "screenshots"):
        (tmp_path / name).mkdir()
    (tmp_path / "report.json").write_text('{"gui_tick_gap": {}}')
    (tmp_path / "thesis.tex").write_text("years of work")
    clear_earlier_results(tmp_path, "walker")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    (tmp_path / "report.json").write_text('{"somebody": "else"}')
    clear_earlier_results(tmp_path, "walker")
    assert (tmp_path / "report.json").exists()


def test_too_few_frames_are_refused(tmp_path: Path) -> None:
    assert run_demo(tmp_path / "demo", frame_count=2) == 2

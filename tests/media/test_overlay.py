"""Overlays as pictures and as video."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.videos import number_of, numbered_frame
from vos_core.media import OutputError, OverlayVideoWriter, blend_label_map, open_frames
from vos_core.media.overlay import label_contours


def test_colours_are_mixed_inside_and_nothing_changes_outside() -> None:
    frame = np.full((5, 6, 3), 100, np.uint8)
    label_map = np.zeros((5, 6), np.uint8)
    label_map[1:4, 2:5] = 1  # (128, 0, 0)
    before = frame.copy()
    result = blend_label_map(frame, label_map, opacity=0.5, contour=False)
    np.testing.assert_array_equal(frame, before)
    assert np.unique(result[label_map == 1], axis=0).tolist() == [[114, 50, 50]]
    assert np.unique(result[label_map == 0]).tolist() == [100]


def test_the_contour_is_the_outermost_ring_in_full_colour() -> None:
    frame = np.full((5, 6, 3), 100, np.uint8)
    label_map = np.zeros((5, 6), np.uint8)
    label_map[1:4, 2:5] = 2  # (0, 128, 0)
    result = blend_label_map(frame, label_map, opacity=0.0, contour=True)
    assert result[2, 3].tolist() == [100, 100, 100]  # the one pixel inside
    ring = [(1, 2), (1, 3), (1, 4), (2, 2), (2, 4), (3, 2), (3, 3), (3, 4)]
    assert {tuple(result[place].tolist()) for place in ring} == {(0, 128, 0)}
    assert np.unique(result[label_map == 0]).tolist() == [100]


def test_contours_run_between_touching_objects_but_not_along_the_picture() -> None:
    label_map = np.array([[1, 1, 1, 2, 2, 2]] * 3, np.uint8)
    assert (label_contours(label_map)[1] > 0).tolist() == [False, False, True, True, False, False]
    label_map = np.array([[0, 0, 5, 5, 5, 0]] * 3, np.uint8)  # background has no contour of its own
    assert (label_contours(label_map)[1] > 0).tolist() == [False, False, True, False, True, False]


def test_a_palette_of_ones_own() -> None:
    palette = np.zeros((256, 3), np.uint8)
    palette[7] = (1, 2, 3)
    result = blend_label_map(
        np.zeros((2, 2, 3), np.uint8), np.full((2, 2), 7, np.uint8), opacity=1.0, palette=palette
    )
    assert np.unique(result.reshape(-1, 3), axis=0).tolist() == [[1, 2, 3]]


def test_what_cannot_be_blended_is_refused() -> None:
    frame = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="size"):
        blend_label_map(frame, np.zeros((4, 5), np.uint8))
    with pytest.raises(ValueError, match="opacity"):
        blend_label_map(frame, np.ones((4, 4), np.uint8), opacity=1.5)


def test_a_1080p_overlay_takes_a_few_milliseconds() -> None:
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, (1080, 1920, 3), np.uint8)
    label_map = np.zeros((1080, 1920), np.uint8)
    label_map[200:900, 300:1500] = 3
    best = min(_seconds(frame, label_map) for _ in range(5))
    assert best < 0.1  # about 0.012 alone on one core; ten times that is a defect


def _seconds(frame: np.ndarray, label_map: np.ndarray) -> float:
    start = time.process_time()
    blend_label_map(frame, label_map)
    return time.process_time() - start


@pytest.mark.parametrize("size", [(64, 96), (63, 97), (64, 97)])
def test_a_written_video_reads_back_frame_by_frame(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "deeper" / "overlay.mp4"
    with OverlayVideoWriter(path, *size, 12.5) as writer:
        for index in range(20):
            writer.write(numbered_frame(index, *size))
    assert [file.name for file in path.parent.iterdir()] == ["overlay.mp4"]
    with open_frames(path) as frames:
        assert frames.frame_count == 20
        assert frames.frames_per_second == pytest.approx(12.5)
        assert (frames.height, frames.width) == (size[0] + size[0] % 2, size[1] + size[1] % 2)
        assert [number_of(frames.read(index)) for index in range(20)] == list(range(20))


def test_a_failure_leaves_no_half_video_and_keeps_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "overlay.mp4"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), OverlayVideoWriter(path, 64, 96, 25) as writer:
        writer.write(numbered_frame(0))
        raise RuntimeError("stopped")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["overlay.mp4"]


def test_a_frame_of_another_size_and_a_blocked_place_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="the video is"),
        OverlayVideoWriter(tmp_path / "a.mp4", 64, 96, 25) as writer,
    ):
        writer.write(numbered_frame(0, 32, 32))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="file"):
        OverlayVideoWriter(tmp_path / "file" / "a.mp4", 64, 96, 25)

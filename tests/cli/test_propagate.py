"""``vos propagate``: what is written, in which order frames are visited, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.fake_propagator import FakePropagator
from tests.support.videos import constant_times, write_numbered_video
from vos_core.cli import propagate
from vos_core.inference import published_protocol
from vos_core.media import (
    OutputError,
    open_frames,
    read_gray_map,
    read_label_map,
    voc_palette,
    write_label_map,
)

Vos = Callable[..., Any]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_every_frame_gets_a_palette_png(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    out = tmp_path / "deep" / "out"
    outcome = vos("propagate", video, "--mask", mask, "--out", out)
    assert outcome.code == 0, outcome.err
    assert names_in(out) == [f"{index:05d}.png" for index in range(10)]
    given = read_label_map(mask)
    for index in range(10):
        with Image.open(out / f"{index:05d}.png") as image:
            assert image.mode == "P" and image.size == (96, 64)
        expected = np.roll(given, index, axis=1)
        np.testing.assert_array_equal(read_label_map(out / f"{index:05d}.png"), expected)
    assert "10 masks of 96x64" in outcome.out and "frames per second on cpu" in outcome.out
    assert fake.closed == 1


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        ([], [[5, 6, 7, 8, 9]]),
        (["--direction", "backward"], [[3, 2, 1, 0]]),
        (["--direction", "both"], [[5, 6, 7, 8, 9], [3, 2, 1, 0]]),
        (["--start", "3", "--end", "6", "--direction", "both"], [[5, 6], [3]]),
        (["--direction", "both", "--start", "4"], [[5, 6, 7, 8, 9]]),
    ],
)
def test_direction_and_range(
    vos: Vos,
    fake: FakePropagator,
    video: Path,
    mask: Path,
    tmp_path: Path,
    words: list[str],
    passes: list[list[int]],
) -> None:
    outcome = vos("propagate", video, "--mask", f"4={mask}", "--out", tmp_path / "out", *words)
    assert outcome.code == 0, outcome.err
    assert [start["targets"] for start in fake.starts] == passes
    written = sorted({4, *(index for targets in passes for index in targets)})
    assert names_in(tmp_path / "out") == [f"{index:05d}.png" for index in written]


def test_several_masks_are_references_and_no_targets(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second.png"
    write_label_map(second, np.full((64, 96), 9, np.uint8))
    vos("propagate", video, "--mask", f"2={mask}", "--mask", f"6={second}", "--out", tmp_path / "o")
    (start,) = fake.starts
    assert sorted(start["references"]) == [2, 6]
    assert start["targets"] == [3, 4, 5, 7, 8, 9]
    assert start["object_ids"] == [1, 2, 9]


def test_both_ways_predicts_between_two_masks_from_either_side_and_joins_the_answers(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    given = read_label_map(mask)
    second = tmp_path / "second.png"
    write_label_map(second, np.roll(given, 20, axis=1))  # four columns a frame, not one
    words = ["--mask", f"2={mask}", "--mask", f"7={second}", "--direction", "both", "--json"]
    outcome = vos("propagate", video, *words, "--mode", "mf", "--out", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    passes = [start["targets"] for start in fake.starts]
    assert passes == [[3, 4, 5, 6], [6, 5, 4, 3], [8, 9], [1, 0]]
    assert {start["options"].mode for start in fake.starts} == {"mf"}
    assert names_in(tmp_path / "out") == [f"{index:05d}.png" for index in range(10)]

    def written(index: int) -> np.ndarray:
        return read_label_map(tmp_path / f"out/{index:05d}.png")

    np.testing.assert_array_equal(written(3), np.roll(given, 1, axis=1))  # the near side's word
    np.testing.assert_array_equal(written(6), np.roll(given, 19, axis=1))
    np.testing.assert_array_equal(written(9), np.roll(given, 22, axis=1))
    np.testing.assert_array_equal(written(0), np.roll(given, -2, axis=1))
    np.testing.assert_array_equal(written(7), read_label_map(second))
    # 8 frames of 12 visits, a hundredth of a second each
    assert json.loads(outcome.out)["frames_per_second"] == pytest.approx(66.67, abs=0.01)


def test_both_ways_a_partial_mask_is_completed_from_either_side(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    given = read_label_map(mask)
    later = tmp_path / "later.png"
    write_label_map(later, np.where(given == 2, 2, 0).astype(np.uint8))
    words = ["--mask", f"0={mask}", "--mask", f"4={later}", "--direction", "both", "--partial"]
    assert vos("propagate", video, *words, "--out", tmp_path / "out").code == 0
    found = read_label_map(tmp_path / "out/00004.png")
    np.testing.assert_array_equal(found == 2, given == 2)
    np.testing.assert_array_equal(found == 1, (np.roll(given, 4, axis=1) == 1) & (given != 2))


def test_a_mask_without_a_number_is_for_the_start(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    vos("propagate", video, "--mask", mask, "--start", "7", "--out", tmp_path / "out")
    assert fake.starts[0]["targets"] == [8, 9]


def test_a_sign_in_a_file_name_is_no_frame_number(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "a=b.png"
    mask.rename(odd)
    assert vos("propagate", video, "--mask", odd, "--out", tmp_path / "out").code == 0


def test_options_reach_the_network(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    words = ["--mode", "mf", "--scales", "1.0,1.3", "--flip"]
    assert vos("propagate", video, "--mask", mask, "--out", tmp_path / "out", *words).code == 0
    options = fake.starts[0]["options"]
    assert (options.mode, options.scales, options.flip) == ("mf", (1.0, 1.3), True)
    assert options.sizing == "short-edge"


def test_the_published_protocol_is_a_choice_and_single_options_go_before_it(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    words = ["--mode", "mf", "--protocol", "published", "--interval", "3", "--max-entropy", "0.5"]
    assert vos("propagate", video, "--mask", mask, "--out", tmp_path / "out", *words).code == 0
    expected = published_protocol(mode="mf", interval=3, max_entropy=0.5)
    assert fake.starts[0]["options"] == expected
    assert published_protocol().max_entropy == 1.0  # alpha of the paper
    outcome = vos("propagate", video, "--mask", mask, "--out", tmp_path / "o", "--interval", "0")
    assert outcome.code == 2 and "--interval" in outcome.err


def test_a_partial_mask_leaves_the_other_objects_to_be_predicted(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    later = tmp_path / "later.png"
    write_label_map(later, np.where(read_label_map(mask) == 2, 2, 0).astype(np.uint8))
    first = tmp_path / "first.png"
    write_label_map(first, np.where(read_label_map(mask) == 1, 1, 0).astype(np.uint8))
    words = ["--mask", f"0={first}", "--mask", f"4={later}", "--mask", f"7={mask}", "--partial"]
    outcome = vos("propagate", video, *words, "--out", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    (start,) = fake.starts
    assert start["known"] == {0: {1}, 4: {2}, 7: {1, 2}}
    assert start["targets"] == [1, 2, 3, 4, 5, 6, 8, 9]  # 7 shows every object
    assert names_in(tmp_path / "out") == [f"{index:05d}.png" for index in range(10)]


def test_reliability_overlay_and_json(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    out, film = tmp_path / "out", tmp_path / "film" / "overlay.mp4"
    words = ["--save-reliability", "--overlay", film, "--json", "--direction", "both"]
    outcome = vos("propagate", video, "--mask", f"3={mask}", "--out", out, *words)
    assert outcome.code == 0, outcome.err
    assert names_in(out / "reliability") == [f"{index:05d}.png" for index in range(10)]
    assert np.unique(read_gray_map(out / "reliability/00000.png")).tolist() == [200]
    assert np.unique(read_gray_map(out / "reliability/00003.png")).tolist() == [255]
    with open_frames(film) as frames, open_frames(video) as plain:
        assert frames.frame_count == 10
        # inside object 2 half of the palette's green is mixed in, in the order of the frames
        row, column = 50, 25 + 4
        mixed = frames.read(7)[row, column].astype(int)
        expected = (plain.read(7)[row, column].astype(int) + voc_palette()[2]) / 2
        assert np.abs(mixed - expected).max() < 25
    report = json.loads(outcome.out)
    assert report["frames_written"] == 10 and report["reference_frames"] == [3]
    assert report["object_ids"] == [1, 2] and report["device"] == "cpu"
    assert report["frames_per_second"] == pytest.approx(100)
    assert report["object_reliability"]["00004"] == {"1": 0.75, "2": 0.75}


def test_a_folder_of_frames_works_too(
    vos: Vos, fake: FakePropagator, mask: Path, tmp_path: Path
) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in (8, 9, 10):
        Image.new("RGB", (96, 64)).save(frames / f"shot{number}.jpg")
    assert vos("propagate", frames, "--mask", mask, "--out", tmp_path / "out").code == 0
    assert names_in(tmp_path / "out") == ["00000.png", "00001.png", "00002.png"]


def test_an_interruption_leaves_whole_files(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    fake.fail_at, fake.error = 5, RuntimeError("the network broke")
    out = tmp_path / "out"
    outcome = vos("propagate", video, "--mask", mask, "--out", out)
    assert outcome.code == 1 and "the network broke" in outcome.err
    assert names_in(out) == [f"{index:05d}.png" for index in range(5)]
    assert fake.closed == 1
    fake.fail_at = None
    assert vos("propagate", video, "--mask", mask, "--out", out).code == 0
    assert names_in(out) == [f"{index:05d}.png" for index in range(10)]


def bad_masks(folder: Path) -> dict[str, tuple[Path, str]]:
    """Return, for each kind of bad mask, a file and what the message must say."""
    ids = np.zeros((64, 96), np.uint8)
    write_label_map(folder / "size.png", np.ones((32, 96), np.uint8))
    write_label_map(folder / "void.png", np.where(np.eye(64, 96) > 0, 255, ids).astype(np.uint8))
    write_label_map(folder / "none.png", ids)
    Image.new("RGB", (96, 64), (128, 0, 0)).save(folder / "rgb.png")
    many = np.arange(64 * 96).reshape(64, 96) % 300
    colours = np.stack([many % 256, many // 256, many * 0], axis=2).astype(np.uint8)
    Image.fromarray(colours).save(folder / "many.png")
    (folder / "text.png").write_text("no picture")
    return {
        "size": (folder / "size.png", "the mask is 96x32, the video is 96x64"),
        "void": (folder / "void.png", "64 pixels have the value 255"),
        "none": (folder / "none.png", "holds no object"),
        "rgb": (folder / "rgb.png", "saved as RGB"),
        "many": (folder / "many.png", "300 colours"),
        "text": (folder / "text.png", "not a picture"),
        "gone": (folder / "gone.png", "no such file"),
    }


@pytest.mark.parametrize("kind", ["size", "void", "none", "rgb", "many", "text", "gone"])
def test_a_bad_mask_is_one_line_that_names_it_and_nothing_is_written(
    vos: Vos, fake: FakePropagator, video: Path, tmp_path: Path, kind: str
) -> None:
    path, words = bad_masks(tmp_path)[kind]
    outcome = vos("propagate", video, "--mask", path, "--out", tmp_path / "out")
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert line.startswith("vos: ") and path.name in line and words in line
    assert not (tmp_path / "out").exists() and fake.starts == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"a text", "not a video"),
        ("empty.mp4", b"", "the file is empty"),
        ("gone.mp4", None, "no such file or folder"),
    ],
)
def test_a_bad_input_is_one_line(
    vos: Vos, mask: Path, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    outcome = vos("propagate", path, "--mask", mask, "--out", tmp_path / "out")
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert name in line and words in line
    assert not (tmp_path / "out").exists()


def test_a_cut_off_video_is_used_as_far_as_it_goes_and_told(
    vos: Vos, fake: FakePropagator, mask: Path, tmp_path: Path
) -> None:
    whole = write_numbered_video(
        tmp_path / "whole.mp4", constant_times(30), container_options={"movflags": "faststart"}
    )
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    outcome = vos("propagate", cut, "--mask", mask, "--out", tmp_path / "out")
    assert outcome.code == 0
    (line,) = outcome.err.splitlines()
    count = len(names_in(tmp_path / "out"))
    assert 5 < count < 30
    assert line == f"{cut}: the video is damaged or cut off; {count} of 30 frames are used"


def test_an_empty_folder_and_mixed_sizes_are_one_line(vos: Vos, mask: Path, tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    outcome = vos("propagate", frames, "--mask", mask, "--out", tmp_path / "out")
    assert outcome.code == 2 and "no frame in this folder" in outcome.err
    for index, width in enumerate([96, 96, 80]):
        Image.new("RGB", (width, 64)).save(frames / f"{index}.png")
    outcome = vos("propagate", frames, "--mask", mask, "--out", tmp_path / "out")
    assert outcome.code == 2 and "2.png: this frame is 80x64, the others are 96x64" in outcome.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mask", "12={mask}"], "for frame 12, outside the frames 0 to 9"),
        (["--mask", "{mask}", "--end", "10"], "frames 0 to 10 do not exist"),
        (["--mask", "{mask}", "--start", "5", "--end", "4"], "frames 5 to 4 do not exist"),
        (["--mask", "{mask}", "--start", "-1"], "frames -1 to 9 do not exist"),
        (["--mask", "{mask}", "--mask", "0={mask}"], "two masks for frame 0"),
        (["--mask", "9={mask}"], "no frame to segment going forward"),
        (["--mask", "{mask}", "--direction", "backward"], "no frame to segment going backward"),
        (["--mask", "{mask}", "--scales", "1,x"], "no list of numbers"),
        (["--mask", "{mask}", "--scales", "9"], "scales are from"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(
    vos: Vos,
    fake: FakePropagator,
    video: Path,
    mask: Path,
    tmp_path: Path,
    words: list[str],
    message: str,
) -> None:
    filled = [word.format(mask=mask) for word in words]
    outcome = vos("propagate", video, "--out", tmp_path / "out", *filled)
    assert outcome.code == 2 and message in outcome.err
    assert not (tmp_path / "out").exists()


def test_inputs_are_never_overwritten(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    outcome = vos("propagate", video, "--mask", mask, "--out", mask.parent)
    assert outcome.code == 2 and "holds the mask mask.png" in outcome.err
    frames = tmp_path / "frames"
    frames.mkdir()
    for index in range(3):
        Image.new("RGB", (96, 64)).save(frames / f"{index:05d}.png")
    outcome = vos("propagate", frames, "--mask", mask, "--out", frames)
    assert outcome.code == 2 and "the folder of the frames" in outcome.err


def test_a_folder_that_cannot_be_written_is_told_before_the_network_is_loaded(
    vos: Vos, monkeypatch: pytest.MonkeyPatch, video: Path, mask: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(propagate, "load_propagator", None)  # calling it would be a fault of ours
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    outcome = vos("propagate", video, "--mask", mask, "--out", blocked)
    assert outcome.code == 2 and f"cannot write into {blocked}" in outcome.err


def test_a_full_disk_on_the_way_is_told(
    vos: Vos, fake: FakePropagator, video: Path, mask: Path, tmp_path: Path
) -> None:
    fake.fail_at, fake.error = 3, OutputError("cannot write 00003.png: no space left on device")
    outcome = vos("propagate", video, "--mask", mask, "--out", tmp_path / "out")
    assert outcome.code == 2 and "no space left" in outcome.err


def test_unknown_weights_and_devices_are_told(
    vos: Vos, video: Path, mask: Path, tmp_path: Path
) -> None:
    words = ["propagate", video, "--mask", mask, "--out", tmp_path / "out"]
    outcome = vos(*words, "--model", "nonsense")
    assert outcome.code == 2 and "no weights named 'nonsense'" in outcome.err
    outcome = vos(*words, "--device", "toaster")
    assert outcome.code == 2 and "no device named 'toaster'" in outcome.err


def test_a_device_that_is_not_there_is_told(
    vos: Vos, monkeypatch: pytest.MonkeyPatch, video: Path, mask: Path, tmp_path: Path
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    words = ["--mask", mask, "--out", tmp_path / "out", "--device", "cuda"]
    outcome = vos("propagate", video, *words)
    assert outcome.code == 2
    assert "this machine has no cuda device" in outcome.err and "it has: cpu" in outcome.err


def test_damaged_weights_are_told(vos: Vos, video: Path, mask: Path, tmp_path: Path) -> None:
    weights = tmp_path / "broken.safetensors"
    weights.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00not json")
    words = ["--mask", mask, "--out", tmp_path / "out", "--model", weights]
    outcome = vos("propagate", video, *words)
    assert outcome.code == 2 and "broken.safetensors" in outcome.err and "damaged" in outcome.err


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("other", ["'other'", "not for 'aoc-lite'"]),
        ("rpcm", ["does not fit", "'rpcm'", "unknown: x"]),
    ],
)
def test_weights_for_another_network_are_told(
    vos: Vos, video: Path, mask: Path, tmp_path: Path, network: str, words: list[str]
) -> None:
    import torch
    from safetensors.torch import save_file

    weights = tmp_path / "weights.safetensors"
    save_file({"x": torch.zeros(1)}, weights, {"network": network})
    out = tmp_path / "out"
    outcome = vos("propagate", video, "--mask", mask, "--out", out, "--model", weights)
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert "weights.safetensors" in line and all(word in line for word in words)

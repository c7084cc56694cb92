"""Palette PNGs: what is written, what is read back, and what is refused with which words."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support.disks import closed, refusing
from vos_core.media import (
    LabelMapError,
    OutputError,
    encode_label_map,
    read_gray_map,
    read_label_map,
    voc_palette,
    write_gray_map,
    write_label_map,
)
from vos_core.media.atomic import check_writable, replacing, write_text_atomic


def test_palette_by_the_values_that_the_benchmark_publishes() -> None:
    palette = voc_palette()
    assert palette.shape == (256, 3) and palette.dtype == np.uint8
    assert palette[:8].tolist() == [
        [0, 0, 0],
        [128, 0, 0],
        [0, 128, 0],
        [128, 128, 0],
        [0, 0, 128],
        [128, 0, 128],
        [0, 128, 128],
        [128, 128, 128],
    ]
    assert palette[8].tolist() == [64, 0, 0]  # bit 3 is the second highest bit of red
    assert palette[255].tolist() == [224, 224, 192]
    assert len(np.unique(palette, axis=0)) == 256


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_what_is_encoded_comes_back(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    label_map = rng.integers(0, 255, (height, width), np.uint8)
    with Image.open(io.BytesIO(encode_label_map(label_map))) as image:
        np.testing.assert_array_equal(np.array(image), label_map)


def test_the_file_is_an_8_bit_palette_png_with_all_256_colours(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_label_map(path, np.array([[0, 1], [2, 254]], np.uint8))
    data = path.read_bytes()
    assert data[24] == 8 and data[25] == 3  # IHDR: bit depth 8, colour type 3 (indexed)
    length = int.from_bytes(data[data.index(b"PLTE") - 4 : data.index(b"PLTE")], "big")
    assert length == 768
    with Image.open(path) as image:
        assert image.mode == "P"
        assert bytes(image.getpalette() or []) == voc_palette().tobytes()
    assert read_label_map(path).tolist() == [[0, 1], [2, 254]]


def test_one_bit_two_bit_and_grey_masks_are_ids_as_they_stand(tmp_path: Path) -> None:
    ids = np.array([[0, 1, 1], [1, 0, 1]], np.uint8)
    Image.fromarray(ids.astype(bool)).save(tmp_path / "one.png")
    Image.fromarray(ids * 3).save(tmp_path / "grey.png")
    short = Image.fromarray(ids * 3).convert("L")
    palette = Image.frombytes("P", short.size, short.tobytes())
    palette.putpalette([0, 0, 0, 9, 9, 9, 5, 5, 5, 255, 0, 0])  # Pillow stores 2 bits for this
    palette.save(tmp_path / "two.png")
    assert (tmp_path / "two.png").read_bytes()[24] == 2
    assert read_label_map(tmp_path / "one.png").tolist() == ids.tolist()
    assert read_label_map(tmp_path / "grey.png").tolist() == (ids * 3).tolist()
    assert read_label_map(tmp_path / "two.png").tolist() == (ids * 3).tolist()


def test_another_size_names_both(tmp_path: Path) -> None:
    write_label_map(tmp_path / "a.png", np.ones((10, 20), np.uint8))
    assert read_label_map(tmp_path / "a.png", (10, 20)).shape == (10, 20)
    with pytest.raises(LabelMapError, match=r"a\.png: the mask is 20x10, the video is 30x40"):
        read_label_map(tmp_path / "a.png", (40, 30))


def test_rgb_is_refused_and_the_davis_palette_is_recognised(tmp_path: Path) -> None:
    colours = voc_palette()[np.array([[0, 1], [2, 1]])]
    Image.fromarray(colours).save(tmp_path / "davis.png")
    with pytest.raises(LabelMapError, match=r"davis\.png: .*3 colours.*DAVIS palette.*indexed PNG"):
        read_label_map(tmp_path / "davis.png")
    Image.fromarray(np.array([[[255, 0, 0], [1, 2, 3]]], np.uint8)).save(tmp_path / "other.png")
    with pytest.raises(LabelMapError, match=r"other\.png: it holds 2 colours") as caught:
        read_label_map(tmp_path / "other.png")
    assert "DAVIS" not in str(caught.value)


def test_300_colours_are_refused_in_rgb_and_in_16_bits(tmp_path: Path) -> None:
    values = np.arange(300)
    rgb = np.stack([values % 256, values // 256, values * 0], axis=1).astype(np.uint8)
    Image.fromarray(rgb.reshape(15, 20, 3)).save(tmp_path / "rgb.png")
    with pytest.raises(LabelMapError, match=r"rgb\.png: it holds 300 colours"):
        read_label_map(tmp_path / "rgb.png")
    cv2.imwrite(str(tmp_path / "deep.png"), values.reshape(15, 20).astype(np.uint16))
    with pytest.raises(LabelMapError, match=r"deep\.png: .*more than 8 bits.*300 different"):
        read_label_map(tmp_path / "deep.png")


def test_255_is_refused_with_the_mend_that_fits(tmp_path: Path) -> None:
    write_label_map(tmp_path / "void.png", np.array([[0, 1, 255]], np.uint8))
    with pytest.raises(LabelMapError, match=r"void\.png: 1 pixels .*255.*do not judge"):
        read_label_map(tmp_path / "void.png")
    assert read_label_map(tmp_path / "void.png", allow_void=True).tolist() == [[0, 1, 255]]
    Image.fromarray(np.array([[0, 255, 255]], np.uint8)).save(tmp_path / "white.png")
    with pytest.raises(LabelMapError, match=r"2 pixels .*black and white.*as 1 instead of 255"):
        read_label_map(tmp_path / "white.png")


def test_no_object_is_refused_where_one_is_required(tmp_path: Path) -> None:
    write_label_map(tmp_path / "a.png", np.zeros((3, 3), np.uint8))
    assert not read_label_map(tmp_path / "a.png").any()
    with pytest.raises(LabelMapError, match=r"a\.png: the mask holds no object"):
        read_label_map(tmp_path / "a.png", require_object=True)


def test_what_is_missing_damaged_or_no_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelMapError, match=r"gone\.png: no such file"):
        read_label_map(tmp_path / "gone.png")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(LabelMapError, match=r"text\.png: not a picture"):
        read_label_map(tmp_path / "text.png")
    noise = np.random.default_rng(0).integers(0, 200, (64, 64), np.uint8)
    whole = encode_label_map(noise)
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LabelMapError, match=r"cut\.png: "):
        read_label_map(tmp_path / "cut.png")
    with pytest.raises(LabelMapError, match="folder: cannot be read"):
        (tmp_path / "folder").mkdir()
        read_label_map(tmp_path / "folder")


@pytest.mark.parametrize(
    "array", [np.zeros((2, 2), np.int64), np.zeros((2, 2, 3), np.uint8), np.zeros((0, 4), np.uint8)]
)
def test_an_array_that_is_no_label_map_is_not_written(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(LabelMapError, match=r"uint8 \[H, W\]"):
        write_label_map(tmp_path / "a.png", array)
    assert list(tmp_path.iterdir()) == []


def test_grey_maps_keep_every_value(tmp_path: Path) -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    write_gray_map(tmp_path / "a.png", values)
    np.testing.assert_array_equal(read_gray_map(tmp_path / "a.png"), values)
    write_label_map(tmp_path / "p.png", values // 2)
    with pytest.raises(LabelMapError, match="not an 8-bit grey picture"):
        read_gray_map(tmp_path / "p.png")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_text_atomic(path, "old")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OutputError, match=r"a\.txt: no space left on device"):
        write_text_atomic(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text_atomic(path, "old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_new_file_has_the_permissions_that_new_files_have(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    write_text_atomic(tmp_path / "atomic", "x")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(OutputError, match="file"):
        write_label_map(blocked / "00000.png", np.ones((2, 2), np.uint8))
    with pytest.raises(OutputError, match=f"cannot write into {blocked}"):
        check_writable(blocked)


def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "not mine"
    folder.mkdir()
    with closed(folder), pytest.raises(OutputError, match=r"not mine.*permission denied"):
        check_writable(folder)


@pytest.mark.parametrize(
    ("error", "words", "room"),
    [
        (errno.EROFS, "read-only file system", 0),
        *((errno.ENOSPC, "no space left", room) for room in range(3)),
    ],
)
def test_a_map_that_finds_no_room_leaves_the_one_before(
    tmp_path: Path, error: int, words: str, room: int
) -> None:
    path = tmp_path / "00000.png"
    write_label_map(path, np.ones((2, 2), np.uint8))
    with (
        refusing(tmp_path, error, after=room),
        pytest.raises(OutputError, match=rf"00000\.png.*{words}"),
    ):
        write_label_map(path, np.full((2, 2), 7, np.uint8))
    assert (read_label_map(path) == 1).all()
    assert [file.name for file in tmp_path.iterdir()] == ["00000.png"]


def test_a_read_only_system_folder_is_named() -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("no folder here that nobody can write")
    with pytest.raises(OutputError, match="/proc/self/out"):
        check_writable("/proc/self/out")

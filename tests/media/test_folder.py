"""Folders of pictures: order, every kind of pixel, orientation, and what is refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from vos_core.media import FrameSourceError, open_frames
from vos_core.media.folder import read_picture


def save_plain(path: Path, value: int = 0, size: tuple[int, int] = (8, 6)) -> None:
    Image.new("RGB", size, (value, value, value)).save(path)


def test_names_are_in_natural_order_and_other_files_are_left_alone(tmp_path: Path) -> None:
    for number in (10, 2, 1, 100):
        save_plain(tmp_path / f"frame{number}.png", number)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "deeper.png").mkdir()
    with open_frames(tmp_path) as frames:
        assert frames.kind == "folder"
        assert list(frames.names) == ["frame1", "frame2", "frame10", "frame100"]
        assert [int(frames.read(index)[0, 0, 0]) for index in range(4)] == [1, 2, 10, 100]
        assert (frames.height, frames.width, frames.frames_per_second) == (6, 8, 25.0)
        with pytest.raises(IndexError):
            frames.read(4)


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "PNG"])
def test_every_suffix_is_read(tmp_path: Path, suffix: str) -> None:
    picture = Image.new("RGB", (32, 16), (200, 100, 50))
    picture.save(tmp_path / f"a.{suffix}", quality=100)
    with open_frames(tmp_path) as frames:
        frame = frames.read(0)
    assert frame.shape == (16, 32, 3) and frame.dtype == np.uint8 and frame.flags.c_contiguous
    assert np.abs(frame.astype(int) - [200, 100, 50]).max() <= 3


def test_sixteen_bits_are_scaled_by_257(tmp_path: Path) -> None:
    grey = np.array([[0, 128, 129, 257, 25700, 65535]], np.uint16)
    cv2.imwrite(str(tmp_path / "grey.png"), grey)
    assert read_picture(tmp_path / "grey.png")[0, :, 1].tolist() == [0, 0, 1, 1, 100, 255]
    colour = np.zeros((4, 4, 3), np.uint16)
    colour[:] = [100 * 257, 50 * 257, 200 * 257]  # blue, green, red
    for name in ("colour.png", "colour.tif"):
        cv2.imwrite(str(tmp_path / name), colour)
        assert read_picture(tmp_path / name)[0, 0].tolist() == [200, 50, 100]


def test_grey_bilevel_palette_and_cmyk_become_rgb(tmp_path: Path) -> None:
    Image.new("L", (3, 2), 77).save(tmp_path / "grey.png")
    Image.new("1", (3, 2), 1).save(tmp_path / "bilevel.png")
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    palette.save(tmp_path / "palette.png")
    Image.new("CMYK", (3, 2), (0, 0, 0, 0)).save(tmp_path / "cmyk.tif")
    assert read_picture(tmp_path / "grey.png")[0, 0].tolist() == [77, 77, 77]
    assert read_picture(tmp_path / "bilevel.png")[0, 0].tolist() == [255, 255, 255]
    assert read_picture(tmp_path / "palette.png")[0, 0].tolist() == [10, 20, 30]
    assert read_picture(tmp_path / "cmyk.tif")[0, 0].tolist() == [255, 255, 255]


def test_transparent_pixels_lie_on_black(tmp_path: Path) -> None:
    Image.fromarray(np.array([[[200, 100, 50, 0], [200, 100, 50, 255]]], np.uint8)).save(
        tmp_path / "a.png"
    )
    assert read_picture(tmp_path / "a.png")[0].tolist() == [[0, 0, 0], [200, 100, 50]]


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [  # where the white corner, top left in the file, stands when shown: (row, column)
        (1, (0, 0)),
        (2, (0, -1)),
        (3, (-1, -1)),
        (4, (-1, 0)),
        (5, (0, 0)),
        (6, (0, -1)),
        (7, (-1, -1)),
        (8, (-1, 0)),
    ],
)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_exif_orientation_is_applied(
    tmp_path: Path, orientation: int, corner: tuple[int, int], suffix: str
) -> None:
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:8, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(stored).save(path, exif=exif, quality=95)
    with open_frames(tmp_path) as frames:
        shown = frames.read(0)
    assert shown.shape[:2] == ((32, 16) if orientation >= 5 else (16, 32))
    corners = {place: shown[place].mean() for place in ((0, 0), (0, -1), (-1, 0), (-1, -1))}
    assert max(corners, key=lambda place: corners[place]) == corner
    assert sum(value > 128 for value in corners.values()) == 1


def test_an_empty_folder_says_what_would_be_a_frame(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing here")
    with pytest.raises(FrameSourceError, match=r"no frame in this folder.*jpg.*png"):
        open_frames(tmp_path)


def test_the_odd_frame_is_named_with_both_sizes(tmp_path: Path) -> None:
    for index in range(5):
        save_plain(tmp_path / f"{index:05d}.png", size=(20, 10) if index != 3 else (24, 12))
    with pytest.raises(FrameSourceError, match=r"00003\.png: .* 24x12, .* 20x10"):
        open_frames(tmp_path)


def test_the_odd_frame_is_named_even_when_it_is_the_first(tmp_path: Path) -> None:
    for index in range(4):
        save_plain(tmp_path / f"{index:05d}.png", size=(20, 10) if index else (24, 12))
    with pytest.raises(FrameSourceError, match=r"00000\.png: .* 24x12, .* 20x10"):
        open_frames(tmp_path)


def test_two_pictures_of_one_frame_are_refused(tmp_path: Path) -> None:
    save_plain(tmp_path / "00000.jpg")
    save_plain(tmp_path / "00000.png")
    with pytest.raises(FrameSourceError, match=r"00000\.jpg and 00000\.png"):
        open_frames(tmp_path)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "00000.png")
    whole = (tmp_path / "00000.png").read_bytes()
    (tmp_path / "00001.png").write_bytes(whole[: len(whole) // 2])
    with open_frames(tmp_path) as frames:
        np.testing.assert_array_equal(frames.read(0), noise)
        with pytest.raises(FrameSourceError, match=r"00001\.png"):
            frames.read(1)


@pytest.mark.parametrize("content", [b"not a picture", b""])
def test_a_file_that_only_has_the_name_of_a_picture_is_named(
    tmp_path: Path, content: bytes
) -> None:
    save_plain(tmp_path / "00000.png")
    (tmp_path / "00001.png").write_bytes(content)
    with pytest.raises(FrameSourceError, match=r"00001\.png: not a picture"):
        open_frames(tmp_path)


def test_opening_many_pictures_tells_how_far_it_is(tmp_path: Path) -> None:
    for index in range(40):
        Image.new("RGB", (4, 3)).save(tmp_path / f"{index}.png")
    shares: list[float] = []
    with open_frames(tmp_path, on_progress=shares.append) as frames:
        assert frames.names[9:12] == ("9", "10", "11")
    assert shares == [0.0, 0.4, 0.8]


def write_deep(path: Path, values: np.ndarray, kind: str) -> None:
    """Write 16-bit values, grey [H, W] or the same as colour."""
    deep = values.astype(np.uint16)
    stored = deep if kind.startswith("grey") else np.repeat(deep[:, :, None], 3, axis=2)
    assert cv2.imwrite(str(path.with_suffix(kind[-4:])), stored)


@pytest.mark.parametrize("kind", ["grey.png", "rgb_.png", "grey.tif", "rgb_.tif"])
@pytest.mark.parametrize(("largest", "white"), [(900, 1023), (4095, 4095), (9000, 16383)])
def test_sixteen_bits_of_which_fewer_are_used_are_not_black(
    tmp_path: Path, kind: str, largest: int, white: int
) -> None:
    for number, value in enumerate((largest // 3, largest, largest // 2)):
        write_deep(tmp_path / f"{number}", np.full((6, 8), value), kind)
    with open_frames(tmp_path) as frames:
        assert frames.notice is not None and str(white) in frames.notice
        shown = [int(frames.read(number)[0, 0, 1]) for number in range(3)]
    assert shown == [round(v * 255 / white) for v in (largest // 3, largest, largest // 2)]


def test_sixteen_bits_in_full_use_and_eight_bits_are_left_as_they_are(tmp_path: Path) -> None:
    write_deep(tmp_path / "0", np.full((6, 8), 51400), "grey.png")
    with open_frames(tmp_path) as frames:
        assert frames.notice is None and frames.read(0)[0, 0].tolist() == [200] * 3
    (tmp_path / "0.png").unlink()
    save_plain(tmp_path / "0.png", 9)
    with open_frames(tmp_path) as frames:
        assert frames.notice is None and frames.read(0)[0, 0].tolist() == [9] * 3


def test_a_frame_brighter_than_those_looked_at_is_white_and_not_wrapped(tmp_path: Path) -> None:
    for number in range(30):  # of which eight are looked at; the second is not
        write_deep(
            tmp_path / f"{number}", np.full((6, 8), 2000 if number == 1 else 600), "grey.png"
        )
    with open_frames(tmp_path) as frames:
        assert frames.read(1)[0, 0].tolist() == [255] * 3
        assert frames.read(2)[0, 0].tolist() == [150] * 3

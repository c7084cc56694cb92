"""A folder of pictures as frames, in natural order (frame2 before frame10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from natsort import natsorted, ns
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from vos_core.media.atomic import reason
from vos_core.media.errors import FrameSourceError
from vos_core.media.frames import FOLDER_FRAMES_PER_SECOND, FrameSource, Progress

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
FULL_WHITE = 65535
"""White of a 16-bit picture that uses its whole range."""

_WHITES = (255, 1023, 4095, 16383, FULL_WHITE)
_LOOKED_AT = 8
_FILES_A_REPORT = 16
_ORIENTATION_TAG = 0x0112
_ROTATED_BY_QUARTER = frozenset({5, 6, 7, 8})
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class FolderFrames(FrameSource):
    """The pictures that lie directly in a folder; the headers of all are checked when it opens.

    Args:
        path: The folder.
        on_progress: See ``open_frames``.

    Raises:
        FrameSourceError: No picture in it, two with one stem, or two sizes.
    """

    def __init__(self, path: Path, *, on_progress: Progress | None = None) -> None:
        self.path = path
        self.kind = "folder"
        self.frames_per_second = FOLDER_FRAMES_PER_SECOND
        self._files = _picture_files(path)
        self.names = tuple(file.stem for file in self._files)
        self.frame_count = len(self._files)
        _check_stems(self._files)
        self.height, self.width = _common_size(self._files, on_progress)
        self._white = white_of(self._files)
        if self._white != FULL_WHITE:
            self.notice = (
                f"{path}: frames of 16 bits of which {self._white.bit_length()} are in use; the "
                f"value {self._white} counts as white"
            )

    def _read(self, index: int) -> NDArray[np.uint8]:
        return read_picture(self._files[index], white=self._white)


def white_of(files: Sequence[Path]) -> int:
    """Find which value of 16-bit frames is white, by the largest value of some of them.

    Many cameras and microscopes deliver 10, 12 or 14 bits in files of 16; taken as 16 they would be
    black.

    Args:
        files: Pictures of one sequence; up to eight, evenly spaced, are looked at if the first has
            16 bits.

    Returns:
        255, 1023, 4095, 16383 or 65535; 65535 for pictures of 8 bits too.
    """
    count = min(len(files), _LOOKED_AT)
    chosen = [files[number * (len(files) - 1) // max(count - 1, 1)] for number in range(count)]
    largest = 0
    for file in chosen:
        try:
            if not _has_sixteen_bits(file):
                return FULL_WHITE
            largest = max(largest, int(_decode_with_opencv(file).max()))
        except FrameSourceError:
            continue  # told when the frame is shown
    return next(white for white in _WHITES if white >= largest) if largest else FULL_WHITE


def _has_sixteen_bits(path: Path) -> bool:
    with _opened(path) as image:
        if image is None:
            return bool(_decode_with_opencv(path).dtype == np.uint16)
        return _is_deep(image)


def _is_deep(image: Image.Image) -> bool:
    """Whether the file has 16 bits, whatever Pillow makes of them."""
    for tile in getattr(image, "tile", ()):
        how = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if how and ";16" in str(how[0]):
            return True
    return image.mode.startswith("I;16")


def read_picture(path: str | Path, *, white: int = FULL_WHITE) -> NDArray[np.uint8]:
    """Read any picture as 8-bit RGB, upright.

    Sixteen-bit values are scaled to eight, grey is repeated, transparent pixels are laid on black,
    and the orientation that a camera noted (EXIF) is applied.

    Args:
        path: The file: JPEG, PNG, WebP, BMP or TIFF.
        white: The value of a 16-bit picture that becomes 255; what is above it does too.

    Returns:
        uint8 [H, W, 3], RGB.

    Raises:
        FrameSourceError: It is not a picture, or it is damaged.
    """
    path = Path(path)
    with _opened(path) as image:
        is_grey = image is not None and image.mode.startswith("I")
        if image is None or (white != FULL_WHITE and not is_grey and _is_deep(image)):
            return _read_with_opencv(path, white)  # Pillow keeps the high byte of 16-bit colours
        turn = _TRANSPOSES.get(_orientation(image))
        image.load()
        return _to_rgb(image if turn is None else image.transpose(turn), path, white)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image | None]:
    """Open a picture by its header; None when Pillow does not know the format."""
    try:
        image = Image.open(path)
    except UnidentifiedImageError:
        image = None
    except (Image.DecompressionBombError, OSError) as error:
        raise FrameSourceError(f"{path}: damaged or not readable ({reason(error)})") from error
    if image is None:
        yield None
        return
    with image:
        try:
            yield image
        except (SyntaxError, ValueError, OSError) as error:
            raise FrameSourceError(f"{path}: damaged or not readable ({reason(error)})") from error


def _picture_files(folder: Path) -> list[Path]:
    try:
        files = [
            file
            for file in folder.iterdir()
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
        ]
    except OSError as error:
        raise FrameSourceError(f"{folder}: cannot be read ({reason(error)})") from error
    if not files:
        kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        raise FrameSourceError(f"{folder}: no frame in this folder (pictures: {kinds})")
    return natsorted(files, key=lambda file: file.name, alg=ns.IGNORECASE)


def _check_stems(files: list[Path]) -> None:
    seen: dict[str, Path] = {}
    for file in files:
        other = seen.setdefault(file.stem, file)
        if other is not file:
            raise FrameSourceError(
                f"{file.parent}: {other.name} and {file.name} would be the same frame; "
                "keep frames and masks in folders of their own"
            )


def _common_size(files: list[Path], on_progress: Progress | None) -> tuple[int, int]:
    """Return the one (height, width) of all files, or name the first that is the odd one out."""
    sizes = []
    for number, file in enumerate(files):
        sizes.append(_header_size(file))
        if on_progress is not None and number % _FILES_A_REPORT == 0:
            on_progress(number / len(files))
    usual, _ = Counter(sizes).most_common(1)[0]
    for file, size in zip(files, sizes, strict=True):
        if size != usual:
            raise FrameSourceError(
                f"{file}: this frame is {size[1]}x{size[0]}, the others are "
                f"{usual[1]}x{usual[0]}; all frames of a folder must have one size"
            )
    return usual


def _header_size(path: Path) -> tuple[int, int]:
    """Return the upright (height, width) of a picture without decoding it."""
    with _opened(path) as image:
        if image is None:
            height, width = _read_with_opencv(path).shape[:2]
        else:
            width, height = image.size
            if _orientation(image) in _ROTATED_BY_QUARTER:
                width, height = height, width
    return height, width


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) to 8, from the header alone."""
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1  # Pillow turns TIFF by itself; asking such a PNG for EXIF would decode all of it
    value = image.getexif().get(_ORIENTATION_TAG, 1)
    return value if isinstance(value, int) else 1


def _to_rgb(image: Image.Image, path: Path, white: int) -> NDArray[np.uint8]:
    if image.mode == "RGB":
        return np.array(image)
    if image.mode == "L":
        return np.repeat(np.array(image)[:, :, None], 3, axis=2)
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise FrameSourceError(f"{path}: pixels of 32 bits; use 8 or 16 bits")
        return np.repeat(_sixteen_to_eight(values, white)[:, :, None], 3, axis=2)
    if image.mode == "F":
        raise FrameSourceError(f"{path}: floating-point pixels; use 8 or 16 bits")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        black = Image.new("RGBA", layer.size, (0, 0, 0, 255))
        return np.array(Image.alpha_composite(black, layer).convert("RGB"))
    return np.array(image.convert("RGB"))


def _sixteen_to_eight(values: NDArray[np.int64], white: int) -> NDArray[np.uint8]:
    """Scale 0..``white`` to 0..255 by rounding."""
    return np.minimum((values * 255 + white // 2) // white, 255).astype(np.uint8)


def _read_with_opencv(path: Path, white: int = FULL_WHITE) -> NDArray[np.uint8]:
    """Read what Pillow cannot, 16-bit colour above all."""
    image = _decode_with_opencv(path)
    if image.dtype == np.uint16:
        image = _sixteen_to_eight(image.astype(np.int64), white)
    return np.ascontiguousarray(image[:, :, ::-1], dtype=np.uint8)


def _decode_with_opencv(path: Path) -> NDArray[Any]:
    """Return BGR [H, W, 3], uint8 or uint16 as the file has it."""
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise FrameSourceError(f"{path}: cannot be read ({reason(error)})") from error
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if data.size else None
    except cv2.error:
        image = None
    if image is None or image.dtype not in (np.uint8, np.uint16):
        raise FrameSourceError(f"{path}: not a picture that can be read")
    return image

"""Label maps as files: 8-bit palette PNGs in which the value of a pixel is the object's id.

Pillow writes them, with all 256 palette entries: a shorter palette makes it store 1, 2 or 4 bits
and cut the ids off without a word. OpenCV would read the colours instead of the ids.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from vos_core.media.atomic import reason, write_bytes_atomic
from vos_core.media.errors import LabelMapError
from vos_core.media.palette import voc_palette

VOID = 255
MAX_OBJECT_ID = 254
_COMPRESSION = 1  # 4 ms for 1080p; level 6 takes 10 ms to halve files of 20 kB


def read_label_map(
    path: str | Path,
    expected_size: tuple[int, int] | None = None,
    *,
    require_object: bool = False,
    allow_void: bool = False,
) -> NDArray[np.uint8]:
    """Read a label map: palette or grey PNG, 8 bits or fewer, pixel = object id, 0 = background.

    Args:
        path: The file.
        expected_size: (height, width) that it must have; any size when None.
        require_object: Refuse a map in which every pixel is background.
        allow_void: Accept 255, which benchmarks use for "do not judge", and keep it.

    Returns:
        uint8 [H, W], object ids.

    Raises:
        LabelMapError: There is no such file, it is no label map, or it has the wrong size.
    """
    path = Path(path)
    with _opened(path) as image:
        if image.mode not in ("P", "L", "1"):
            raise LabelMapError(f"{path}: {_why_not_a_label_map(image)}")
        if expected_size is not None and (image.height, image.width) != tuple(expected_size):
            height, width = expected_size
            raise LabelMapError(
                f"{path}: the mask is {image.width}x{image.height}, "
                f"the video is {width}x{height}; masks have the video's own size"
            )
        label_map = np.array(image, dtype=np.uint8)
    check_ids(label_map, str(path), allow_void=allow_void)
    if require_object and not label_map.any():
        raise LabelMapError(
            f"{path}: the mask holds no object, every pixel is 0 (background); "
            "paint each object with an id from 1 to 254"
        )
    return label_map


def read_raw_mask(path: str | Path) -> NDArray[np.uint8] | NDArray[np.int32]:
    """Read any picture that may be a mask, as it is, for whoever wants to judge or mend it.

    Args:
        path: The file.

    Returns:
        uint8 [H, W] of palette indices or grey values; int32 [H, W] where a pixel has more than 8
        bits; uint8 [H, W, 3] of colours, black where it is transparent.

    Raises:
        LabelMapError: There is no such file, it cannot be decoded, or its pixels are of a kind that
            no mask has.
    """
    path = Path(path)
    with _opened(path) as image:
        if image.mode in ("P", "L", "1"):
            return np.array(image, dtype=np.uint8)
        if image.mode.startswith("I"):
            return np.array(image, dtype=np.int32)
        if image.mode == "RGB":
            return np.array(image, dtype=np.uint8)
        if image.mode in ("RGBA", "LA", "PA"):
            colours = np.array(image.convert("RGBA"), dtype=np.uint8)
            return np.where(colours[..., 3:] < 128, np.uint8(0), colours[..., :3])
        raise LabelMapError(f"{path}: {_why_not_a_label_map(image)}")


def check_ids(label_map: NDArray[np.uint8], name: str, *, allow_void: bool = False) -> None:
    """Refuse a label map that holds 255.

    Args:
        label_map: uint8 [H, W], object ids.
        name: What the message calls it.
        allow_void: Accept 255.

    Raises:
        LabelMapError: 255 is in the map.
    """
    if allow_void or not np.any(label_map == VOID):
        return
    if np.isin(label_map, (0, VOID)).all():
        mend = "it is a black and white mask: save the object as 1 instead of 255"
    else:
        mend = "it means 'do not judge' in benchmarks and is no object; use ids from 1 to 254"
    count = int(np.count_nonzero(label_map == VOID))
    raise LabelMapError(f"{name}: {count} pixels have the value 255; {mend}")


def object_ids_in(label_map: NDArray[np.uint8]) -> list[int]:
    """Return the ids that a label map holds, ascending, without 0.

    Args:
        label_map: uint8 [H, W], object ids.
    """
    histogram = cv2.calcHist([np.ascontiguousarray(label_map)], [0], None, [256], [0, 256])
    ids: list[int] = (np.flatnonzero(histogram.ravel()[1:]) + 1).tolist()
    return ids


def encode_label_map(label_map: NDArray[np.uint8]) -> bytes:
    """Encode a label map as an 8-bit palette PNG with all 256 VOC colours.

    Args:
        label_map: uint8 [H, W], object ids.

    Returns:
        The bytes of the PNG file.

    Raises:
        LabelMapError: The array is no uint8 map.
    """
    _check_array(label_map, "a label map")
    height, width = label_map.shape
    data = np.ascontiguousarray(label_map)
    image = Image.frombuffer("P", (width, height), data, "raw", "P", 0, 1)
    image.putpalette(voc_palette().tobytes())
    return _encode(image)


def write_label_map(path: str | Path, label_map: NDArray[np.uint8]) -> None:
    """Write a label map as an 8-bit palette PNG, whole or not at all.

    Args:
        path: The file; replaced when it exists.
        label_map: uint8 [H, W], object ids.

    Raises:
        LabelMapError: The array is no uint8 map.
        OutputError: The file cannot be written.
    """
    write_bytes_atomic(path, encode_label_map(label_map))


def file_holds(path: str | Path, label_map: NDArray[np.uint8]) -> bool:
    """Read a palette PNG back and compare it, pixel by pixel, with what it should hold.

    Args:
        path: The file.
        label_map: uint8 [H, W], object ids.

    Returns:
        Whether it is a palette picture of that size with exactly these ids.

    Raises:
        LabelMapError: The file cannot be read.
    """
    with _opened(Path(path)) as image:
        if image.mode != "P" or (image.height, image.width) != label_map.shape:
            return False
        ids = np.frombuffer(image.tobytes(), np.uint8)  # unlike read_label_map, without a copy
        return np.array_equal(ids.reshape(label_map.shape), label_map)


def write_gray_map(path: str | Path, map_u8: NDArray[np.uint8]) -> None:
    """Write an 8-bit grey PNG, whole or not at all (reliability maps: 255 = certain).

    Args:
        path: The file; replaced when it exists.
        map_u8: uint8 [H, W].

    Raises:
        LabelMapError: The array is no uint8 map.
        OutputError: The file cannot be written.
    """
    write_bytes_atomic(path, encode_gray_map(map_u8))


def encode_gray_map(map_u8: NDArray[np.uint8]) -> bytes:
    """Encode an 8-bit grey PNG.

    Args:
        map_u8: uint8 [H, W].

    Raises:
        LabelMapError: The array is no uint8 map.
    """
    _check_array(map_u8, "a grey map")
    return _encode(Image.fromarray(np.ascontiguousarray(map_u8)))


def read_gray_map(path: str | Path) -> NDArray[np.uint8]:
    """Read an 8-bit grey PNG.

    Args:
        path: The file.

    Returns:
        uint8 [H, W].

    Raises:
        LabelMapError: There is no such file, or it is no 8-bit grey picture.
    """
    path = Path(path)
    with _opened(path) as image:
        if image.mode != "L":
            raise LabelMapError(f"{path}: not an 8-bit grey picture (mode {image.mode})")
        return np.array(image, dtype=np.uint8)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture and decode it, telling every way that can fail."""
    try:
        with Image.open(path) as image:
            image.load()
            yield image
    except FileNotFoundError as error:
        raise LabelMapError(f"{path}: no such file") from error
    except UnidentifiedImageError as error:
        raise LabelMapError(f"{path}: not a picture; a mask is an 8-bit palette PNG") from error
    except (Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise LabelMapError(f"{path}: cannot be decoded ({error})") from error
    except OSError as error:
        raise LabelMapError(f"{path}: cannot be read ({reason(error)})") from error


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=_COMPRESSION)
    return buffer.getvalue()


def _check_array(array: NDArray[np.uint8], name: str) -> None:
    if array.dtype != np.uint8 or array.ndim != 2 or array.size == 0:
        raise LabelMapError(
            f"{name} is uint8 [H, W], this one is {array.dtype} {list(array.shape)}"
        )


def _why_not_a_label_map(image: Image.Image) -> str:
    """Say what is wrong with a picture that has colours, or more than 8 bits, for ids."""
    wanted = "a mask is an 8-bit palette PNG whose pixel values are object ids (0 to 254)"
    if image.mode in ("RGB", "RGBA"):
        colours = np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)
        known = {tuple(colour) for colour in voc_palette().tolist()}
        count = len(colours)
        text = f"it holds {count} {'colour' if count == 1 else 'colours'} instead of object ids"
        if all(tuple(colour) in known for colour in colours.tolist()):
            return (
                f"{text}; they are all colours of the DAVIS palette, so it is probably a palette "
                f"mask that was saved as RGB: save it as indexed PNG; {wanted}"
            )
        return f"{text} (smoothed or photographic?); {wanted}"
    if image.mode.startswith(("I", "F")):
        count = len(np.unique(np.asarray(image)))
        return f"it has more than 8 bits a pixel ({count} different values); {wanted}"
    return f"its pixels are of the kind {image.mode}; {wanted}"

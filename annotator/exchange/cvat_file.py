"""What stands in a file of CVAT: parsing it, and drawing its shapes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import cv2
import numpy as np

from annotator.exchange.errors import DamagedFileError, UnknownFormatError
from annotator.exchange.found import ImportQuery, RawMask
from annotator.exchange.polygons import fill_polygon, points_of
from annotator.exchange.rle import mask_of_runs, runs_of
from annotator.exchange.source import ExportSource, Progress
from vos_core.media import OutputError
from vos_core.media.atomic import replacing

_XML_NAME = "annotations.xml"
_LARGEST_XML = 2 << 30
_CHUNK = 1 << 17


class CvatShape(NamedTuple):
    """A shape of an object in a frame, in drawing order; ``where`` is for messages."""

    z_order: int
    object_id: int
    element: Element
    where: str


def root_tag(path: Path) -> str:
    """Name of the outermost element, without reading the rest; empty when it is no XML."""
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(_XML_NAME) as entry:
                return _first_tag(entry)
        if path.suffix.lower() == ".xml":
            with path.open("rb") as stream:
                return _first_tag(stream)
    except (OSError, KeyError, zipfile.BadZipFile, ElementTree.ParseError):
        pass  # it is no such file
    return ""


def _first_tag(stream: IO[bytes]) -> str:
    for _, element in ElementTree.iterparse(stream, events=("start",)):
        return str(element.tag)
    return ""


def read_xml(path: Path) -> Element:
    """Read an XML file of CVAT, or the one in a ZIP.

    Raises:
        UnknownFormatError: it is neither.
        DamagedFileError: it breaks off, or is of an absurd size.
    """
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                entry = archive.getinfo(_XML_NAME)
                if entry.file_size > _LARGEST_XML:
                    raise DamagedFileError(f"{path}: its {_XML_NAME} is larger than 2 GiB")
                return _parse(archive.read(entry))
        if path.suffix.lower() != ".xml" or not path.is_file():
            raise UnknownFormatError(f"{path} is no XML file")
        data = path.read_bytes()
        if b"<!ENTITY" in data[:65536]:
            raise DamagedFileError(f"{path} declares entities, which no file of CVAT does")
        return _parse(data)
    except (KeyError, zipfile.BadZipFile) as error:
        raise UnknownFormatError(f"{path} is no ZIP file with {_XML_NAME}") from error
    except ElementTree.ParseError as error:
        raise DamagedFileError(f"{path} is no XML, or it breaks off: {error}") from error
    except OSError as error:
        raise DamagedFileError(f"{path} cannot be read: {error.strerror or error}") from error


def _parse(data: bytes) -> Element:
    """Parse bit by bit: the parser holds all threads while it is at it."""
    parser = ElementTree.XMLParser()
    for start in range(0, len(data), _CHUNK):
        parser.feed(data[start : start + _CHUNK])
    return parser.close()


def picture_size(root: Element, query: ImportQuery) -> tuple[int, int]:
    """(height, width) of the pictures; those of the project where the file does not say."""
    size = root.find(".//original_size")
    if size is not None:
        texts = (size.findtext("height", ""), size.findtext("width", ""))
    else:
        image = root.find("image")
        texts = ("", "") if image is None else (image.get("height", ""), image.get("width", ""))
    if all(text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535 for text in texts):
        return int(texts[0]), int(texts[1])
    return query.height, query.width


def frame_range(root: Element) -> range:
    """Frames of a video, those without a shape included; none for a file of images."""
    stop = root.findtext(".//stop_frame", "")
    if root.find("track") is not None and stop.isascii() and stop.isdigit():
        return range(min(int(stop), 1_000_000) + 1)
    return range(0)


def integer_of(element: Element, name: str, where: str) -> int:
    """An attribute that is a whole number.

    Raises:
        DamagedFileError: it is something else, or missing.
    """
    text = element.get(name, "")
    if not (text.isascii() and text.isdigit()):
        raise DamagedFileError(f"{where}: {name} is {text!r}, expected a whole number")
    return int(text)


def z_order_of(element: Element) -> int:
    """Drawing order; 0 where it is missing or no number."""
    text = element.get("z_order", "0")
    return int(text) if text.removeprefix("-").isdecimal() else 0


def draw_shapes(shapes: list[CvatShape], size: tuple[int, int]) -> RawMask:
    """Draw the shapes of a frame, uint8 [H, W], the highest in order on top.

    Raises:
        DamagedFileError: a shape is damaged, or leaves the picture.
    """
    label_map = np.zeros(size, np.uint8)
    for _, object_id, element, where in sorted(shapes, key=lambda shape: shape.z_order):
        if element.tag == "mask":
            _draw_mask(label_map, element, object_id, where)
            continue
        if element.tag == "box":
            left, top, right, bottom = (
                element.get(name, "") for name in ("xtl", "ytl", "xbr", "ybr")
            )
            flat: list[object] = [left, top, right, top, right, bottom, left, bottom]
        else:
            text = element.get("points", "").replace(";", ",")
            flat = [value for value in text.split(",") if value]
        fill_polygon(label_map, points_of(flat, where), object_id)
    return label_map


def _draw_mask(label_map: RawMask, element: Element, object_id: int, where: str) -> None:
    left, top, width, height = (
        integer_of(element, name, where) for name in ("left", "top", "width", "height")
    )
    if top + height > label_map.shape[0] or left + width > label_map.shape[1]:
        raise DamagedFileError(
            f"{where}: {width} x {height} at ({left}, {top}) leaves the picture of "
            f"{label_map.shape[1]} x {label_map.shape[0]}"
        )
    texts = [text.strip() for text in element.get("rle", "").split(",")]
    if not all(text.isascii() and text.isdigit() for text in texts):
        raise DamagedFileError(f"{where}: its run lengths are not whole numbers")
    try:
        mask = mask_of_runs(runs_of([int(text) for text in texts]), height, width, by_rows=True)
    except DamagedFileError as error:
        raise DamagedFileError(f"{where}: {error}") from error
    label_map[top : top + height, left : left + width][mask] = object_id


def write_zip(target: Path, data: bytes, source: ExportSource | None, progress: Progress) -> None:
    """Write what CVAT gives out: the XML, and the frames of a source where there is one."""
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(_XML_NAME, data, zipfile.ZIP_DEFLATED)
        if source is None:
            return
        with source.open_frames() as frames:
            for index in range(source.frame_count):
                picture = cv2.cvtColor(frames.read(index), cv2.COLOR_RGB2BGR)
                works, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
                if not works:
                    raise OutputError(f"frame {index} cannot be a PNG")
                archive.writestr(f"images/frame_{index:06d}.png", encoded.tobytes())
                progress(source.frame_count, 2 * source.frame_count)

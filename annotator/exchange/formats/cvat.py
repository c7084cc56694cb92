"""CVAT for video 1.1: an XML file of tracks, objects as masks or polygons.

CVAT has no tracks of masks: each mask is a track of one frame that ends in the next, and
``group_id`` ties those of one object. A mask is ``rle`` (run lengths row by row within its box,
pixels outside first) with ``left``, ``top``, ``width`` and ``height``. Polygons are tracks over all
frames; each shape is a key frame.
"""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from annotator.exchange.errors import DamagedFileError, ExchangeError, UnknownFormatError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.found import FoundMasks, FoundObject, ImportQuery, RawMask
from annotator.exchange.options import ExportOptions
from annotator.exchange.png_files import frame_number
from annotator.exchange.polygons import fill_polygon, outlines, points_of
from annotator.exchange.provenance import sidecar_of
from annotator.exchange.rle import box_runs, mask_of_runs, runs_of
from annotator.exchange.segmentations import check_read_back
from annotator.exchange.source import ExportSource, Progress
from vos_core.media.atomic import write_bytes_atomic
from vos_core.media.label_maps import object_ids_in
from vos_core.media.numbering import IdNumbering

_XML_NAME = "annotations.xml"
_KINDS = ("mask", "polygon", "box")
_LARGEST_XML = 2 << 30


class _Shape(NamedTuple):
    z_order: int
    object_id: int
    element: Element
    where: str


class CvatVideo(ExchangeFormat):
    """What CVAT exports and imports as "CVAT for video 1.1"; "for images" is read too."""

    key: ClassVar[str] = "cvat"
    title: ClassVar[str] = "CVAT for video XML"
    summary: ClassVar[str] = "one XML file with masks as run lengths, or polygon tracks"
    layout: ClassVar[str] = "FILE.xml (a ZIP of CVAT with annotations.xml is read too)"
    target: ClassVar = "file"
    suffix: ClassVar[str] = ".xml"
    options: ClassVar[tuple[str, ...]] = ("renumber", "outlines")

    def recognises(self, path: Path) -> bool:
        """An XML file of CVAT, or a ZIP with one."""
        try:
            return _read_xml(path).tag == "annotations"
        except ExchangeError:
            return False

    def find(self, path: Path, query: ImportQuery) -> FoundMasks:
        """List the masks of tracks and of images."""
        root = _read_xml(path)
        if root.tag != "annotations":
            raise UnknownFormatError(f"{path} is no file of CVAT: it begins with <{root.tag}>")
        size = _size(root, query)
        found: list[tuple[tuple[str, str], str, int, Element]] = []
        for track in root.iter("track"):
            label, own = track.get("label", ""), track.get("id", "")
            group = track.get("group_id")
            for element in track:
                if element.tag not in _KINDS or element.get("outside") == "1":
                    continue
                is_tied = element.tag == "mask"
                key = ("group", group) if group else ("label", label) if is_tied else ("id", own)
                number = _integer(element, "frame", f"{path}: track {own}")
                found.append((key, label, number, element))
        for image in root.iter("image"):
            number = _image_number(image, query)
            for element in image:
                if element.tag in _KINDS:
                    label, group = element.get("label", ""), element.get("group_id")
                    key = ("group", group) if group else ("label", label)
                    found.append((key, label, number, element))
        ids = _object_ids([key for key, _, _, _ in found])
        objects: dict[int, FoundObject] = {}
        frames: dict[int, list[_Shape]] = {n: [] for n in _frame_range(root)}
        for key, label, number, element in found:
            objects.setdefault(ids[key], FoundObject(label))
            z_order = _z_order(element)
            where = f"{path}: {element.tag} of {label!r} in frame {number}"
            frames.setdefault(number, []).append(_Shape(z_order, ids[key], element, where))
        masks = {number: partial(_draw, shapes, size) for number, shapes in sorted(frames.items())}
        sidecar = sidecar_of(path)
        return FoundMasks(
            self.key, path, masks, objects, (), sidecar if sidecar.is_file() else None
        )

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write the file and read it back."""
        numbering = IdNumbering(source.object_ids, renumber=options.renumber)
        labels = {record.object_id: record.name for record in source.objects}
        root = _head(source, options.name or source.sequence)
        tracks: dict[tuple[int, int], Element] = {}
        pieces: dict[int, int] = {}
        holes = count = 0
        for index, label_map in source.label_maps(progress, steps=2):
            ids = object_ids_in(label_map)
            numbering.note(index, ids)
            for object_id in ids:
                mask = label_map == object_id
                if options.outlines:
                    polygons, filled = outlines(mask)
                    holes += filled
                    pieces[object_id] = max(pieces.get(object_id, 0), len(polygons))
                    for piece, points in enumerate(polygons):
                        track = tracks.get((object_id, piece))
                        if track is None:
                            track = _track(root, count, labels[object_id], numbering, object_id)
                            tracks[object_id, piece] = track
                            count += 1
                        _end(track, index)
                        text = ";".join(f"{x:.2f},{y:.2f}" for x, y in points.tolist())
                        _shape(track, "polygon", index, points=text)
                else:
                    track = _track(root, count, labels[object_id], numbering, object_id)
                    count += 1
                    (left, top, width, height), runs = box_runs(mask)
                    values = {"left": left, "top": top, "width": width, "height": height}
                    texts = {name: str(value) for name, value in values.items()}
                    _shape(track, "mask", index, rle=", ".join(map(str, runs)), **texts)
                    _end(track, index + 2, source.frame_count)
        for track in tracks.values():
            _end(track, source.frame_count + 1, source.frame_count)
        ElementTree.indent(root)
        text = ElementTree.tostring(root, encoding="unicode", xml_declaration=False)
        write_bytes_atomic(target, f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode())
        query = ImportQuery(source.frame_count, source.height, source.width)
        check_read_back(
            self.find(target, query),
            source,
            numbering.id_map,
            progress,
            filled_holes=options.outlines,
        )
        warnings = numbering.warnings(needs_first_frame=False)
        if holes:
            warnings += (f"polygons have no holes: {holes} pixels in holes were filled",)
        id_map = dict(numbering.id_map)
        return Written(target, sidecar_of(target), source.frame_count, id_map, warnings)


def _head(source: ExportSource, name: str) -> Element:
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    task = SubElement(SubElement(root, "meta"), "task")
    facts = {
        "name": name,
        "size": source.frame_count,
        "mode": "annotation",
        "start_frame": 0,
        "stop_frame": source.frame_count - 1,
    }
    for tag, value in facts.items():
        SubElement(task, tag).text = str(value)
    labels = SubElement(task, "labels")
    for label in dict.fromkeys(record.name for record in source.objects):
        element = SubElement(labels, "label")
        SubElement(element, "name").text = label
        SubElement(element, "attributes")
    size = SubElement(task, "original_size")
    SubElement(size, "width").text = str(source.width)
    SubElement(size, "height").text = str(source.height)
    return root


def _track(
    root: Element, number: int, label: str, numbering: IdNumbering, object_id: int
) -> Element:
    group = str(numbering.id_map[object_id])
    return SubElement(root, "track", id=str(number), label=label, group_id=group, source="manual")


def _shape(track: Element, kind: str, frame: int, **values: str) -> None:
    common = {"frame": str(frame), "keyframe": "1", "outside": "0", "occluded": "0"}
    SubElement(track, kind, {**common, **values, "z_order": "0"})


def _end(track: Element, next_frame: int, frame_count: int | None = None) -> None:
    """Take the track off the picture after its last shape, unless the next one follows at once."""
    if len(track) == 0:
        return
    last = track[-1]
    after = int(last.get("frame", "0")) + 1
    if after >= next_frame or (frame_count is not None and after >= frame_count):
        return
    again = {k: v for k, v in last.attrib.items() if k not in ("frame", "outside")}
    SubElement(track, last.tag, {**again, "frame": str(after), "outside": "1"})


def _read_xml(path: Path) -> Element:
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                entry = archive.getinfo(_XML_NAME)
                if entry.file_size > _LARGEST_XML:
                    raise DamagedFileError(f"{path}: its {_XML_NAME} is larger than 2 GiB")
                return ElementTree.fromstring(archive.read(entry))
        if path.suffix.lower() != ".xml" or not path.is_file():
            raise UnknownFormatError(f"{path} is no XML file")
        data = path.read_bytes()
        if b"<!ENTITY" in data[:65536]:
            raise DamagedFileError(f"{path} declares entities, which no file of CVAT does")
        return ElementTree.fromstring(data)
    except (KeyError, zipfile.BadZipFile) as error:
        raise UnknownFormatError(f"{path} is no ZIP file with {_XML_NAME}") from error
    except ElementTree.ParseError as error:
        raise DamagedFileError(f"{path} is no XML, or it breaks off: {error}") from error
    except OSError as error:
        raise DamagedFileError(f"{path} cannot be read: {error.strerror or error}") from error


def _size(root: Element, query: ImportQuery) -> tuple[int, int]:
    size = root.find(".//original_size")
    if size is not None:
        texts = (size.findtext("height", ""), size.findtext("width", ""))
    else:
        image = root.find("image")
        texts = ("", "") if image is None else (image.get("height", ""), image.get("width", ""))
    if all(text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535 for text in texts):
        return int(texts[0]), int(texts[1])
    return query.height, query.width


def _frame_range(root: Element) -> range:
    stop = root.findtext(".//stop_frame", "")
    if root.find("track") is not None and stop.isascii() and stop.isdigit():
        return range(min(int(stop), 1_000_000) + 1)
    return range(0)


def _image_number(image: Element, query: ImportQuery) -> int:
    stem = Path(image.get("name", "")).stem
    if stem in query.frame_names:
        return query.frame_names.index(stem)
    number = frame_number(stem)
    return _integer(image, "id", "an image") if number is None else number


def _integer(element: Element, name: str, where: str) -> int:
    text = element.get(name, "")
    if not (text.isascii() and text.isdigit()):
        raise DamagedFileError(f"{where}: {name} is {text!r}, expected a whole number")
    return int(text)


def _z_order(element: Element) -> int:
    text = element.get("z_order", "0")
    return int(text) if text.removeprefix("-").isdecimal() else 0


def _object_ids(keys: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    distinct = list(dict.fromkeys(keys))
    groups = [text for kind, text in distinct if kind == "group" and text.isdigit()]
    if len(groups) == len(distinct) and all(1 <= int(text) <= 254 for text in groups):
        return {key: int(key[1]) for key in distinct}
    if len(distinct) > 254:
        raise ExchangeError(f"{len(distinct)} different objects; 254 is the most there can be")
    return {key: number for number, key in enumerate(distinct, start=1)}


def _draw(shapes: list[_Shape], size: tuple[int, int]) -> RawMask:
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
        _integer(element, name, where) for name in ("left", "top", "width", "height")
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

"""CVAT for video 1.1: an XML file of tracks, objects as masks or polygons.

CVAT has no tracks of masks: each mask is a track of one frame that ends in the next, and
``group_id`` ties those of one object. A mask is ``rle`` (run lengths row by row within its box,
pixels outside first) with ``left``, ``top``, ``width`` and ``height``. Polygons are tracks over all
frames; each shape is a key frame.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from annotator.exchange.cvat_file import (
    CvatShape,
    draw_shapes,
    frame_range,
    integer_of,
    picture_size,
    read_xml,
    root_tag,
    write_zip,
    z_order_of,
)
from annotator.exchange.errors import ExchangeError, UnknownFormatError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.found import FoundMasks, FoundObject, ImportQuery
from annotator.exchange.options import ExportOptions
from annotator.exchange.png_files import frame_number
from annotator.exchange.polygons import outlines
from annotator.exchange.provenance import sidecar_of
from annotator.exchange.rle import box_runs
from annotator.exchange.segmentations import check_read_back
from annotator.exchange.source import ExportSource, Progress
from annotator.model.label_maps import ByteMap
from vos_core.media.atomic import write_bytes_atomic
from vos_core.media.label_maps import object_ids_in
from vos_core.media.numbering import IdNumbering

_KINDS = ("mask", "polygon", "box")


class CvatVideo(ExchangeFormat):
    """What CVAT exports and imports as "CVAT for video 1.1"; "for images" is read too."""

    key: ClassVar[str] = "cvat"
    title: ClassVar[str] = "CVAT for video XML"
    summary: ClassVar[str] = "one XML file with masks as run lengths, or polygon tracks"
    layout: ClassVar[str] = (
        "FILE.xml, or FILE.zip with annotations.xml and, if wanted, images/frame_000000.png …"
    )
    target: ClassVar = "file"
    suffix: ClassVar[str] = ".xml"
    options: ClassVar[tuple[str, ...]] = ("renumber", "outlines", "with_frames")

    def suffix_for(self, options: ExportOptions) -> str:
        """Frames need a ZIP."""
        return ".zip" if options.with_frames else ".xml"

    def recognises(self, path: Path) -> bool:
        """An XML file of CVAT, or a ZIP with one."""
        return root_tag(path) == "annotations"

    def find(self, path: Path, query: ImportQuery) -> FoundMasks:
        """List the masks of tracks and of images."""
        root = read_xml(path)
        if root.tag != "annotations":
            raise UnknownFormatError(f"{path} is no file of CVAT: it begins with <{root.tag}>")
        size = picture_size(root, query)
        found: list[tuple[tuple[str, str], str, int, Element]] = []
        for track in root.iter("track"):
            label, own = track.get("label", ""), track.get("id", "")
            group = track.get("group_id")
            for element in track:
                if element.tag not in _KINDS or element.get("outside") == "1":
                    continue
                is_tied = element.tag == "mask"
                key = ("group", group) if group else ("label", label) if is_tied else ("id", own)
                number = integer_of(element, "frame", f"{path}: track {own}")
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
        frames: dict[int, list[CvatShape]] = {n: [] for n in frame_range(root)}
        for key, label, number, element in found:
            objects.setdefault(ids[key], FoundObject(label))
            z_order = z_order_of(element)
            where = f"{path}: {element.tag} of {label!r} in frame {number}"
            frames.setdefault(number, []).append(CvatShape(z_order, ids[key], element, where))
        masks = {
            number: partial(draw_shapes, shapes, size) for number, shapes in sorted(frames.items())
        }
        sidecar = sidecar_of(path)
        return FoundMasks(
            self.key, path, masks, objects, (), sidecar if sidecar.is_file() else None
        )

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write the file and read it back."""
        is_zip = target.suffix.lower() == ".zip"
        if options.with_frames and not is_zip:
            raise ExchangeError(
                f"{target} has no room for frames; give it a name that ends in .zip"
            )
        numbering = IdNumbering(source.object_ids, renumber=options.renumber)
        labels = {record.object_id: record.name for record in source.objects}
        root = _head(source, options.name or source.sequence)
        tracks: dict[tuple[int, int], Element] = {}
        holes = count = 0
        work = _polygons_of if options.outlines else _masks_of
        for index, shapes in source.each_frame(work, progress, steps=2):
            numbering.note(index, shapes)
            for object_id, shape in shapes.items():
                holes += shape.filled
                if not options.outlines:
                    track = _track(root, count, labels[object_id], numbering, object_id)
                    count += 1
                    _shape(track, "mask", index, **shape.pieces[0])
                    _end(track, index + 2, source.frame_count)
                    continue
                for piece, values in enumerate(shape.pieces):
                    if (object_id, piece) not in tracks:
                        track = _track(root, count, labels[object_id], numbering, object_id)
                        tracks[object_id, piece] = track
                        count += 1
                    track = tracks[object_id, piece]
                    _end(track, index)
                    _shape(track, "polygon", index, **values)
        for track in tracks.values():
            _end(track, source.frame_count + 1, source.frame_count)
        ElementTree.indent(root)
        text = ElementTree.tostring(root, encoding="unicode", xml_declaration=False)
        data = f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()
        if is_zip:
            write_zip(target, data, source if options.with_frames else None, progress)
        else:
            write_bytes_atomic(target, data)
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


class _Drawn(NamedTuple):
    """Attributes of the shapes of an object in a frame, and how many pixels in holes they fill."""

    pieces: list[dict[str, str]]
    filled: int = 0


def _polygons_of(label_map: ByteMap) -> dict[int, _Drawn]:
    drawn = {}
    for object_id in object_ids_in(label_map):
        polygons, filled = outlines(label_map == object_id)
        texts = [";".join(f"{x:.2f},{y:.2f}" for x, y in each.tolist()) for each in polygons]
        drawn[object_id] = _Drawn([{"points": text} for text in texts], filled)
    return drawn


def _masks_of(label_map: ByteMap) -> dict[int, _Drawn]:
    drawn = {}
    for object_id in object_ids_in(label_map):
        box, runs = box_runs(label_map == object_id)
        texts = dict(zip(("left", "top", "width", "height"), map(str, box), strict=True))
        drawn[object_id] = _Drawn([{"rle": ", ".join(map(str, runs)), **texts}])
    return drawn


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


def _image_number(image: Element, query: ImportQuery) -> int:
    stem = Path(image.get("name", "")).stem
    if stem in query.frame_names:
        return query.frame_names.index(stem)
    number = frame_number(stem)
    return integer_of(image, "id", "an image") if number is None else number


def _object_ids(keys: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    distinct = list(dict.fromkeys(keys))
    groups = [text for kind, text in distinct if kind == "group" and text.isdigit()]
    if len(groups) == len(distinct) and all(1 <= int(text) <= 254 for text in groups):
        return {key: int(key[1]) for key in distinct}
    if len(distinct) > 254:
        raise ExchangeError(f"{len(distinct)} different objects; 254 is the most there can be")
    return {key: number for number, key in enumerate(distinct, start=1)}

"""YouTube-VIS: one JSON file, one annotation an object, compressed run lengths a frame."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Any, ClassVar

from annotator.exchange.errors import UnknownFormatError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.found import FoundMasks, FoundObject, ImportQuery
from annotator.exchange.json_files import as_list, as_size, as_table, load_json, write_json
from annotator.exchange.options import ExportOptions
from annotator.exchange.png_files import choose_sequence
from annotator.exchange.provenance import application_version, sidecar_of
from annotator.exchange.segmentations import (
    ObjectRuns,
    Part,
    check_read_back,
    frame_readers,
    runs_of_objects,
)
from annotator.exchange.source import ExportSource, Progress
from annotator.model.objects import ObjectRecord
from vos_core.media.numbering import IdNumbering

_NO_CATEGORY = "object"
_MOST_FRAMES = 1_000_000


class YouTubeVis(ExchangeFormat):
    """Annotations of video instance segmentation, as YouTube-VIS, OVIS and BDD publish them."""

    key: ClassVar[str] = "youtube-vis"
    title: ClassVar[str] = "YouTube-VIS JSON"
    summary: ClassVar[str] = "one JSON file with compressed run lengths, a list a video object"
    layout: ClassVar[str] = "FILE.json"
    target: ClassVar = "file"
    suffix: ClassVar[str] = ".json"
    options: ClassVar[tuple[str, ...]] = ("renumber",)

    def recognises(self, path: Path) -> bool:
        """A JSON file with "videos" and "annotations"."""
        return is_json_with(path, "videos", "annotations")

    def find(self, path: Path, query: ImportQuery) -> FoundMasks:
        """List the masks of one video."""
        table = as_table(load_json(path), path)
        if "videos" not in table or "annotations" not in table:
            raise UnknownFormatError(
                f'{path} is no YouTube-VIS file: it lacks "videos" or "annotations"'
            )
        videos = {
            _name_of(video): video
            for video in (as_table(v, f"{path}: a video") for v in as_list(table["videos"], path))
        }
        video = videos[choose_sequence(videos, query.sequence, path)]
        height = as_size(video.get("height"), f'{path}: "height" of a video')
        width = as_size(video.get("width"), f'{path}: "width" of a video')
        own = [
            entry
            for entry in (
                as_table(e, f"{path}: an annotation") for e in as_list(table["annotations"], path)
            )
            if entry.get("video_id") == video.get("id")
        ]
        ids = object_ids([entry.get("id") for entry in own])
        categories = category_names(table, path)
        length = video.get("length")
        count = length if type(length) is int else len(video.get("file_names") or ())
        frames: dict[int, list[Part]] = {index: [] for index in range(min(count, _MOST_FRAMES))}
        objects: dict[int, FoundObject] = {}
        for object_id, entry in zip(ids, own, strict=True):
            where = f"{path}: annotation {entry.get('id')}"
            objects[object_id] = found_object(entry, categories)
            for index, value in enumerate(as_list(entry.get("segmentations"), where)):
                if value is not None:
                    frames.setdefault(index, []).append(
                        (object_id, value, f"{where}, frame {index}")
                    )
        sidecar = sidecar_of(path)
        return FoundMasks(
            self.key,
            path,
            frame_readers(frames, height, width),
            objects,
            sidecar=sidecar if sidecar.is_file() else None,
        )

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write the file and read it back."""
        name = options.name or source.sequence
        numbering = IdNumbering(source.object_ids, renumber=options.renumber)
        tracks: dict[int, list[ObjectRuns | None]] = {}
        for index, runs in source.each_frame(runs_of_objects, progress, steps=2):
            numbering.note(index, runs)
            for object_id, one in runs.items():
                tracks.setdefault(object_id, [None] * source.frame_count)[index] = one
        categories = Categories(source.objects)
        video = {
            "id": 1,
            "name": name,
            "width": source.width,
            "height": source.height,
            "length": source.frame_count,
            "file_names": [f"{name}/{index:05d}.jpg" for index in range(source.frame_count)],
        }
        annotations = [
            {
                "id": numbering.id_map[record.object_id],
                "video_id": 1,
                "category_id": categories.id_of(record),
                "name": record.name,
                "iscrowd": 0,
                "width": source.width,
                "height": source.height,
                "length": 1,
                "segmentations": [one and one.segmentation for one in track],
                "areas": [one and one.area for one in track],
                "bboxes": [one and one.box for one in track],
            }
            for record, track in ((r, tracks[r.object_id]) for r in _shown(source, tracks))
        ]
        values = {
            "info": file_info(name),
            "videos": [video],
            "categories": categories.table,
            "annotations": annotations,
        }
        write_json(target, values)
        query = ImportQuery(source.frame_count, source.height, source.width)
        check_read_back(self.find(target, query), source, numbering.id_map, progress)
        return Written(
            target,
            sidecar_of(target),
            source.frame_count,
            dict(numbering.id_map),
            numbering.warnings(needs_first_frame=False),
        )


class Categories:
    """Categories of objects, numbered from 1 by name; objects without one share "object"."""

    def __init__(self, records: tuple[ObjectRecord, ...]) -> None:
        names = sorted({record.category or _NO_CATEGORY for record in records})
        self._ids = {name: number for number, name in enumerate(names, start=1)}
        self.table = [
            {"id": number, "name": name, "supercategory": _NO_CATEGORY}
            for name, number in self._ids.items()
        ]

    def id_of(self, record: ObjectRecord) -> int:
        """Number of an object's category."""
        return self._ids[record.category or _NO_CATEGORY]


def file_info(name: str) -> dict[str, str]:
    """What made the file."""
    return {"description": name, "version": f"vos-annotator {application_version()}"}


def is_json_with(path: Path, *members: str) -> bool:
    """Whether a file is JSON whose table has these members."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    try:
        values = load_json(path)
    except Exception:  # whatever is wrong with it, it is not this format
        return False
    return isinstance(values, dict) and all(member in values for member in members)


def object_ids(ids: list[object]) -> list[int]:
    """Ids as they are when all are distinct and possible, else numbers from 1."""
    whole = [value for value in ids if type(value) is int and 1 <= value <= 254]
    if len(whole) == len(ids) == len(set(whole)):
        return whole
    if len(ids) > 254:
        raise UnknownFormatError(
            f"the file has {len(ids)} objects for one video; 254 is the most there can be"
        )
    return list(range(1, len(ids) + 1))


def category_names(table: dict[str, Any], path: Path) -> dict[object, str]:
    """Names of the categories by their ids; empty where the file has none."""
    entries = as_list(table.get("categories") or [], f'{path}: "categories"')
    names = ((e.get("id"), e.get("name")) for e in entries if isinstance(e, dict))
    return {number: name for number, name in names if isinstance(name, str)}


def found_object(entry: dict[str, Any], categories: dict[object, str]) -> FoundObject:
    """Name and category of an annotation."""
    name, category = entry.get("name"), categories.get(entry.get("category_id"), "")
    return FoundObject(
        name if isinstance(name, str) else "", "" if category == _NO_CATEGORY else category
    )


def _shown(source: ExportSource, tracks: Container[int]) -> list[ObjectRecord]:
    return [record for record in source.objects if record.object_id in tracks]


def _name_of(video: dict[str, Any]) -> str:
    name = video.get("name")
    if isinstance(name, str) and name:
        return name
    files = video.get("file_names")
    if isinstance(files, list) and files and isinstance(files[0], str):
        return Path(files[0]).parent.name or str(video.get("id"))
    return str(video.get("id"))

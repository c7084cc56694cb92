"""COCO instance segmentation: every frame is an image, objects are tied by ``track_id``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from annotator.exchange.errors import DamagedFileError, UnknownFormatError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.formats.youtube_vis import (
    Categories,
    category_names,
    file_info,
    found_object,
    is_json_with,
    object_ids,
)
from annotator.exchange.found import FoundMasks, FoundObject, ImportQuery
from annotator.exchange.json_files import as_list, as_size, as_table, load_json, write_json
from annotator.exchange.options import ExportOptions
from annotator.exchange.png_files import frame_number
from annotator.exchange.provenance import sidecar_of
from annotator.exchange.segmentations import (
    Part,
    check_read_back,
    frame_readers,
    runs_of_objects,
)
from annotator.exchange.source import ExportSource, Progress
from vos_core.media.numbering import IdNumbering

_TRACK_NAMES = ("track_id", "instance_id")


class Coco(ExchangeFormat):
    """What pycocotools and most detection toolboxes read."""

    key: ClassVar[str] = "coco"
    title: ClassVar[str] = "COCO JSON"
    summary: ClassVar[str] = "one JSON file with compressed run lengths, an image a frame"
    layout: ClassVar[str] = "FILE.json"
    target: ClassVar = "file"
    suffix: ClassVar[str] = ".json"
    options: ClassVar[tuple[str, ...]] = ("renumber",)

    def recognises(self, path: Path) -> bool:
        """A JSON file with "images" and "annotations"."""
        return is_json_with(path, "images", "annotations")

    def find(self, path: Path, query: ImportQuery) -> FoundMasks:
        """List the masks; images are frames by the number in their names, or by their order."""
        table = as_table(load_json(path), path)
        if "images" not in table or "annotations" not in table:
            raise UnknownFormatError(f'{path} is no COCO file: it lacks "images" or "annotations"')
        images = [as_table(i, f"{path}: an image") for i in as_list(table["images"], path)]
        numbers = _frame_numbers(images, query)
        if not images:
            raise UnknownFormatError(f"{path} has no images")
        size = _common_size(images, path)
        listed = as_list(table["annotations"], path)
        entries = [as_table(entry, f"{path}: an annotation") for entry in listed]
        tracks, notes = _tracks(entries)
        ids = dict(zip(dict.fromkeys(tracks), object_ids(list(dict.fromkeys(tracks))), strict=True))
        categories = category_names(table, path)
        frames: dict[int, list[Part]] = {number: [] for number in numbers.values()}
        objects: dict[int, FoundObject] = {}
        for track, entry in zip(tracks, entries, strict=True):
            where = f"{path}: annotation {entry.get('id')}"
            image = entry.get("image_id")
            if image not in numbers:
                raise DamagedFileError(f"{where} belongs to image {image!r}, which is not listed")
            if "segmentation" not in entry:
                raise DamagedFileError(f'{where} has no "segmentation" (only a box?)')
            objects.setdefault(ids[track], found_object(entry, categories))
            frames[numbers[image]].append((ids[track], entry["segmentation"], where))
        sidecar = sidecar_of(path)
        return FoundMasks(
            self.key,
            path,
            frame_readers(frames, *size),
            objects,
            notes,
            sidecar if sidecar.is_file() else None,
        )

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write the file and read it back."""
        name = options.name or source.sequence
        numbering = IdNumbering(source.object_ids, renumber=options.renumber)
        categories = Categories(source.objects)
        records = {record.object_id: record for record in source.objects}
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for index, runs in source.each_frame(runs_of_objects, progress, steps=2):
            images.append(
                {
                    "id": index + 1,
                    "frame_id": index,
                    "file_name": f"{name}/{index:05d}.jpg",
                    "width": source.width,
                    "height": source.height,
                }
            )
            numbering.note(index, runs)
            for object_id, one in runs.items():
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": index + 1,
                        "track_id": numbering.id_map[object_id],
                        "category_id": categories.id_of(records[object_id]),
                        "name": records[object_id].name,
                        "iscrowd": 0,
                        "area": one.area,
                        "bbox": one.box,
                        "segmentation": one.segmentation,
                    }
                )
        values = {
            "info": file_info(name),
            "images": images,
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


def _frame_numbers(images: list[dict[str, Any]], query: ImportQuery) -> dict[object, int]:
    """Image id -> frame number: by ``frame_id``, by the frames' own names, by digits, by order."""
    names = [Path(str(image.get("file_name", ""))).stem for image in images]
    known = {name: index for index, name in enumerate(query.frame_names)}
    candidates: list[list[int | None]] = [
        [value if type(value := image.get("frame_id")) is int else None for image in images],
        [known.get(name) for name in names],
        [frame_number(name) for name in names],
        list(range(len(images))),
    ]
    for numbers in candidates:
        whole = [number for number in numbers if number is not None]
        if len(whole) == len(images) == len(set(whole)):
            return {image.get("id"): number for image, number in zip(images, whole, strict=True)}
    return {}


def _common_size(images: list[dict[str, Any]], path: Path) -> tuple[int, int]:
    sizes = {
        (
            as_size(image.get("height"), f'{path}: "height" of an image'),
            as_size(image.get("width"), f'{path}: "width" of an image'),
        )
        for image in images
    }
    if len(sizes) > 1:
        raise DamagedFileError(
            f"{path}: its images have {len(sizes)} different sizes; the frames of a video have one"
        )
    return sizes.pop()


def _tracks(entries: list[dict[str, Any]]) -> tuple[list[object], tuple[str, ...]]:
    """What ties annotations to objects: a track id, else the place among those of an image."""
    for name in _TRACK_NAMES:
        if all(isinstance(entry.get(name), int) for entry in entries):
            return [entry[name] for entry in entries], ()
    place: dict[object, int] = {}
    tracks: list[object] = []
    for entry in entries:
        image = entry.get("image_id")
        place[image] = place.get(image, 0) + 1
        tracks.append(place[image])
    return tracks, (
        "the annotations have no track_id: the first of each image is taken as object 1, the "
        "second as object 2, and so on",
    )

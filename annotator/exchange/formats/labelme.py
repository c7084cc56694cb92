"""labelme: one JSON file a frame, objects as masks or polygons tied by ``group_id``."""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from annotator.exchange.errors import DamagedFileError, ExchangeError, UnknownFormatError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.found import FoundMasks, FoundObject, ImportQuery, RawMask
from annotator.exchange.frame_files import write_frames
from annotator.exchange.json_files import as_list, as_size, as_table, load_json
from annotator.exchange.options import ExportOptions
from annotator.exchange.png_files import frame_number
from annotator.exchange.polygons import fill_polygon, outlines, points_of
from annotator.exchange.provenance import sidecar_of
from annotator.exchange.source import ExportSource, Progress
from annotator.model.objects import ObjectRecord
from vos_core.media.davis import check_sequence_name
from vos_core.media.label_maps import object_ids_in
from vos_core.media.numbering import IdNumbering
from vos_core.media.staged import PlannedFile, StagedFolder

_VERSION = "5.5.0"  # the first that has masks among its shapes, and every later one reads it


class Labelme(ExchangeFormat):
    """Files that labelme and X-AnyLabeling open."""

    key: ClassVar[str] = "labelme"
    title: ClassVar[str] = "labelme JSON"
    summary: ClassVar[str] = "one JSON file a frame with masks or polygons"
    layout: ClassVar[str] = "OUT/NAME/00000.json …, and OUT/NAME/00000.jpg … with the frames"
    options: ClassVar[tuple[str, ...]] = ("renumber", "outlines", "with_frames")
    resumes: ClassVar[bool] = True

    def recognises(self, path: Path) -> bool:
        """A labelme file, a folder of them, or a folder with one such folder."""
        files = [path] if path.suffix.lower() == ".json" and path.is_file() else _files(path)[1]
        return bool(files) and _is_labelme(files[0])

    def find(self, path: Path, query: ImportQuery) -> FoundMasks:
        """List the masks; the number at the end of a file's name is the frame."""
        folder, files = (path, [path]) if path.is_file() else _files(path)
        frames: dict[int, list[dict[str, Any]]] = {}
        sizes: dict[int, tuple[int, int]] = {}
        known = {name: index for index, name in enumerate(query.frame_names)}
        for file in files:
            table = as_table(load_json(file), file)
            if "shapes" not in table:
                raise UnknownFormatError(f'{file} is no labelme file: it has no "shapes"')
            number = known.get(file.stem, frame_number(file.stem))
            if path.is_file() and number is None:
                number = query.frame_index
            if number is None or number in frames:
                raise ExchangeError(
                    f"{file}: the name should end with the number of a frame, such as 00012.json, "
                    "each number once"
                )
            frames[number] = [
                as_table(shape, f"{file}: a shape")
                for shape in as_list(table["shapes"], f'{file}: "shapes"')
            ]
            sizes[number] = (
                as_size(table.get("imageHeight"), f'{file}: "imageHeight"'),
                as_size(table.get("imageWidth"), f'{file}: "imageWidth"'),
            )
        if not frames:
            raise UnknownFormatError(f"{path} holds no labelme files (00000.json and so on)")
        ids = _object_ids(shape for shapes in frames.values() for shape in shapes)
        objects = {ids[key]: FoundObject(key[1]) for key in ids}
        masks: dict[int, Callable[[], RawMask]] = {
            number: partial(_draw, shapes, ids, sizes[number], f"{folder}, frame {number}")
            for number, shapes in sorted(frames.items())
        }
        sidecar = sidecar_of(folder)
        return FoundMasks(
            self.key, folder, masks, objects, (), sidecar if sidecar.is_file() else None
        )

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write one file a frame, and frames beside them if wanted."""
        folder = target / check_sequence_name(options.name or source.sequence)
        numbering = IdNumbering(source.object_ids, renumber=options.renumber)
        records = {record.object_id: record for record in source.objects}
        steps = source.frame_count * (2 if options.with_frames else 1)
        shown: dict[int, list[int]] = {}
        holes: dict[int, int] = {}

        def plan(index: int) -> PlannedFile:
            label_map = source.label_map(index)
            shown[index] = object_ids_in(label_map)
            shapes: list[dict[str, Any]] = []
            for object_id in shown[index]:
                mask = label_map == object_id
                file_id = numbering.id_map[object_id]
                if options.outlines:
                    polygons, filled = outlines(mask)
                    holes[index] = holes.get(index, 0) + filled
                    shapes += [_polygon(records[object_id], file_id, each) for each in polygons]
                else:
                    shapes.append(_mask(records[object_id], file_id, mask))
            text = _file_text(source, index, shapes)

            def holds(path: Path) -> bool:
                return path.read_text("utf-8") == text

            return PlannedFile((text.encode,), holds)

        with StagedFolder(folder, progress=lambda done: progress(done, steps)) as files:
            for index in range(source.frame_count):
                files.put(f"{index:05d}.json", partial(plan, index))
            files.commit()
        if options.with_frames:
            write_frames(source, folder, progress, done=source.frame_count)
        for index in sorted(shown):
            numbering.note(index, shown[index])
        warnings = numbering.warnings(needs_first_frame=False)
        if sum(holes.values()):
            warnings += (
                f"polygons have no holes: {sum(holes.values())} pixels in holes were filled",
            )
        return Written(
            folder,
            sidecar_of(folder),
            source.frame_count,
            dict(numbering.id_map),
            warnings,
            files.kept,
        )


def _file_text(source: ExportSource, index: int, shapes: list[dict[str, Any]]) -> str:
    values: dict[str, Any] = {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": f"{index:05d}.jpg",
        "imageData": None,
        "imageHeight": source.height,
        "imageWidth": source.width,
    }
    return json.dumps(values, ensure_ascii=False, indent=1)


def _shape(record: ObjectRecord, file_id: int, kind: str, points: Any) -> dict[str, Any]:
    return {
        "label": record.name,
        "points": points,
        "group_id": file_id,
        "description": record.category,
        "shape_type": kind,
        "flags": {},
        "mask": None,
    }


def _polygon(record: ObjectRecord, file_id: int, points: NDArray[np.int32]) -> dict[str, Any]:
    return _shape(record, file_id, "polygon", points.astype(float).tolist())


def _mask(record: ObjectRecord, file_id: int, mask: NDArray[np.bool_]) -> dict[str, Any]:
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(mask, np.uint8))
    corners = [[float(x), float(y)], [float(x + width - 1), float(y + height - 1)]]
    shape = _shape(record, file_id, "mask", corners)
    buffer = io.BytesIO()
    crop = np.ascontiguousarray(mask[y : y + height, x : x + width], np.uint8)
    Image.fromarray(crop).save(buffer, "PNG", compress_level=1)
    shape["mask"] = base64.b64encode(buffer.getvalue()).decode("ascii")
    return shape


def _key(shape: dict[str, Any]) -> tuple[object, str]:
    """What ties the shapes of an object: group and label, or the label alone."""
    label = shape.get("label")
    return shape.get("group_id"), label if isinstance(label, str) else ""


def _object_ids(shapes: Iterable[dict[str, Any]]) -> dict[tuple[object, str], int]:
    keys = list(dict.fromkeys(_key(shape) for shape in shapes))
    groups = [group for group, _ in keys]
    possible = [g for g in groups if type(g) is int and 1 <= g <= 254]
    if len(possible) == len(groups) == len(set(possible)):
        return dict(zip(keys, possible, strict=True))
    if len(keys) > 254:
        raise ExchangeError(f"{len(keys)} different objects; 254 is the most there can be")
    return {key: number for number, key in enumerate(keys, start=1)}


def _draw(
    shapes: list[dict[str, Any]],
    ids: dict[tuple[object, str], int],
    size: tuple[int, int],
    where: str,
) -> RawMask:
    label_map = np.zeros(size, np.uint8)
    for shape in shapes:
        points = points_of(as_list(shape.get("points"), f'{where}: "points"'), where)
        object_id = ids[_key(shape)]
        kind = shape.get("shape_type", "polygon")
        if kind == "mask":
            _draw_mask(label_map, shape, points, object_id, where)
        elif kind == "polygon":
            fill_polygon(label_map, points, object_id)
        elif kind == "rectangle" and len(points) >= 2:
            (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
            corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
            fill_polygon(label_map, corners, object_id)
        else:
            raise DamagedFileError(
                f"{where}: shapes of the kind {kind!r} have no area; polygons, rectangles and "
                "masks can be imported"
            )
    return label_map


def _draw_mask(
    label_map: NDArray[np.uint8],
    shape: dict[str, Any],
    points: NDArray[np.float64],
    object_id: int,
    where: str,
) -> None:
    try:
        with Image.open(io.BytesIO(base64.b64decode(shape.get("mask") or ""))) as picture:
            crop = np.array(picture.convert("L")) > 0
    except (binascii.Error, TypeError, UnidentifiedImageError, OSError) as error:
        raise DamagedFileError(f"{where}: a mask that is no PNG in base64") from error
    left, top = (int(value) for value in points.min(axis=0))
    height, width = crop.shape
    rows, columns = label_map.shape
    if left < 0 or top < 0 or top + height > rows or left + width > columns:
        raise DamagedFileError(
            f"{where}: a mask of {width} x {height} at ({left}, {top}) leaves the picture of "
            f"{columns} x {rows}"
        )
    label_map[top : top + height, left : left + width][crop] = object_id


def _files(path: Path) -> tuple[Path, list[Path]]:
    """JSON files of a folder, or of the only folder in it that has such files."""
    if not path.is_dir():
        return path, []
    own = _json_files(path)
    if own:
        return path, own
    inner = [(each, _json_files(each)) for each in sorted(path.iterdir()) if each.is_dir()]
    inner = [(folder, files) for folder, files in inner if files]
    return inner[0] if len(inner) == 1 else (path, [])


def _json_files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.glob("*.json")
        if path.name[0] != "." and not path.name.endswith(".provenance.json")
    )


def _is_labelme(file: Path) -> bool:
    try:
        values = load_json(file)
    except ExchangeError:
        return False
    return isinstance(values, dict) and "shapes" in values

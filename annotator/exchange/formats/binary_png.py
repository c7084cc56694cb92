"""One folder of black and white pictures for each object."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.exchange.errors import DamagedFileError, ExchangeError, UnknownFormatError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.found import FoundMasks, FoundObject, ImportQuery, RawMask
from annotator.exchange.options import ExportOptions
from annotator.exchange.png_files import numbered_masks, pictures_in, subfolders
from annotator.exchange.provenance import sidecar_of
from annotator.exchange.source import ExportSource, Progress
from annotator.model.objects import ObjectRecord
from vos_core.media import OutputError
from vos_core.media.davis import check_sequence_name
from vos_core.media.label_maps import read_gray_map, read_raw_mask
from vos_core.media.numbering import IdNumbering
from vos_core.media.staged import PlannedFile, StagedFolder

_AS_RUNS = [
    cv2.IMWRITE_PNG_COMPRESSION,
    1,
    cv2.IMWRITE_PNG_STRATEGY,
    cv2.IMWRITE_PNG_STRATEGY_RLE,
]
if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # since 4.11
    _AS_RUNS += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
_FOLDER = re.compile(r"(\d{1,3})(?:_(.*))?")


class BinaryPngs(ExchangeFormat):
    """Mattes for compositing: white is the object."""

    key: ClassVar[str] = "binary"
    title: ClassVar[str] = "Binary PNGs"
    summary: ClassVar[str] = "8-bit grey PNGs, 255 = the object, one folder an object"
    layout: ClassVar[str] = "OUT/NAME/001_cat/00000.png …, OUT/NAME/002_dog/00000.png …"
    options: ClassVar[tuple[str, ...]] = ("renumber",)
    resumes: ClassVar[bool] = True

    def recognises(self, path: Path) -> bool:
        """A folder, or the folder of one video, with numbered folders of pictures."""
        return path.is_dir() and _root_of(path) is not None

    def find(self, path: Path, query: ImportQuery) -> FoundMasks:
        """List the masks; where objects overlap, the higher id is on top."""
        root = _root_of(path)
        if root is None:
            raise UnknownFormatError(
                f"{path} holds no folders such as 001_cat with masks 00000.png and so on"
            )
        frames: dict[int, list[tuple[int, Path]]] = {}
        objects: dict[int, FoundObject] = {}
        notes: tuple[str, ...] = ()
        for object_id, folder in sorted(_object_folders(root).items()):
            match = _FOLDER.fullmatch(folder.name)
            name = (match[2] or "") if match else ""
            objects[object_id] = FoundObject(name.replace("_", " ").strip())
            files = pictures_in(folder)
            readers, more = numbered_masks(files)
            notes += more
            for number, reader in readers.items():
                source = reader.args[0] if isinstance(reader, partial) else folder
                frames.setdefault(number, []).append((object_id, source))
        readers = {number: partial(_merge, parts) for number, parts in sorted(frames.items())}
        sidecar = sidecar_of(root)
        return FoundMasks(
            self.key, root, readers, objects, notes, sidecar if sidecar.is_file() else None
        )

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write one folder an object, each as a whole."""
        root = target / check_sequence_name(options.name or source.sequence)
        numbering = IdNumbering(source.object_ids, renumber=options.renumber)
        if not source.objects:
            raise ExchangeError("there is no object to export")
        steps = source.frame_count * len(source.objects)
        kept = 0
        for place, record in enumerate(source.objects):
            file_id = numbering.id_map[record.object_id]
            self._refuse_other_name(root, file_id, _folder_name(file_id, record))
            done = place * source.frame_count
            shown: list[int] = []
            with StagedFolder(
                root / _folder_name(file_id, record),
                progress=_counting_on(progress, done, steps),
            ) as files:
                for index in range(source.frame_count):
                    plan = partial(_plan, source, index, record.object_id, shown)
                    files.put(f"{index:05d}.png", plan)
                files.commit()
                kept += files.kept
            for index in sorted(shown):
                numbering.note(index, [record.object_id])
        return Written(
            root,
            sidecar_of(root),
            source.frame_count,
            dict(numbering.id_map),
            numbering.warnings(needs_first_frame=False),
            kept,
        )

    @staticmethod
    def _refuse_other_name(root: Path, file_id: int, name: str) -> None:
        other = _object_folders(root).get(file_id)
        if other is not None and other.name != name:
            raise ExchangeError(
                f"{other} holds another export of object {file_id}, which is called {name} now; "
                "export into an empty folder"
            )


def _counting_on(progress: Progress, done: int, steps: int) -> Callable[[int], object]:
    return lambda count: progress(done + count, steps)


def _plan(source: ExportSource, index: int, object_id: int, shown: list[int]) -> PlannedFile:
    picture = (source.label_map(index) == object_id).view(np.uint8) * np.uint8(255)
    if cv2.countNonZero(picture):
        shown.append(index)
    return PlannedFile(
        (lambda: _encode(picture),),
        lambda path: np.array_equal(read_gray_map(path), picture),
    )


def _encode(picture: NDArray[np.uint8]) -> bytes:
    """8-bit grey PNG; two values need no filter, which is half the time of one."""
    works, encoded = cv2.imencode(".png", picture, _AS_RUNS)
    if not works:
        raise OutputError(f"a mask of {picture.shape[1]} x {picture.shape[0]} cannot be a PNG")
    return encoded.tobytes()


def _merge(parts: list[tuple[int, Path]]) -> RawMask:
    label_map: RawMask | None = None
    for object_id, path in parts:
        picture = read_raw_mask(path)
        if picture.ndim == 3:
            picture = picture.max(axis=2)
        if label_map is None:
            label_map = np.zeros(picture.shape, np.uint8)
        elif label_map.shape != picture.shape:
            raise DamagedFileError(
                f"{path}: {picture.shape[1]} x {picture.shape[0]} pixels, another object of that "
                f"frame has {label_map.shape[1]} x {label_map.shape[0]}"
            )
        label_map[picture > picture.max(initial=0) // 2] = object_id
    if label_map is None:
        raise DamagedFileError("a frame without a picture")
    return label_map


def _folder_name(file_id: int, record: ObjectRecord) -> str:
    safe = re.sub(r"[^\w\- ]", "", record.name).strip().replace(" ", "_")
    return f"{file_id:03d}_{safe}" if safe else f"{file_id:03d}"


def _object_folders(root: Path) -> dict[int, Path]:
    found = {}
    for folder in subfolders(root):
        match = _FOLDER.fullmatch(folder.name)
        if match and 1 <= int(match[1]) <= 254 and pictures_in(folder):
            found[int(match[1])] = folder
    return found


def _root_of(path: Path) -> Path | None:
    """The folder itself, or the only one in it, that has folders of objects."""
    if _object_folders(path):
        return path
    inner = [folder for folder in subfolders(path) if _object_folders(folder)]
    return inner[0] if len(inner) == 1 else None

"""``project.json``: what it says, checked value by value before anything is made of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from annotator.model.cells import ID_COUNT
from annotator.model.errors import ObjectError
from annotator.model.objects import ObjectRecord
from annotator.storage.cell_runs import RunTexts, decode_reliabilities, decode_states
from annotator.storage.errors import NewerProjectError, ProjectFormatError
from annotator.storage.json_reader import JsonReader
from annotator.storage.migration import CURRENT_VERSION, migrate
from vos_core import __version__

FORMAT = "vos-annotator project"
VERSION = CURRENT_VERSION
_MOST_FRAMES = 1_000_000
_LARGEST_SIDE = 65_535

ByteArray = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class FramesRecord:
    """Where the annotated frames are, and how they are recognised.

    Attributes:
        path: absolute path at the time of saving.
        relative_path: path from the project folder, for projects that move with their video.
        kind: "video" or "folder".
        frame_count, height, width: as opened.
        frames_per_second: playing speed.
        fingerprint: digest of the content (see `annotator.storage.frames_location`).
    """

    path: str
    relative_path: str
    kind: str
    frame_count: int
    height: int
    width: int
    frames_per_second: float
    fingerprint: str


@dataclass
class ProjectRecord:
    """Content of ``project.json``.

    Attributes:
        frames: the annotated frames.
        objects: records in list order.
        highest_object_id: highest id ever given.
        states: uint8 [T, 256], `CellState` values.
        reliability_codes: uint8 [T, 256] (see `annotator.model.cells.reliability_code`).
        promoted, excluded: reference choices, frame indices.
        settings: what tools want to remember with the project; any JSON values.
        saved_journal: number of the last journal file whose content is in the saved files.
        version: of the format in which the file was written.
    """

    frames: FramesRecord
    objects: tuple[ObjectRecord, ...]
    highest_object_id: int
    states: ByteArray
    reliability_codes: ByteArray
    promoted: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    saved_journal: int = 0
    version: int = VERSION


def encode_project(record: ProjectRecord, texts: RunTexts | None = None) -> str:
    """Text of ``project.json``.

    Args:
        record: what to write.
        texts: of the last time, so that only what changed since is made anew.

    Cells are runs ``[state, first frame, last frame]`` by object id, reliabilities runs ``[first
    frame, [values]]`` with three decimals, which is finer than the steps they are kept in. The text
    is put together from many short pieces, so that no single call holds the interpreter long while
    the window waits for it.
    """
    texts = RunTexts() if texts is None else texts
    pieces = [
        ("format", json.dumps(FORMAT)),
        ("version", str(VERSION)),
        ("written_by", json.dumps(f"vos-annotator {__version__}")),
        ("frames", json.dumps(vars(record.frames), ensure_ascii=False, indent=1)),
        ("objects", _encode_list(object_to_json(item) for item in record.objects)),
        ("highest_object_id", str(record.highest_object_id)),
        ("cells", texts.states(record.states)),
        ("reliability", texts.reliabilities(record.reliability_codes)),
        (
            "references",
            json.dumps({"promoted": record.promoted, "excluded": record.excluded}),
        ),
        ("settings", json.dumps(record.settings, ensure_ascii=False, sort_keys=True)),
        ("saved_journal", str(record.saved_journal)),
    ]
    body = ",\n".join(f"{json.dumps(name)}: {text}" for name, text in pieces)
    return "{\n" + body + "\n}\n"


def decode_project(text: str, path: Path) -> ProjectRecord:
    """Check and read the text of ``project.json``.

    Args:
        text: content of the file.
        path: its path, for messages.

    A file of an older version is brought to the present one first (`annotator.storage.migration`).

    Raises:
        ProjectFormatError: damaged, not a project, or a value that cannot be.
        NewerProjectError: written by a newer version.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ProjectFormatError(
            f"{path} is damaged: {error}. The masks beside it are whole PNG files; "
            "make a new project and import them"
        ) from error
    reader = JsonReader(path)
    table = reader.table(values, "the file")
    if table.get("format") != FORMAT:
        raise ProjectFormatError(f'{path} is no project of this application ("format" is missing)')
    version = reader.integer(table, "version", low=1)
    if version > VERSION:
        raise NewerProjectError(
            f"{path} was written by a newer version of this application (project version "
            f"{version}, this one knows up to {VERSION}); open it with "
            f"{_writer_of(table) or 'that version'}"
        )
    table = migrate(reader, table, version)
    frames = _decode_frames(reader, reader.member(table, "frames", dict))
    objects = tuple(
        object_from_json(item, f"{path}: objects[{position}]")
        for position, item in enumerate(reader.member(table, "objects", list))
    )
    ids = [item.object_id for item in objects]
    if len(set(ids)) != len(ids):
        raise ProjectFormatError(f"{path}: two objects have the same id")
    references = reader.member(table, "references", dict)
    return ProjectRecord(
        frames,
        objects,
        reader.integer(table, "highest_object_id", low=max(ids, default=0), high=ID_COUNT - 2),
        decode_states(reader, reader.member(table, "cells", dict), frames.frame_count),
        decode_reliabilities(reader, reader.member(table, "reliability", dict), frames.frame_count),
        reader.frames(references, "promoted", frames.frame_count),
        reader.frames(references, "excluded", frames.frame_count),
        reader.member(table, "settings", dict),
        reader.integer(table, "saved_journal", low=0),
        version,
    )


def _writer_of(table: dict[str, Any]) -> str:
    """Name and version of the application that wrote a file, empty when it does not say."""
    name = table.get("written_by")
    return name if isinstance(name, str) else ""


def object_to_json(record: ObjectRecord) -> dict[str, Any]:
    """JSON values of an object record."""
    return {
        "id": record.object_id,
        "name": record.name,
        "category": record.category,
        "colour": list(record.colour),
        "visible": record.visible,
        "locked": record.locked,
        "opacity": record.opacity,
    }


def object_from_json(values: object, where: str) -> ObjectRecord:
    """Object record of JSON values.

    Raises:
        ProjectFormatError: a value that cannot be; ``where`` says which object.
    """
    reader = JsonReader(where)
    table = reader.table(values, "it")
    colour = reader.member(table, "colour", list)
    if len(colour) != 3 or not all(type(part) is int for part in colour):
        raise ProjectFormatError(f"{where}: colour is {colour}, expected three numbers 0 to 255")
    try:
        return ObjectRecord(
            reader.integer(table, "id", low=1, high=ID_COUNT - 2),
            reader.member(table, "name", str),
            reader.member(table, "category", str),
            (colour[0], colour[1], colour[2]),
            reader.member(table, "visible", bool),
            reader.member(table, "locked", bool),
            reader.number(table, "opacity"),
        )
    except ObjectError as error:
        raise ProjectFormatError(f"{where}: {error}") from error


def _decode_frames(reader: JsonReader, table: dict[str, Any]) -> FramesRecord:
    kind = reader.member(table, "kind", str)
    if kind not in ("video", "folder"):
        raise reader.wrong(f'frames.kind is "{kind}", expected "video" or "folder"')
    rate = reader.number(table, "frames_per_second")
    if not 0 < rate < math.inf:
        raise reader.wrong(f"frames.frames_per_second is {rate}, expected a number over 0")
    return FramesRecord(
        reader.member(table, "path", str),
        reader.member(table, "relative_path", str),
        kind,
        reader.integer(table, "frame_count", low=1, high=_MOST_FRAMES),
        reader.integer(table, "height", low=1, high=_LARGEST_SIDE),
        reader.integer(table, "width", low=1, high=_LARGEST_SIDE),
        rate,
        reader.member(table, "fingerprint", str),
    )


def _encode_list(items: Iterable[object]) -> str:
    lines = [json.dumps(item, ensure_ascii=False) for item in items]
    return "[\n " + ",\n ".join(lines) + "\n]" if lines else "[]"

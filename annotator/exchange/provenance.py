"""The sidecar of an export: who made each mask, by what, when, and how far it can be trusted.

::

    {"format": "vos-annotator provenance", "version": 1, "application": "0.1.0",
     "written": "2026-11-21T15:00:00+00:00",
     "video": {"name": ..., "frames": 100, "width": ..., "height": ..., "fingerprint": ...},
     "network": "aoc-lite ...",
     "objects": [{"id": 1, "project_id": 3, "name": "cat", "category": "animal",
                  "colour": [230, 159, 0],
                  "drawn": [[0, 0]], "corrected": [[40, 41]], "propagated": [[1, 39]],
                  "verified": [], "reliability": [[1, [0.98, 0.97]]]}]}

Frames are runs [first, last]; reliabilities are runs [first frame, values in 0..1].
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from annotator.exchange.errors import DamagedFileError
from annotator.exchange.source import ExportSource
from annotator.model.cells import (
    ID_COUNT,
    ByteArray,
    CellState,
    reliability_code,
    reliability_of_code,
)
from annotator.model.errors import ObjectError
from annotator.model.objects import ObjectRecord, display_colour
from annotator.storage.errors import ProjectFormatError
from annotator.storage.json_reader import JsonReader
from vos_core.media.atomic import write_text_atomic

FORMAT = "vos-annotator provenance"
VERSION = 1
SUFFIX = ".provenance.json"
_STATES = (CellState.DRAWN, CellState.CORRECTED, CellState.PROPAGATED, CellState.VERIFIED)


@dataclass(frozen=True)
class Provenance:
    """What a sidecar says, by ids in the files.

    Attributes:
        objects: records, named and coloured as in the project they come from.
        states: uint8 [T, 256], `CellState` values.
        reliability_codes: uint8 [T, 256].
        written: when, as ISO 8601 text.
        network: what made the propagated masks, in words.
    """

    objects: tuple[ObjectRecord, ...]
    states: ByteArray
    reliability_codes: ByteArray
    written: str
    network: str | None


def sidecar_of(target: Path) -> Path:
    """Place of the sidecar of a folder or file."""
    return target.with_name(f"{target.name}{SUFFIX}")


def write_provenance(path: Path, source: ExportSource, id_map: Mapping[int, int]) -> None:
    """Write the sidecar.

    Args:
        path: where.
        source: what was exported.
        id_map: id in the project -> id in the files.

    Raises:
        OutputError: it cannot be written.
    """
    values = {
        "format": FORMAT,
        "version": VERSION,
        "application": application_version(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "video": {
            "name": source.sequence,
            "frames": source.frame_count,
            "width": source.width,
            "height": source.height,
            "fingerprint": source.fingerprint,
        },
        "network": source.network,
        "objects": [
            _object(source, record, id_map[record.object_id])
            for record in source.objects
            if record.object_id in id_map
        ],
    }
    write_text_atomic(path, json.dumps(values, ensure_ascii=False, indent=1) + "\n")


def read_provenance(path: Path) -> Provenance:
    """Read a sidecar.

    Raises:
        DamagedFileError: it is none, it is newer, or a value cannot be.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DamagedFileError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise DamagedFileError(f"{path} is damaged: {error}") from error
    reader = JsonReader(path)
    try:
        return _decode(reader, reader.table(values, "the file"))
    except (ProjectFormatError, ObjectError) as error:
        raise DamagedFileError(str(error)) from error


def application_version() -> str:
    """Version of this application, as it is installed."""
    try:
        return version("vos-annotator")
    except PackageNotFoundError:
        return "development version"


def _object(source: ExportSource, record: ObjectRecord, file_id: int) -> dict[str, Any]:
    states = source.states[:, record.object_id]
    values: dict[str, Any] = {
        "id": file_id,
        "project_id": record.object_id,
        "name": record.name,
        "category": record.category,
        "colour": list(record.colour),
    }
    for state in _STATES:
        values[state.name.lower()] = [
            [int(first), int(last)] for first, last in _spans(states == state)
        ]
    codes = source.reliability_codes[:, record.object_id]
    values["reliability"] = [
        [
            int(first),
            [round(reliability_of_code(int(c)) or 0.0, 3) for c in codes[first : last + 1]],
        ]
        for first, last in _spans(codes > 0)
    ]
    return values


def _spans(chosen: np.ndarray) -> np.ndarray:
    """Runs of True as rows (first, last)."""
    padded = np.concatenate(([False], chosen, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return edges.reshape(-1, 2) - [0, 1]


def _decode(reader: JsonReader, table: dict[str, Any]) -> Provenance:
    if table.get("format") != FORMAT:
        raise reader.wrong(f'no provenance of this application ("format" is not "{FORMAT}")')
    reader.integer(table, "version", low=1, high=VERSION)
    video = reader.member(table, "video", dict)
    frame_count = reader.integer(video, "frames", low=1, high=1_000_000)
    states = np.zeros((frame_count, ID_COUNT), np.uint8)
    codes = np.zeros((frame_count, ID_COUNT), np.uint8)
    records = []
    for item in reader.member(table, "objects", list):
        entry = reader.table(item, '"objects" holds something that')
        object_id = reader.integer(entry, "id", low=1, high=ID_COUNT - 2)
        colour = entry.get("colour")
        if not (isinstance(colour, list) and len(colour) == 3):
            colour = list(display_colour(object_id))
        name = reader.member(entry, "name", str)
        category = reader.member(entry, "category", str)
        records.append(ObjectRecord(object_id, name, category, (colour[0], colour[1], colour[2])))
        for state in _STATES:
            for span in reader.member(entry, state.name.lower(), list):
                first, last = _span(reader, span, state.name.lower(), frame_count)
                states[first : last + 1, object_id] = state
        for run in reader.member(entry, "reliability", list):
            _fill_codes(reader, codes[:, object_id], run)
    network = table.get("network")
    return Provenance(
        tuple(records),
        states,
        codes,
        reader.member(table, "written", str),
        network if isinstance(network, str) else None,
    )


def _span(reader: JsonReader, span: object, name: str, frame_count: int) -> tuple[int, int]:
    if not isinstance(span, list) or len(span) != 2:
        raise reader.wrong(f'"{name}" should hold runs [first frame, last frame]')
    first = reader.frame(span[0], name, frame_count)
    return first, reader.frame(span[1], name, frame_count)


def _fill_codes(reader: JsonReader, codes: ByteArray, run: object) -> None:
    if not isinstance(run, list) or len(run) != 2 or not isinstance(run[1], list):
        raise reader.wrong('"reliability" should hold runs [first frame, [values]]')
    first = reader.frame(run[0], "reliability", codes.size)
    if first + len(run[1]) > codes.size:
        raise reader.wrong('"reliability" runs beyond the last frame')
    try:
        codes[first : first + len(run[1])] = [reliability_code(value) for value in run[1]]
    except (ValueError, TypeError) as error:
        raise reader.wrong(f'"reliability": {error}') from error

"""Effects of commands as journal records, and back: the state after each, part by part."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from annotator.model.cells import ID_COUNT, CellRow
from annotator.model.changes import ChangeSet
from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.errors import ModelError
from annotator.model.geometry import Box
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.model.objects import ObjectTable
from annotator.model.references import ReferenceChoice
from annotator.storage.errors import ProjectFormatError
from annotator.storage.journal import Part, Record
from annotator.storage.schema import object_from_json, object_to_json

MapSnapshot = ByteMap | PackedMap


def effect_of(
    document: Document, change: ChangeSet, label_maps: dict[int, MapSnapshot]
) -> tuple[Callable[[], Record], int]:
    """Journal record of a change, to be made later from values taken now.

    Args:
        document: after the change.
        change: what changed.
        label_maps: snapshots of the label maps that changed, by frame.

    Returns:
        Function that makes the record (in any thread), and about how many bytes it works on.
    """
    parts: list[Part] = []
    if change.objects:
        objects = [object_to_json(record) for record in document.objects]
        parts.append(
            Part({"kind": "objects", "items": objects, "highest_id": document.objects.highest_id})
        )
    frames = sorted(change.cells)
    states = document.cells.states[frames]
    codes = document.cells.reliability_codes[frames]
    for frame_index in sorted(change.references):
        choice = int(document.references.choice(frame_index))
        parts.append(Part({"kind": "reference", "frame": frame_index, "choice": choice}))
    for frame_index in sorted(change.reliability_maps):
        packed = document.reliability_maps.pack(frame_index)
        parts.append(_packed_part("reliability", frame_index, packed))
    pixels = [(i, box, label_maps[i]) for i, box in sorted(change.label_maps.items())]
    nbytes = sum(len(part.data) for part in parts) + states.nbytes + codes.nbytes
    for _, box, snapshot in pixels:
        is_packed = isinstance(snapshot, PackedMap)
        nbytes += len(snapshot.data) if is_packed else box.height * box.width

    def make_record() -> Record:
        rows = zip(frames, states, codes, strict=True)
        return [*parts, *(_cells_part(*row) for row in rows), *(_pixels_part(*p) for p in pixels)]

    return make_record, nbytes


def settings_effect(settings: dict[str, Any]) -> Record:
    """Journal record of the project's settings."""
    return [Part({"kind": "settings", "values": settings})]


def replay(record: Record, editor: DocumentEditor, settings: dict[str, Any]) -> None:
    """Write the state that a record holds into a document.

    Args:
        record: of the journal.
        editor: of the document.
        settings: the project's settings, changed in place.

    Raises:
        ProjectFormatError: the record does not fit the document.
    """
    for part in record:
        try:
            if part.head["kind"] == "settings":
                settings.update(part.head["values"])
            else:
                _replay_part(part, editor)
        except (KeyError, TypeError, ValueError, IndexError, zlib.error, ModelError) as error:
            raise ProjectFormatError(
                f"the journal holds a record that does not fit the project: {error!r}"
            ) from error


def _replay_part(part: Part, editor: DocumentEditor) -> None:
    head = part.head
    kind = head["kind"]
    document = editor.document
    if kind == "objects":
        records = [object_from_json(item, "the journal") for item in head["items"]]
        editor.replace_objects(ObjectTable(records, highest_id=head["highest_id"]))
    elif kind == "cells":
        data = zlib.decompress(part.data)
        editor.set_cells(head["frame"], CellRow(data[:ID_COUNT], data[ID_COUNT:]))
    elif kind == "reference":
        editor.choose_reference(head["frame"], ReferenceChoice(head["choice"]))
    elif kind in ("map", "remapped", "reliability"):
        box = Box(*head["box"])
        packed = PackedMap(document.height, document.width, box, part.data)
        if kind == "remapped":
            packed = packed.remapped(bytes.fromhex(head["table"]))
        if packed.unpack().shape != (document.height, document.width):
            raise ValueError("a map of another size")
        if kind != "reliability":
            editor.replace_label_map(head["frame"], packed)
        else:
            editor.replace_reliability_map(head["frame"], packed)
    elif kind == "patch":
        box = Box(*head["box"])
        values = np.frombuffer(zlib.decompress(part.data), np.uint8)
        editor.patch_label_map(head["frame"], box, values.reshape(box.height, box.width))
    else:
        raise ValueError(f"unknown part {kind!r}")


def _pixels_part(frame_index: int, box: Box, snapshot: MapSnapshot) -> Part:
    if isinstance(snapshot, PackedMap):
        return _packed_part("map", frame_index, snapshot)
    head = {"kind": "patch", "frame": frame_index, "box": list(box)}
    return Part(head, zlib.compress(snapshot[box.slices].tobytes(), 1))


def _packed_part(kind: str, frame_index: int, packed: PackedMap) -> Part:
    head = {"kind": kind, "frame": frame_index, "box": list(packed.box)}
    if packed.table is not None:  # a kind of its own, which no older version takes for a plain map
        head |= {"kind": "remapped", "table": packed.table.hex()}
    return Part(head, packed.data)


def _cells_part(frame_index: int, states: ByteMap, codes: ByteMap) -> Part:
    head = {"kind": "cells", "frame": frame_index}
    return Part(head, zlib.compress(states.tobytes() + codes.tobytes(), 1))

"""Small annotated videos for exchange tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from annotator.exchange.source import ExportSource
from annotator.model.cells import CellState, reliability_code
from annotator.model.commands.imports import ImportedFrame, ImportMasks
from annotator.model.document import Document
from annotator.model.history import History
from annotator.model.label_maps import PackedMap
from annotator.model.merging import ids_in
from annotator.model.objects import ObjectRecord, display_colour
from annotator.model.sequence import FrameSequence
from annotator.storage.session import ProjectSession

HEIGHT, WIDTH, COUNT = 40, 60, 12


def cat_and_dogs() -> list[np.ndarray]:
    """Twelve label maps: object 2 with a hole, 5 from frame 3 on, 9 of two pieces; 7 is empty."""
    maps = []
    for index in range(COUNT):
        label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
        if index == 7:
            maps.append(label_map)
            continue
        label_map[4 + index : 20 + index, 5 + index : 25 + index] = 2
        label_map[8 + index : 12 + index, 10 + index : 15 + index] = 0
        if index >= 3:
            label_map[30:40, 0:10] = 5
        label_map[0:6, 40:50] = 9
        label_map[20:26, 50:60] = 9
        maps.append(label_map)
    return maps


def records() -> tuple[ObjectRecord, ...]:
    """Their objects."""
    named = ((2, "black cat", "cat"), (5, "Hündin", "dog"), (9, "pup & co", "dog"))
    return tuple(ObjectRecord(i, name, kind, display_colour(i + 20)) for i, name, kind in named)


def told_cells(label_maps: Sequence[np.ndarray]) -> list[Mapping[int, tuple[CellState, int]]]:
    """States as after an hour of work: drawn, propagated, corrected, verified, rightly absent."""
    cells: list[Mapping[int, tuple[CellState, int]]] = []
    for index, label_map in enumerate(label_maps):
        row: dict[int, tuple[CellState, int]] = {}
        for object_id in ids_in(label_map):
            row[object_id] = (CellState.PROPAGATED, reliability_code(0.5 + index / 25))
        if index == 0:
            row = dict.fromkeys(row, (CellState.DRAWN, 0))
        if index == 4:
            row[5] = (CellState.CORRECTED, 0)
        if index == 7:
            row = dict.fromkeys((2, 5, 9), (CellState.VERIFIED, 0))
        cells.append(row)
    return cells


def make_document(label_maps: Sequence[np.ndarray] | None = None) -> Document:
    """A document with these masks (the cats and dogs when None), made by one command."""
    maps = cat_and_dogs() if label_maps is None else label_maps
    document = Document(len(maps), *maps[0].shape)
    frames = {
        index: ImportedFrame(PackedMap.of(label_map), frozenset(ids_in(label_map)), cells)
        for index, (label_map, cells) in enumerate(zip(maps, told_cells(maps), strict=True))
    }
    History(document).do(ImportMasks.prepare(document, frames, records()))
    return document


def make_frames(folder: Path, count: int = COUNT, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Path:
    """Folder of pictures, each with its own grey."""
    folder.mkdir(parents=True)
    for index in range(count):
        Image.new("RGB", size[::-1], (10 * index,) * 3).save(folder / f"{index:05d}.png")
    return folder


def sequence_of(folder: Path, document: Document) -> FrameSequence:
    """Description of the frames."""
    return FrameSequence(
        folder, "folder", document.frame_count, document.height, document.width, 25.0
    )


def make_source(tmp_path: Path, document: Document | None = None) -> ExportSource:
    """What an export of a document takes, with real frames."""
    made = make_document() if document is None else document
    folder = tmp_path / "zoo"
    if not folder.exists():
        make_frames(folder, made.frame_count, (made.height, made.width))
    return ExportSource.of(made, sequence_of(folder, made), network="test net")


def project_bytes(folder: Path, document: Document) -> dict[str, bytes]:
    """Save a document as a project and read its mask files."""
    frames = folder / "frames"
    make_frames(frames, document.frame_count, (document.height, document.width))
    sequence = sequence_of(frames, document)
    session = ProjectSession.create(folder / "project", sequence, document=document)
    assert session.close()
    masks = sorted((folder / "project" / "masks").glob("*.png"))
    return {path.name: path.read_bytes() for path in masks}


def same_documents(one: Document, other: Document) -> None:
    """Assert that pixels are the same in every frame."""
    for index in range(one.frame_count):
        np.testing.assert_array_equal(one.label_map(index), other.label_map(index))

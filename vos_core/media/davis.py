"""Export of label maps as a DAVIS results folder, checked by reading it back.

The layout is the one of the DAVIS 2017 evaluation code: ``<root>/<sequence>/00000.png`` and on, one
8-bit palette PNG for every frame, ids contiguous from 1 and fixed through the video, no 255, plus
``<root>/ImageSets/2017/<set>.txt`` with one sequence name a line.
"""

from __future__ import annotations

import secrets
import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vos_core.media.atomic import check_writable, ensure_folder, reason, write_text_atomic
from vos_core.media.errors import LabelMapError, OutputError
from vos_core.media.label_maps import (
    MAX_OBJECT_ID,
    check_ids,
    file_holds,
    object_ids_in,
    write_label_map,
)

_WRITERS = 2  # encoding and decoding run outside Python's lock


@dataclass(frozen=True)
class DavisExport:
    """What an export wrote.

    Attributes:
        folder: The folder of the sequence.
        frame_count: How many label maps it holds.
        id_map: Id in the given maps -> id in the files, for every object id seen or announced.
        warnings: What an evaluation may stumble over, each a sentence for a person.
    """

    folder: Path
    frame_count: int
    id_map: dict[int, int]
    warnings: tuple[str, ...]


def export_davis_results(
    directory: str | Path,
    label_maps: Iterable[NDArray[np.uint8]],
    *,
    sequence: str,
    object_ids: Iterable[int] | None = None,
    renumber: bool = True,
    image_set: str = "val",
) -> DavisExport:
    """Write the label maps of one video as DAVIS results and read every file back.

    The files take their place only when all of them are written and right; until then, and after a
    failure, what an earlier export left is as it was.

    Args:
        directory: Root of the results; made when missing.
        label_maps: uint8 [H, W] for each frame, in order; any iterable, read once.
        sequence: Name of the video, which becomes a folder's name.
        object_ids: All ids of the video, numbered in ascending order when renumbering. When None,
            ids are numbered in the order in which they first appear.
        renumber: Make ids contiguous from 1. When False they are kept, with a warning where
            they are not contiguous.
        image_set: Name of the list that the sequence is entered in.

    Returns:
        Where the files are, how ids were changed, and warnings.

    Raises:
        LabelMapError: A map holds 255, differs in size from the first, or there is no map at all.
        OutputError: The folder cannot be written, holds label maps of another export, or a file
            did not read back as it was written.
    """
    if not sequence or Path(sequence).name != sequence or sequence.startswith("."):
        raise OutputError(f"'{sequence}' cannot be the name of a sequence: it names a folder")
    root = Path(directory)
    folder = check_writable(root / sequence)
    numbering = _Numbering(object_ids, renumber)
    with _staging_folder(root, sequence) as staging, ThreadPoolExecutor(_WRITERS) as writers:
        names: list[str] = []
        writing: deque[Future[None]] = deque()
        for index, label_map in enumerate(_checked(label_maps)):
            names.append(f"{index:05d}.png")
            own = numbering.apply(label_map, index)
            writing.append(writers.submit(_write_checked, staging / names[-1], own))
            if len(writing) > 2 * _WRITERS:
                writing.popleft().result()
        for future in writing:
            future.result()
        if not names:
            raise LabelMapError(f"nothing to export for '{sequence}': there are no frames")
        _refuse_strangers(folder, names)
        _move(staging, folder, names)
    _enter_in_list(root / "ImageSets" / "2017" / f"{image_set}.txt", sequence)
    return DavisExport(folder, len(names), dict(numbering.id_map), numbering.warnings())


@contextmanager
def _staging_folder(root: Path, sequence: str) -> Iterator[Path]:
    """Give a folder to write into until all is there; it is gone afterwards."""
    staging = ensure_folder(root / f".{sequence}.{secrets.token_hex(4)}")
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _checked(label_maps: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """Pass label maps on as long as they hold no 255 and have one size."""
    size: tuple[int, ...] | None = None
    for index, label_map in enumerate(label_maps):
        name = f"frame {index:05d}.png"
        check_ids(label_map, name)
        if size is not None and label_map.shape != size:
            raise LabelMapError(
                f"{name}: the map is {label_map.shape[1]}x{label_map.shape[0]}, "
                f"the first one is {size[1]}x{size[0]}"
            )
        size = label_map.shape
        yield label_map


class _Numbering:
    """Keeps one mapping of ids for a whole video."""

    def __init__(self, object_ids: Iterable[int] | None, renumber: bool) -> None:
        self.id_map: dict[int, int] = {}
        self._renumber = renumber
        self._table = np.zeros(256, np.uint8)
        self._first_frame: dict[int, int] = {}
        for object_id in sorted(set(object_ids or ())):
            if not 1 <= object_id <= MAX_OBJECT_ID:
                raise LabelMapError(f"object id {object_id} is not from 1 to {MAX_OBJECT_ID}")
            self._enter(object_id)

    def apply(self, label_map: NDArray[np.uint8], frame_index: int) -> NDArray[np.uint8]:
        for object_id in object_ids_in(label_map):
            self._enter(object_id)
            self._first_frame.setdefault(object_id, frame_index)
        if all(old == new for old, new in self.id_map.items()):
            return label_map.copy()  # the caller may use its array again before this is written
        renumbered: NDArray[np.uint8] = self._table[label_map]
        return renumbered

    def warnings(self) -> tuple[str, ...]:
        texts = []
        for object_id, first in self._first_frame.items():
            if first > 0:
                texts.append(
                    f"object {self.id_map[object_id]} first appears in frame {first:05d}: the "
                    "DAVIS evaluation counts only objects of the first frame"
                )
        texts.extend(
            f"object {self.id_map[object_id]} is in no frame"
            for object_id in self.id_map
            if object_id not in self._first_frame
        )
        ids = sorted(self.id_map.values())
        if ids != list(range(1, len(ids) + 1)):
            texts.append(
                f"ids {ids} are not contiguous from 1: evaluations invent the missing ones"
            )
        return tuple(texts)

    def _enter(self, object_id: int) -> None:
        if object_id not in self.id_map:
            self.id_map[object_id] = len(self.id_map) + 1 if self._renumber else object_id
            self._table[object_id] = self.id_map[object_id]


def _write_checked(path: Path, label_map: NDArray[np.uint8]) -> None:
    write_label_map(path, label_map)
    if not file_holds(path, label_map):
        raise OutputError(f"{path} does not read back as it was written; is the disk sound?")


def _refuse_strangers(folder: Path, names: list[str]) -> None:
    strangers = sorted({path.name for path in folder.glob("*.png")} - set(names))
    if strangers:
        raise OutputError(
            f"{folder} also holds {strangers[0]}, which is not of this export of "
            f"{len(names)} frames; export into an empty folder"
        )


def _move(staging: Path, folder: Path, names: list[str]) -> None:
    try:
        for name in names:
            (staging / name).replace(folder / name)
    except OSError as error:
        raise OutputError(f"cannot write into {folder}: {reason(error)}") from error


def _enter_in_list(path: Path, sequence: str) -> None:
    try:
        known = path.read_text("utf-8").split() if path.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "not a text file"
        raise OutputError(f"cannot read {path}: {why}") from error
    if sequence not in known:
        write_text_atomic(path, "\n".join([*known, sequence]) + "\n")

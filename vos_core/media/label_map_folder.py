"""Label maps as the palette PNGs of one folder, written and read back by several threads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vos_core.media.errors import LabelMapError
from vos_core.media.label_maps import check_ids, encode_label_map, file_holds, object_ids_in
from vos_core.media.numbering import IdNumbering
from vos_core.media.staged import PlannedFile, Progress, StagedFolder


@dataclass(frozen=True)
class LazyLabelMap:
    """A label map that is unpacked when its turn comes, in the thread that writes it.

    Attributes:
        load: Gives uint8 [H, W] object ids, a new array or one that stays as it is.
        stored: A palette PNG that may hold exactly this map; its bytes are used when it does.
    """

    load: Callable[[], NDArray[np.uint8]]
    stored: Path | None = None


@dataclass(frozen=True)
class FolderCounts:
    """How many files there are, and how many of them were there already."""

    files: int
    kept: int


def write_label_map_folder(
    folder: Path,
    label_maps: Iterable[NDArray[np.uint8] | LazyLabelMap],
    numbering: IdNumbering,
    *,
    name_of: Callable[[int], str] = "{:05d}.png".format,
    progress: Progress | None = None,
) -> FolderCounts:
    """Write label maps as palette PNGs and read each back.

    Args:
        folder: Of the files; they take their place when all of them are right.
        label_maps: uint8 [H, W] in order; an array may be used again by the caller at once. Lazy
            maps hold only ids that the numbering knows.
        numbering: Of the ids; learns which frames show which objects.
        name_of: File name by place in the order.
        progress: Hears the number of files done.

    Raises:
        LabelMapError: A map holds 255 or an unknown id, differs in size from the first, or there is
            no map at all.
        OutputError: The folder cannot be written, holds label maps of another export, or a file
            did not read back as it was written.
    """
    shape: tuple[int, ...] | None = None
    shown: dict[int, list[int]] = {}

    def plan(index: int, entry: NDArray[np.uint8] | LazyLabelMap) -> PlannedFile:
        is_lazy = isinstance(entry, LazyLabelMap)
        label_map = entry.load() if isinstance(entry, LazyLabelMap) else entry
        if is_lazy:
            check_ids(label_map, f"frame {name_of(index)}")
            shown[index] = object_ids_in(label_map)
            unknown = [i for i in shown[index] if i not in numbering.id_map]
            if unknown:
                raise LabelMapError(f"frame {name_of(index)}: no object has the ids {unknown}")
            label_map = numbering.apply(label_map)
        contents: list[Callable[[], bytes]] = [lambda: encode_label_map(label_map)]
        if isinstance(entry, LazyLabelMap) and entry.stored and numbering.is_identity:
            contents.insert(0, entry.stored.read_bytes)
        return PlannedFile(tuple(contents), lambda path: file_holds(path, label_map))

    count = 0
    with StagedFolder(folder, progress=progress) as files:
        for index, entry in enumerate(label_maps):
            count += 1
            if not isinstance(entry, LazyLabelMap):
                _check(entry, name_of(index), shape)
                shape = entry.shape
                shown[index] = numbering.meet(entry)
                renumbered = numbering.apply(entry)
                entry = renumbered.copy() if renumbered is entry else renumbered
            files.put(name_of(index), functools.partial(plan, index, entry))
        if not count:
            raise LabelMapError(f"nothing to export for '{folder.name}': there are no frames")
        files.commit()
    for index, ids in sorted(shown.items()):
        numbering.note(index, ids)
    return FolderCounts(count, files.kept)


def _check(label_map: NDArray[np.uint8], name: str, shape: tuple[int, ...] | None) -> None:
    check_ids(label_map, f"frame {name}")
    if shape is not None and label_map.shape != shape:
        raise LabelMapError(
            f"frame {name}: the map is {label_map.shape[1]}x{label_map.shape[0]}, "
            f"the first one is {shape[1]}x{shape[0]}"
        )

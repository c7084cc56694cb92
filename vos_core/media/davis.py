"""Export of label maps as a DAVIS results folder, checked by reading it back.

The layout is the one of the DAVIS 2017 evaluation code: ``<root>/<sequence>/00000.png`` and on, one
8-bit palette PNG for every frame, ids contiguous from 1 and fixed through the video, no 255, plus
``<root>/ImageSets/2017/<set>.txt`` with one sequence name a line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vos_core.media.atomic import reason, write_text_atomic
from vos_core.media.errors import OutputError
from vos_core.media.label_map_folder import LazyLabelMap, write_label_map_folder
from vos_core.media.numbering import IdNumbering
from vos_core.media.staged import Progress


@dataclass(frozen=True)
class DavisExport:
    """What an export wrote.

    Attributes:
        folder: The folder of the sequence.
        frame_count: How many label maps it holds.
        id_map: Id in the given maps -> id in the files, for every object id seen or announced.
        warnings: What an evaluation may stumble over, each a sentence for a person.
        kept_count: How many files were there already, whole and right, from an earlier attempt.
    """

    folder: Path
    frame_count: int
    id_map: dict[int, int]
    warnings: tuple[str, ...]
    kept_count: int = 0


def export_davis_results(
    directory: str | Path,
    label_maps: Iterable[NDArray[np.uint8] | LazyLabelMap],
    *,
    sequence: str,
    object_ids: Iterable[int] | None = None,
    renumber: bool = True,
    image_set: str = "val",
    masks_folder: Path | None = None,
    progress: Progress | None = None,
) -> DavisExport:
    """Write the label maps of one video as DAVIS results and read every file back.

    The files take their place only when all of them are written and right; until then, and after a
    failure, what an earlier export left is as it was. After an interruption the next call goes on
    where it ended.

    Args:
        directory: Root of the results; made when missing.
        label_maps: uint8 [H, W] for each frame, in order; any iterable, read once.
        sequence: Name of the video, which becomes a folder's name.
        object_ids: All ids of the video, numbered in ascending order when renumbering. When None,
            ids are numbered in the order in which they first appear.
        renumber: Make ids contiguous from 1. When False they are kept, with a warning where
            they are not contiguous.
        image_set: Name of the list that the sequence is entered in.
        masks_folder: Where the masks go instead of ``<directory>/<sequence>``.
        progress: Hears the number of files done; what it raises stops the export.

    Returns:
        Where the files are, how ids were changed, and warnings.

    Raises:
        LabelMapError: A map holds 255, differs in size from the first, or there is no map at all.
        OutputError: The folder cannot be written, holds label maps of another export, or a file
            did not read back as it was written.
    """
    check_sequence_name(sequence)
    root = Path(directory)
    folder = root / sequence if masks_folder is None else masks_folder
    numbering = IdNumbering(object_ids, renumber=renumber)
    counts = write_label_map_folder(folder, label_maps, numbering, progress=progress)
    enter_in_list(root / "ImageSets" / "2017" / f"{image_set}.txt", sequence)
    id_map = dict(numbering.id_map)
    return DavisExport(folder, counts.files, id_map, numbering.warnings(), counts.kept)


def check_sequence_name(sequence: str) -> str:
    """Return a name that can be a folder's.

    Raises:
        OutputError: It cannot.
    """
    if not sequence or Path(sequence).name != sequence or sequence.startswith("."):
        raise OutputError(f"'{sequence}' cannot be the name of a sequence: it names a folder")
    return sequence


def enter_in_list(path: Path, sequence: str) -> None:
    """Enter a sequence in a list of names, one a line, once.

    Raises:
        OutputError: The list cannot be read or written.
    """
    try:
        known = path.read_text("utf-8").split() if path.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "not a text file"
        raise OutputError(f"cannot read {path}: {why}") from error
    if sequence not in known:
        write_text_atomic(path, "\n".join([*known, sequence]) + "\n")

"""Masks from files into a project, checked whole before anything changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from annotator.model.cells import PERSON_STATES
from annotator.model.commands import AddObject, ReplaceLabelMap
from annotator.model.document import Document
from annotator.model.history import History
from annotator.model.label_maps import ByteMap
from annotator.model.merging import ids_in
from annotator.model.objects import ObjectRecord, display_colour
from annotator.storage.errors import ProjectError
from vos_core.media.label_maps import read_label_map


def read_masks(source: Path, document: Document, *, frame_index: int = 0) -> dict[int, ByteMap]:
    """Read one mask, or a folder of masks whose names are frame numbers.

    Args:
        source: a PNG, or a folder of PNGs such as ``00012.png``.
        document: what they are for; gives number and size of the frames.
        frame_index: frame of a single PNG.

    Returns:
        Frame index -> uint8 [H, W] object ids.

    Raises:
        LabelMapError: a file is no label map of this size; it is named.
        ProjectError: no mask there, or a name that is no frame.
    """
    size = (document.height, document.width)
    last = document.frame_count - 1
    files: dict[int, Path] = {}
    if source.is_dir():
        for path in sorted(source.glob("*.png")):
            if not (path.stem.isascii() and path.stem.isdigit() and int(path.stem) <= last):
                raise ProjectError(
                    f"{path}: the name should be the number of a frame, 00000 to {last:05d}"
                )
            files[int(path.stem)] = path
    else:
        if not 0 <= frame_index <= last:
            raise ProjectError(f"frame {frame_index} does not exist: frames are 0 to {last}")
        files[frame_index] = source
    if not files:
        raise ProjectError(f"{source} holds no PNG; masks are 00000.png, 00001.png and so on")
    return {index: read_label_map(path, size) for index, path in files.items()}


def import_masks(
    history: History, document: Document, masks: Mapping[int, ByteMap], *, replace: bool = False
) -> tuple[int, ...]:
    """Put masks into their frames; ids that no object has become objects.

    Args:
        history: of the document; each frame is one step.
        document: to change.
        masks: frame index -> uint8 [H, W] object ids.
        replace: also in frames where a person drew or corrected (verified and locked masks stay).

    Returns:
        Frames that changed.

    Raises:
        ProjectError: a frame that a person made is among them and ``replace`` was not said.
    """
    made = [index for index in masks if document.cells.objects_in(index, *PERSON_STATES)]
    if made and not replace:
        listed = ", ".join(str(index) for index in made[:5]) + (" ..." if len(made) > 5 else "")
        raise ProjectError(
            f"frames {listed} hold masks that a person made; say --replace to put others in "
            "their place"
        )
    present: set[int] = set()
    for label_map in masks.values():
        present |= ids_in(np.asarray(label_map))
    for object_id in sorted(present - set(document.objects.ids)):
        record = ObjectRecord(object_id, f"object {object_id}", "", display_colour(object_id))
        history.do(AddObject.prepare(document, record))
    changed = []
    for index, label_map in sorted(masks.items()):
        if history.do(ReplaceLabelMap.prepare(document, index, label_map)):
            changed.append(index)
    return tuple(changed)

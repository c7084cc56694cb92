"""The project folder: where things are, and how one is read.

::

    project.json           frames, objects, cells, reliability, references (see `schema`)
    masks/00000.png        label maps as 8-bit palette PNGs with object ids
    reliability/00000.png  reliability maps as grey PNGs, 255 certain
    clusters/00000.npz     proxy clusters (see `cluster_files`)
    journal/               what changed since the last save
    .lock                  who has the project open

Frames that have no mask, reliability or clusters have no such file.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from annotator.model.cells import CellRow
from annotator.model.changes import ChangeSet
from annotator.model.document import Document
from annotator.model.geometry import EMPTY_BOX
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.model.merging import ids_in
from annotator.model.objects import ObjectTable
from annotator.model.references import ReferenceChoice
from annotator.storage.effects import replay
from annotator.storage.errors import ProjectError, ProjectFormatError
from annotator.storage.journal import read_journal
from annotator.storage.mending import mend_document
from annotator.storage.schema import ProjectRecord, decode_project
from vos_core.media import MediaError
from vos_core.media.label_maps import read_gray_map, read_label_map

_log = logging.getLogger(__name__)

PROJECT_NAME = "project.json"


@dataclass(frozen=True)
class ProjectPaths:
    """Where the files of a project are."""

    folder: Path

    @property
    def project(self) -> Path:
        """``project.json``."""
        return self.folder / PROJECT_NAME

    @property
    def masks(self) -> Path:
        """Folder of the label maps."""
        return self.folder / "masks"

    @property
    def reliability(self) -> Path:
        """Folder of the reliability maps."""
        return self.folder / "reliability"

    @property
    def clusters(self) -> Path:
        """Folder of the proxy clusters."""
        return self.folder / "clusters"

    @property
    def journal(self) -> Path:
        """Folder of the journal."""
        return self.folder / "journal"

    def mask(self, frame_index: int) -> Path:
        """Label map of a frame."""
        return self.masks / f"{frame_index:05d}.png"

    def reliability_map(self, frame_index: int) -> Path:
        """Reliability map of a frame."""
        return self.reliability / f"{frame_index:05d}.png"

    def cluster_map(self, frame_index: int) -> Path:
        """Proxy clusters of a frame."""
        return self.clusters / f"{frame_index:05d}.npz"


def is_project(folder: Path) -> bool:
    """Whether the folder holds a project."""
    try:
        return (folder / PROJECT_NAME).is_file()
    except OSError:  # a name longer than the disk allows, for instance
        return False


@dataclass
class LoadedProject:
    """A project as read, whole, with the journal replayed.

    Attributes:
        record: ``project.json`` (cells and objects as saved; the document is newer by the journal).
        document: ready for use.
        settings: what tools remembered with the project, by the journal.
        warnings: what was mended while reading, for the person.
        unsaved: where the document differs from the saved files: by the journal, or by mending.
    """

    record: ProjectRecord
    document: Document
    settings: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    unsaved: ChangeSet = field(default_factory=ChangeSet)


def load_project(
    folder: Path, *, on_progress: Callable[[int, int], object] | None = None
) -> LoadedProject:
    """Read a project without changing anything, neither on disk nor of what is open.

    Masks made by other tools are welcome: ids that the project does not know become objects, cells
    without pixels or pixels without a cell are brought in line, each with a warning. Reliability
    maps, which a propagation can make again, are checked by their header and decoded when they are
    asked for; one that turns out damaged then is none, and a warning is added.

    Args:
        folder: the project folder.
        on_progress: called with (files read, files in all), in this thread.

    Raises:
        ProjectError: there is no project, it cannot be read, or a file of it is damaged (which one
            is said). Subclasses tell damaged (`ProjectFormatError`) from newer
            (`NewerProjectError`).
    """
    paths = ProjectPaths(folder)
    record = _read_record(paths)
    frames = record.frames
    size = (frames.height, frames.width)
    document = Document(frames.frame_count, *size)
    loaded = LoadedProject(record, document, dict(record.settings))
    masks = _numbered_pngs(paths.masks, frames.frame_count, loaded.warnings)
    maps = _numbered_pngs(paths.reliability, frames.frame_count, loaded.warnings)
    for path in maps.values():
        _check_reliability_header(path, size)
    label_maps: dict[int, tuple[PackedMap, set[int]]] = {}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        try:
            for index, packed, ids in pool.map(lambda item: _read_mask(item, size), masks.items()):
                label_maps[index] = (packed, ids)
                if on_progress is not None:
                    on_progress(len(label_maps), len(masks))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    _fill(loaded, label_maps, maps)
    ids_by_frame = {index: ids for index, (_, ids) in label_maps.items()}
    _replay_journal(loaded, paths)
    for index in loaded.unsaved.label_maps:
        ids_by_frame[index] = ids_in(document.label_map(index))
    loaded.unsaved.include(mend_document(document, ids_by_frame, loaded.warnings))
    return loaded


def _read_record(paths: ProjectPaths) -> ProjectRecord:
    try:
        text = paths.project.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ProjectError(
            f"{paths.folder} is no project: it has no {PROJECT_NAME}; "
            "choose the folder that has one"
        ) from error
    except UnicodeDecodeError as error:
        raise ProjectFormatError(f"{paths.project} is damaged: it is not UTF-8 text") from error
    except OSError as error:
        raise ProjectError(f"{paths.project} cannot be read: {error.strerror or error}") from error
    return decode_project(text, paths.project)


def _numbered_pngs(folder: Path, frame_count: int, warnings: list[str]) -> dict[int, Path]:
    """Files by frame index; names that are no frame of the sequence are left alone and told."""
    found: dict[int, Path] = {}
    if not folder.is_dir():
        return found
    for path in sorted(folder.glob("*.png")):
        if path.name.startswith("."):
            continue
        if not (path.stem.isascii() and path.stem.isdigit() and int(path.stem) < frame_count):
            warnings.append(f"{path} is left alone: it is no frame 0 to {frame_count - 1}")
            continue
        found[int(path.stem)] = path
    return found


def _read_mask(item: tuple[int, Path], size: tuple[int, int]) -> tuple[int, PackedMap, set[int]]:
    index, path = item
    try:
        label_map = read_label_map(path, size)
    except MediaError as error:
        raise _damaged(error) from error
    return index, PackedMap.of(label_map), ids_in(label_map)


def _check_reliability_header(path: Path, size: tuple[int, int]) -> None:
    try:
        with Image.open(path) as image:
            mode, found = image.mode, (image.height, image.width)
    except (OSError, SyntaxError, ValueError) as error:
        raise _damaged(f"{path}: not a picture, or a damaged one") from error
    if mode != "L" or found != size:
        raise _damaged(
            f"{path}: a {found[1]}x{found[0]} picture of the kind {mode}; a reliability map is an "
            f"8-bit grey picture of {size[1]}x{size[0]}"
        )


def _read_reliability(loaded: LoadedProject, path: Path) -> PackedMap:
    frames = loaded.record.frames
    try:
        values: ByteMap = read_gray_map(path)
        if values.shape == (frames.height, frames.width):
            return PackedMap.of(values)
        message = f"{path}: another size than the frames"
    except MediaError as error:
        message = str(error)
    _log.warning("%s; that frame has no reliability map", message)
    loaded.warnings.append(f"{message}; that frame has no reliability map")
    return PackedMap(frames.height, frames.width, EMPTY_BOX, b"")


def _damaged(error: MediaError | str) -> ProjectFormatError:
    return ProjectFormatError(
        f"{error}. Nothing was changed; restore the file, or move it away to open the "
        "project without it"
    )


def _fill(
    loaded: LoadedProject,
    label_maps: dict[int, tuple[PackedMap, set[int]]],
    maps: dict[int, Path],
) -> None:
    """Put what the files say into the document, as it is."""
    record = loaded.record
    with loaded.document.editing() as editor:
        editor.replace_objects(ObjectTable(record.objects, highest_id=record.highest_object_id))
        for index, (packed, _) in label_maps.items():
            editor.replace_label_map(index, packed)
        for index in np.flatnonzero(record.states.any(axis=1)).tolist():
            states, codes = record.states[index], record.reliability_codes[index]
            editor.set_cells(index, CellRow(states.tobytes(), codes.tobytes()))
        for index in record.promoted:
            editor.choose_reference(index, ReferenceChoice.PROMOTED)
        for index in record.excluded:
            editor.choose_reference(index, ReferenceChoice.EXCLUDED)
    for index, path in maps.items():
        loaded.document.reliability_maps.expect(index, partial(_read_reliability, loaded, path))


def _replay_journal(loaded: LoadedProject, paths: ProjectPaths) -> None:
    """Bring the document to its last state."""
    saved = loaded.record.saved_journal
    try:
        for record in read_journal(paths.journal, saved_generation=saved):
            with loaded.document.editing() as editor:
                replay(record, editor, loaded.settings)
            loaded.unsaved.include(editor.change)
    except (ProjectFormatError, OSError) as error:
        _log.warning("%s: %s", paths.journal, error)
        loaded.warnings.append(
            f"the journal in {paths.journal} could be read in part only ({error}); "
            "changes of the last moments may be missing"
        )

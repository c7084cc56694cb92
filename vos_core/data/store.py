"""Reading side of the decoded-image cache: every picture is a view of one memory-mapped uint8 file.

A cache folder holds ``manifest.json`` and, for each source archive, a folder with ``images.u8``
(RGB), ``labels.u8`` and ``index.json``. Opening reads the small JSON files only; pixels are paged
in by the operating system on first use and shared between processes, so data-loader workers cost no
extra memory.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vos_core.data.errors import CacheError

CACHE_VERSION = 2
MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True)
class ObjectBox:
    """Where one label lies in one picture.

    Attributes:
        object_id: Label value, 1..254.
        area: Number of pixels.
        top: First row.
        left: First column.
        bottom: One past the last row.
        right: One past the last column.
    """

    object_id: int
    area: int
    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns of the box."""
        return self.right - self.left

    def touches_border(self, height: int, width: int) -> bool:
        """True when the object reaches the edge of a picture of ``height`` x ``width``."""
        return (
            self.top <= 1 or self.left <= 1 or self.bottom >= height - 1 or self.right >= width - 1
        )


class Archive:
    """The two memory-mapped files of one archive, opened on first use and never pickled."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._images: np.ndarray | None = None
        self._labels: np.ndarray | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"directory": self.directory, "_images": None, "_labels": None}

    @property
    def images(self) -> np.ndarray:
        """uint8, all RGB pixels of the archive in one row."""
        if self._images is None:
            self._images = _open_map(self.directory / "images.u8")
        return self._images

    @property
    def labels(self) -> np.ndarray:
        """uint8, all labels of the archive in one row."""
        if self._labels is None:
            self._labels = _open_map(self.directory / "labels.u8")
        return self._labels


@dataclass(frozen=True)
class StoredImage:
    """One picture with its label map.

    Attributes:
        archive: The files that hold it.
        name: Stem of the file in the source archive.
        height: Rows.
        width: Columns.
        offset: Index of its first pixel in the archive (times three for the RGB file).
        boxes: One entry per label above 0 and below 255, ascending.
    """

    archive: Archive
    name: str
    height: int
    width: int
    offset: int
    boxes: tuple[ObjectBox, ...]

    @property
    def image(self) -> np.ndarray:
        """uint8 [H, W, 3] RGB, read-only view."""
        start = 3 * self.offset
        flat = self.archive.images[start : start + 3 * self.height * self.width]
        return flat.reshape(self.height, self.width, 3)

    @property
    def label_map(self) -> np.ndarray:
        """uint8 [H, W], 0 background, 255 ignored, read-only view."""
        flat = self.archive.labels[self.offset : self.offset + self.height * self.width]
        return flat.reshape(self.height, self.width)


@dataclass(frozen=True)
class StoredSequence:
    """Frames of one video, ascending in time."""

    name: str
    frames: tuple[StoredImage, ...]

    def __len__(self) -> int:
        return len(self.frames)


class ImageStore:
    """An opened cache: video sequences and groups of single pictures.

    Attributes:
        directory: The cache folder.
        sequences: Sequence name to its frames, names ascending.
        statics: Group name ("coco482", "bsds_regions", ...) to its pictures.
    """

    def __init__(
        self,
        directory: Path,
        sequences: dict[str, StoredSequence],
        statics: dict[str, tuple[StoredImage, ...]],
    ) -> None:
        self.directory = directory
        self.sequences = sequences
        self.statics = statics

    def sequence(self, name: str) -> StoredSequence:
        """Return one sequence.

        Raises:
            CacheError: The cache does not hold it.
        """
        if name not in self.sequences:
            known = ", ".join(sorted(self.sequences)) or "none"
            raise CacheError(
                f"The cache {self.directory} has no sequence '{name}'. It has: {known}."
            )
        return self.sequences[name]

    def without(self, names: Sequence[str]) -> ImageStore:
        """Return the same cache without the named sequences (held-out video).

        Raises:
            CacheError: A name is not in the cache, so that a misspelt hold-out is noticed.
        """
        for name in names:
            self.sequence(name)
        kept = {key: value for key, value in self.sequences.items() if key not in set(names)}
        return ImageStore(self.directory, kept, self.statics)


def open_cache(directory: str | Path) -> ImageStore:
    """Open a finished cache folder; takes milliseconds and reads no pixels.

    Args:
        directory: Folder written by :func:`vos_core.data.cache_builder.build_cache`.

    Raises:
        CacheError: The folder is not a finished cache of this version, or a file is too short.
    """
    directory = Path(directory)
    manifest = _read_json(directory / MANIFEST_NAME)
    if manifest.get("version") != CACHE_VERSION:
        raise CacheError(
            f"The cache {directory} has version {manifest.get('version')}, this program needs "
            f"{CACHE_VERSION}. Build it again with 'python -m vos_core.data.cache_builder'."
        )
    frames: dict[str, list[StoredImage]] = {}
    statics: dict[str, tuple[StoredImage, ...]] = {}
    for entry in manifest["archives"]:
        archive = Archive(directory / entry["folder"])
        index = _read_json(archive.directory / "index.json")
        pictures = [_stored_image(archive, record) for record in index["pictures"]]
        _check_size(archive, pictures)
        if index["kind"] == "video":
            for record, picture in zip(index["pictures"], pictures, strict=True):
                frames.setdefault(record["sequence"], []).append(picture)
        else:
            statics[index["group"]] = statics.get(index["group"], ()) + tuple(pictures)
    sequences = {
        name: StoredSequence(name, tuple(sorted(frames[name], key=lambda p: p.name)))
        for name in sorted(frames)
    }
    return ImageStore(directory, sequences, statics)


def _stored_image(archive: Archive, record: dict[str, Any]) -> StoredImage:
    boxes = tuple(ObjectBox(*values) for values in record["boxes"])
    return StoredImage(
        archive, record["name"], record["height"], record["width"], record["offset"], boxes
    )


def _check_size(archive: Archive, pictures: Sequence[StoredImage]) -> None:
    pixels = sum(p.height * p.width for p in pictures)
    for name, expected in (("images.u8", 3 * pixels), ("labels.u8", pixels)):
        path = archive.directory / name
        found = path.stat().st_size if path.is_file() else -1
        if found != expected:
            raise CacheError(
                f"{path} has {max(found, 0)} bytes instead of {expected}: the cache is damaged. "
                "Delete its folder and build it again."
            )


def _open_map(path: Path) -> np.ndarray:
    try:
        return np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as error:
        raise CacheError(f"Cannot map {path}: {error}. Build the cache again.") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CacheError(
            f"{path} does not exist: {path.parent} is not a finished cache. "
            "Build it with 'python -m vos_core.data.cache_builder'."
        ) from None
    except (OSError, ValueError) as error:
        raise CacheError(f"Cannot read {path}: {error}. Build the cache again.") from error
    if not isinstance(content, dict):
        raise CacheError(f"{path} does not hold a JSON object. Build the cache again.")
    return content

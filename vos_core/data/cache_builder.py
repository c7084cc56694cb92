"""Decode a folder of training archives once into memory-mapped uint8 files.

    python -m vos_core.data.cache_builder --data DATA_FOLDER --cache CACHE_FOLDER --workers 2

An archive is a zip of ``JPEGImages/<name>.<webp|jpg|png>`` with ``Annotations/<name>.png`` (single
pictures) or ``JPEGImages/<sequence>/<name>...`` (video). Each one is decoded into its own folder,
which is renamed into place when whole; the manifest is written last. A second call rebuilds only
what changed.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from PIL import Image

from vos_core.data.errors import SourceError
from vos_core.data.store import CACHE_VERSION, MANIFEST_NAME, ImageStore, open_cache
from vos_core.media.atomic import write_text_atomic

logger = logging.getLogger(__name__)

VIDEO_LONG_SIDE = 640
STATIC_LONG_SIDE = 560
_IMAGE_SUFFIXES = (".webp", ".jpg", ".jpeg", ".png")


def build_cache(data: str | Path, cache: str | Path, *, workers: int = 1) -> ImageStore:
    """Decode every archive of a folder that the cache does not hold yet, then open the cache.

    Args:
        data: Folder with the ``*.zip`` archives.
        cache: Folder to create or bring up to date.
        workers: Processes that decode, one archive each at a time.

    Raises:
        SourceError: The folder has no archive, or one is damaged or laid out differently.
        CacheError: The written cache cannot be read back.
    """
    data, cache = Path(data), Path(cache)
    sources = sorted(data.glob("*.zip"))
    if not sources:
        raise SourceError(
            f"{data} holds no .zip archive of training pictures. Name the data folder."
        )
    cache.mkdir(parents=True, exist_ok=True)
    known = _known_archives(cache / MANIFEST_NAME)
    identities = [_identity(path) for path in sources]
    stale = [
        path
        for path, identity in zip(sources, identities, strict=True)
        if known.get(path.name) != identity or not (cache / path.stem / "index.json").is_file()
    ]
    targets = [cache / path.stem for path in stale]
    if len(stale) > 1 and workers > 1:
        with ProcessPoolExecutor(max_workers=workers) as pool:
            list(pool.map(_decode_archive, stale, targets))
    else:
        for path, target in zip(stale, targets, strict=True):
            _decode_archive(path, target)
    if stale or set(known) != {path.name for path in sources}:
        _write_json(cache / MANIFEST_NAME, {"version": CACHE_VERSION, "archives": identities})
    return open_cache(cache)


def _identity(path: Path) -> dict[str, Any]:
    status = path.stat()
    return {
        "source": path.name,
        "folder": path.stem,
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
    }


def _known_archives(manifest: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if content.get("version") != CACHE_VERSION:
        return {}
    return {entry["source"]: entry for entry in content["archives"]}


def _decode_archive(source: Path, target: Path) -> None:
    """Write one archive's folder beside its place and rename it in when whole."""
    logger.info("decoding %s", source.name)
    part = target.with_name(f"{target.name}.part-{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        with zipfile.ZipFile(source) as archive:
            index = _write_pixels(archive, source, part)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise SourceError(
            f"{source} cannot be decoded: {error}. Fetch the archive again."
        ) from error
    _write_json(part / "index.json", index)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def _write_pixels(archive: zipfile.ZipFile, source: Path, folder: Path) -> dict[str, Any]:
    pairs = list(_image_label_pairs(archive.namelist()))
    if not pairs:
        raise ValueError("it holds no JPEGImages/... with a matching Annotations/....png")
    is_video = all("/" in name for name, _, _ in pairs)
    long_side = VIDEO_LONG_SIDE if is_video else STATIC_LONG_SIDE
    records: list[dict[str, Any]] = []
    offset = 0
    with (folder / "images.u8").open("wb") as images, (folder / "labels.u8").open("wb") as labels:
        for name, image_member, label_member in pairs:
            image = _decode(archive, image_member, "RGB")
            label_map = _decode(archive, label_member, None)
            if label_map.ndim != 2 or label_map.shape != image.shape[:2]:
                raise ValueError(
                    f"{label_member} is {label_map.shape} where {image_member} is {image.shape}"
                )
            image, label_map = _limit_long_side(image, label_map, long_side)
            images.write(image.tobytes())
            labels.write(label_map.tobytes())
            height, width = label_map.shape
            record: dict[str, Any] = {
                "name": name.rsplit("/", 1)[-1],
                "height": height,
                "width": width,
                "offset": offset,
                "boxes": object_boxes(label_map),
            }
            if is_video:
                record["sequence"] = name.rsplit("/", 1)[0]
            records.append(record)
            offset += height * width
    group = re.sub(r"_\d+$", "", source.stem).removeprefix("static_")
    return {"kind": "video" if is_video else "static", "group": group, "pictures": records}


def _image_label_pairs(members: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (name without suffix, image member, label member), ascending."""
    present = set(members)
    for member in sorted(members):
        suffix = PurePosixPath(member).suffix
        stem = member.removesuffix(suffix)
        if not stem.startswith("JPEGImages/") or suffix.lower() not in _IMAGE_SUFFIXES:
            continue
        name = stem.removeprefix("JPEGImages/")
        label_member = f"Annotations/{name}.png"
        if label_member in present:
            yield name, member, label_member


def _decode(archive: zipfile.ZipFile, member: str, mode: str | None) -> np.ndarray:
    with Image.open(io.BytesIO(archive.read(member))) as picture:
        if mode is None and picture.mode not in ("P", "L", "1"):
            raise ValueError(f"{member} is a {picture.mode} picture, not a palette label map")
        return np.asarray(picture.convert(mode) if mode else picture, dtype=np.uint8)


def _limit_long_side(
    image: np.ndarray, label_map: np.ndarray, long_side: int
) -> tuple[np.ndarray, np.ndarray]:
    height, width = label_map.shape
    factor = long_side / max(height, width)
    if factor >= 1.0:
        return image, label_map
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return (
        cv2.resize(image, size, interpolation=cv2.INTER_AREA),
        cv2.resize(label_map, size, interpolation=cv2.INTER_NEAREST_EXACT),
    )


def object_boxes(label_map: np.ndarray) -> list[tuple[int, int, int, int, int, int]]:
    """List (id, area, top, left, bottom, right) of each label but 0 and 255, ids ascending.

    Args:
        label_map: uint8 [H, W].
    """
    counts = np.bincount(label_map.reshape(-1), minlength=256)
    boxes = []
    for object_id in np.flatnonzero(counts[1:255]) + 1:
        mask = label_map == object_id
        rows = np.flatnonzero(mask.any(axis=1))
        columns = np.flatnonzero(mask.any(axis=0))
        edges = (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)
        top, left, bottom, right = (int(edge) for edge in edges)
        boxes.append((int(object_id), int(counts[object_id]), top, left, bottom, right))
    return boxes


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_text_atomic(path, json.dumps(content))


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``python -m vos_core.data.cache_builder``."""
    parser = argparse.ArgumentParser(description="Decode training archives into a cache folder.")
    parser.add_argument("--data", type=Path, required=True, help="folder with the .zip archives")
    parser.add_argument("--cache", type=Path, required=True, help="folder to create or update")
    parser.add_argument("--workers", type=int, default=2, help="processes that decode")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    store = build_cache(options.data, options.cache, workers=options.workers)
    frames = sum(len(sequence) for sequence in store.sequences.values())
    logger.info("%d sequences, %d frames", len(store.sequences), frames)
    for group, pictures in sorted(store.statics.items()):
        logger.info("%s: %d pictures", group, len(pictures))


if __name__ == "__main__":
    main()

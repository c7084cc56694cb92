"""Proxy clusters of a frame as a file: ``clusters/00000.npz``, which NumPy reads.

Arrays: ``cluster_map`` and, where it is known, ``reference_map``, uint8 [h, w]; ``object_ids`` and
``reference_frames``, int64 [n]; ``size``, int64 [2], rows and columns of the frame. A network can
make them again: a file that cannot be read is none.
"""

from __future__ import annotations

import logging
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from annotator.model.clusters import ClusterFrame
from annotator.model.errors import FrameError
from vos_core.media import OutputError
from vos_core.media.atomic import replacing

_log = logging.getLogger(__name__)
_LARGEST_BYTES = 64 << 20


def write_clusters(path: Path, clusters: ClusterFrame | None) -> None:
    """Write the clusters of a frame, whole or not at all; for None take the file away.

    Raises:
        OutputError: the file cannot be written.
    """
    if clusters is None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{path} cannot be deleted: {error.strerror}") from error
        return
    arrays: dict[str, Any] = {
        "cluster_map": clusters.cluster_map,
        "object_ids": np.array(clusters.object_ids, np.int64),
        "reference_frames": np.array(clusters.reference_frames, np.int64),
        "size": np.array(clusters.size, np.int64),
    }
    if clusters.reference_map is not None:
        arrays["reference_map"] = clusters.reference_map
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def read_clusters(path: Path, size: tuple[int, int]) -> ClusterFrame | None:
    """Read what `write_clusters` wrote; None when there is nothing usable.

    Args:
        path: the file.
        size: (H, W) of the frame that they must belong to.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ValueError("it is too large")
        with np.load(path, allow_pickle=False) as arrays:
            values = {name: arrays[name] for name in arrays.files}
        if tuple(values["size"].tolist()) != size:
            raise ValueError("it belongs to a frame of another size")
        return ClusterFrame(
            _map(values["cluster_map"], size),
            tuple(values["object_ids"].astype(np.int64, casting="safe").tolist()),
            size,
            _map(values["reference_map"], size) if "reference_map" in values else None,
            tuple(values["reference_frames"].astype(np.int64, casting="safe").tolist()),
        )
    except FileNotFoundError:
        return None
    except (
        *(OSError, ValueError, TypeError, KeyError, EOFError, MemoryError),
        *(zipfile.BadZipFile, zlib.error, NotImplementedError, FrameError),
    ) as error:
        _log.warning("%s is left out: %s", path, error)
        return None


def _map(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    fits = values.ndim == 2 and 0 < values.shape[0] <= size[0] and 0 < values.shape[1] <= size[1]
    if values.dtype != np.uint8 or not fits:
        raise ValueError(f"a map of {values.dtype} {values.shape} for a frame of {size}")
    return values

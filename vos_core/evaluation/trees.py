"""Benchmark folders: frames, annotations and results, one sub-folder a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from natsort import natsorted

from vos_core.evaluation.errors import EvaluationError
from vos_core.media import read_label_map


@dataclass(frozen=True)
class AnnotatedSequence:
    """The annotations of one sequence.

    Attributes:
        name: Of the sequence.
        stems: Names of the annotated frames without suffix, ascending in time.
        label_maps: uint8 [H, W] each, in the order of ``stems``.
        object_ids: All ids that occur, ascending; 255 is nobody's.
        first_seen: Object id to the position in ``stems`` of the first frame that shows it.
    """

    name: str
    stems: tuple[str, ...]
    label_maps: tuple[np.ndarray, ...]
    object_ids: tuple[int, ...]
    first_seen: dict[int, int]


def sequence_names(annotations: str | Path, wanted: Sequence[str] | None = None) -> list[str]:
    """List the sequences to evaluate.

    Args:
        annotations: Folder with a sub-folder of PNGs for each sequence.
        wanted: Names to take, in this order; all when None.

    Raises:
        EvaluationError: The folder is missing or empty, or lacks a wanted sequence.
    """
    annotations = Path(annotations)
    if not annotations.is_dir():
        raise EvaluationError(f"{annotations}: no such folder of annotations")
    present = [
        p.name for p in natsorted(annotations.iterdir()) if p.is_dir() and any(p.glob("*.png"))
    ]
    if not present:
        raise EvaluationError(
            f"{annotations}: no sub-folder holds PNGs; give the folder that has one sub-folder for "
            "each sequence, such as Annotations/480p"
        )
    if wanted is None:
        return present
    missing = [name for name in wanted if name not in present]
    if missing:
        raise EvaluationError(
            f"{annotations}: no annotations of {', '.join(missing)}; there are: "
            f"{', '.join(present)}"
        )
    return list(wanted)


def parse_sequences(text: str) -> list[str]:
    """Read sequence names from a file (one a line) or from a comma-separated list.

    Raises:
        EvaluationError: No name is in it.
    """
    path = Path(text)
    listed = path.read_text(encoding="utf-8").split() if path.is_file() else text.split(",")
    names = [name.strip() for name in listed if name.strip()]
    if not names:
        raise EvaluationError(f"{text}: no sequence names in it; write one a line, or a,b,c")
    return names


def read_annotations(
    annotations: str | Path, name: str, *, single_object: bool = False
) -> AnnotatedSequence:
    """Read the annotations of one sequence.

    Args:
        annotations: Folder with a sub-folder for each sequence.
        name: Which one.
        single_object: Merge all labels above 0 into object 1 (datasets such as DAVIS-2016, where
            the object may be stored as 255).

    Raises:
        EvaluationError: Fewer than three frames, no object, or frames of different sizes.
        LabelMapError: A file is not a label map.
    """
    folder = Path(annotations) / name
    paths = natsorted(folder.glob("*.png"))
    if len(paths) < 3:
        raise EvaluationError(
            f"{folder}: {len(paths)} annotated frames; the first and the last are not judged, so "
            "there must be three or more"
        )
    label_maps: list[np.ndarray] = []
    first_seen: dict[int, int] = {}
    for position, path in enumerate(paths):
        size = label_maps[0].shape if label_maps else None
        label_map = read_label_map(path, size, allow_void=True)
        if single_object:
            label_map = (label_map > 0).astype(np.uint8)
        label_maps.append(label_map)
        for object_id in np.flatnonzero(np.bincount(label_map.reshape(-1), minlength=256)):
            if 0 < object_id < 255:
                first_seen.setdefault(int(object_id), position)
    if not first_seen:
        raise EvaluationError(f"{folder}: no frame shows an object, every pixel is background")
    stems = tuple(path.stem for path in paths)
    return AnnotatedSequence(
        name, stems, tuple(label_maps), tuple(sorted(first_seen)), dict(sorted(first_seen.items()))
    )


def read_result(
    results: str | Path,
    sequence: AnnotatedSequence,
    position: int,
    *,
    single_object: bool = False,
) -> np.ndarray:
    """Read the result for one annotated frame.

    Returns:
        uint8 [H, W].

    Raises:
        EvaluationError: The file is missing.
        LabelMapError: It is not a label map, has another size, or holds 255.
    """
    path = Path(results) / sequence.name / f"{sequence.stems[position]}.png"
    if not path.is_file():
        raise EvaluationError(
            f"{path}: no such result; every annotated frame but the first and the last needs a PNG "
            "of the same name"
        )
    label_map = read_label_map(path, sequence.label_maps[position].shape, allow_void=single_object)
    return (label_map > 0).astype(np.uint8) if single_object else label_map

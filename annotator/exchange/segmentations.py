"""Segmentations of COCO and YouTube-VIS: run lengths or polygons, and frames made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.exchange.errors import DamagedFileError
from annotator.exchange.found import FoundMasks, RawMask
from annotator.exchange.json_files import as_list, as_size
from annotator.exchange.parallel import in_order
from annotator.exchange.polygons import fill_polygon, points_of
from annotator.exchange.rle import (
    mask_of_runs,
    object_runs,
    runs_of,
    runs_to_text,
    text_to_runs,
)
from annotator.exchange.source import ExportSource, Progress
from vos_core.media import OutputError

Part = tuple[int, Any, str]
"""Object id, segmentation, and where it stands, for messages."""


def segmentation_of(counts: NDArray[np.int64], height: int, width: int) -> dict[str, Any]:
    """Compressed run lengths as both formats write them."""
    return {"size": [height, width], "counts": runs_to_text(counts)}


def area_and_box(counts: NDArray[np.int64], height: int) -> tuple[int, list[int]]:
    """Number of pixels of a mask with at least one, and its box [x, y, width, height].

    Args:
        counts: pixels outside, inside, outside, ... column by column.
        height: rows.
    """
    bounds = np.cumsum(counts)
    starts, lasts = bounds[:-1:2], bounds[1::2] - 1
    inside = lasts >= starts
    starts, lasts = starts[inside], lasts[inside]
    left, right = int(starts[0] // height), int(lasts[-1] // height)
    spans = starts // height != lasts // height  # such a run touches the last and the first row
    top = 0 if spans.any() else int((starts % height).min())
    bottom = height - 1 if spans.any() else int((lasts % height).max())
    return int(counts[1::2].sum()), [left, top, right - left + 1, bottom - top + 1]


@dataclass(frozen=True)
class ObjectRuns:
    """An object in a frame, as both formats write it.

    Attributes:
        segmentation: compressed run lengths with their size.
        area: number of pixels.
        box: [x, y, width, height].
    """

    segmentation: dict[str, Any]
    area: int
    box: list[int]


def runs_of_objects(label_map: NDArray[np.uint8]) -> dict[int, ObjectRuns]:
    """Run lengths, area and box of every object in a label map [H, W], by id."""
    height, width = label_map.shape
    return {
        object_id: ObjectRuns(segmentation_of(counts, height, width), *area_and_box(counts, height))
        for object_id, counts in object_runs(label_map).items()
    }


def draw_segmentation(value: object, height: int, width: int, where: str) -> NDArray[np.bool_]:
    """Draw one segmentation.

    Args:
        value: run lengths (they bring their own size), or a list of polygons.
        height: rows, for polygons.
        width: columns, for polygons.
        where: for messages.

    Raises:
        DamagedFileError: it is neither, or damaged.
    """
    if isinstance(value, list):
        canvas = np.zeros((height, width), np.uint8)
        for polygon in value:
            points = points_of(as_list(polygon, f"{where}: a polygon"), where)
            fill_polygon(canvas, points, 1, corner_at_zero=True)
        return canvas.astype(bool)
    if not isinstance(value, dict) or "counts" not in value or "size" not in value:
        raise DamagedFileError(f'{where}: expected run lengths ("size", "counts") or polygons')
    size = as_list(value["size"], f'{where}: "size"')
    if len(size) != 2:
        raise DamagedFileError(f'{where}: "size" should be [height, width]')
    rows, columns = (as_size(side, f'{where}: "size"') for side in size)
    counts = value["counts"]
    try:
        runs = text_to_runs(counts) if isinstance(counts, str) else runs_of(as_list(counts, where))
        return mask_of_runs(runs, rows, columns)
    except DamagedFileError as error:
        raise DamagedFileError(f"{where}: {error}") from error


def draw_frame(parts: Iterable[Part], height: int, width: int) -> NDArray[np.uint8]:
    """Draw the objects of a frame over each other, the last on top.

    Run lengths of another size than the file announces make a map of that size, so that it is
    noticed and can be mended, as long as all objects of the frame have it.

    Raises:
        DamagedFileError: sizes are mixed within a frame, or a segmentation is damaged.
    """
    label_map: NDArray[np.uint8] | None = None
    for object_id, value, where in parts:
        mask = draw_segmentation(value, height, width, where)
        if label_map is None:
            label_map = np.zeros(mask.shape, np.uint8)
        elif label_map.shape != mask.shape:
            raise DamagedFileError(
                f"{where}: the mask is {mask.shape[1]} x {mask.shape[0]}, others of the frame "
                f"are {label_map.shape[1]} x {label_map.shape[0]}"
            )
        label_map[mask] = object_id
    return np.zeros((height, width), np.uint8) if label_map is None else label_map


def frame_readers(
    frames: dict[int, list[Part]], height: int, width: int
) -> dict[int, Callable[[], RawMask]]:
    """Readers by frame number of parts by frame number."""
    return {
        index: partial(draw_frame, parts, height, width) for index, parts in sorted(frames.items())
    }


def check_read_back(
    found: FoundMasks,
    source: ExportSource,
    id_map: dict[int, int],
    progress: Progress,
    *,
    filled_holes: bool = False,
) -> None:
    """Compare what a reader finds in an export with what was exported.

    Args:
        found: by the reader of the same format.
        source: what was exported.
        id_map: id in the project -> id in the files.
        progress: hears the second half of the work.
        filled_holes: polygons were written: every pixel must be there, holes may be filled.

    Raises:
        OutputError: a frame differs.
    """
    table = np.zeros(256, np.uint8)
    for old, new in id_map.items():
        table[old] = new

    def is_same(index: int) -> bool:
        label_map = np.ascontiguousarray(source.label_map(index))
        wanted = np.asarray(cv2.LUT(label_map, table), np.uint8)
        read = found.masks.get(index)
        again = np.zeros_like(wanted) if read is None else read()
        if again.shape != wanted.shape:
            return False
        if filled_holes:
            return bool((again[wanted > 0] > 0).all())
        return bool(np.array_equal(again, wanted))

    frames = range(source.frame_count)
    with closing(in_order(is_same, frames, name="read back")) as results:
        for index, is_right in enumerate(results):
            if not is_right:
                raise OutputError(
                    f"{found.path}: frame {index} does not read back as it was written; "
                    "is the disk sound?"
                )
            progress(source.frame_count + index + 1, 2 * source.frame_count)

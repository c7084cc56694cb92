"""Run lengths of masks, as COCO and as CVAT write them.

COCO counts pixels column by column, beginning with those outside the mask. Its compressed form
stores each count from the fourth on as the difference to the count two before, in groups of five
bits, lowest first; bit 6 says that another group follows, and 48 is added to make it text. (The
format is defined by the mask API of COCO, ``maskApi.c``.)

CVAT counts row by row within the mask's box, also beginning with the pixels outside.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.exchange.errors import DamagedFileError

_MOST_GROUPS = 7  # 35 bits: more than any picture has pixels


def object_runs(label_map: NDArray[np.uint8]) -> dict[int, NDArray[np.int64]]:
    """Count the runs of every object of a label map, column by column, in one pass.

    Args:
        label_map: uint8 [H, W] of object ids.

    Returns:
        Object id -> int64 counts: pixels outside, inside, outside, ... A count of zero stands first
        when the first pixel is inside; the last count is never zero.
    """
    height, width = label_map.shape
    x, _, box_width, _ = cv2.boundingRect(np.ascontiguousarray(label_map))
    if box_width == 0:
        return {}
    columns = cv2.transpose(np.ascontiguousarray(label_map[:, x : x + box_width])).ravel()
    starts = np.concatenate(([0], np.flatnonzero(columns[1:] != columns[:-1]) + 1))
    ends = np.append(starts[1:], columns.size)
    values = columns[starts]
    total, offset = height * width, x * height
    result = {}
    for object_id in np.unique(values[values > 0]).tolist():
        own = values == object_id
        edges = np.stack((starts[own], ends[own]), axis=1).ravel() + offset
        bounds = np.concatenate(([0], edges, [total] if edges[-1] < total else []))
        result[object_id] = np.diff(bounds).astype(np.int64)
    return result


def mask_runs(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the runs of one mask [H, W], column by column; all of it outside when it is empty."""
    runs = object_runs(np.ascontiguousarray(mask, np.uint8))
    return runs.get(1, np.array([mask.size], np.int64))


def mask_of_runs(
    counts: NDArray[np.int64], height: int, width: int, *, by_rows: bool = False
) -> NDArray[np.bool_]:
    """Draw a mask from its runs.

    Args:
        counts: Pixels outside, inside, outside, ...
        height: Rows.
        width: Columns.
        by_rows: Whether pixels are counted row by row, as CVAT does.

    Returns:
        bool [H, W].

    Raises:
        DamagedFileError: The runs do not fill the mask exactly.
    """
    if counts.size and counts.min() < 0:
        raise DamagedFileError(f"run lengths hold {counts.min()}, expected 0 or more")
    total = int(counts.sum())
    if total != height * width:
        raise DamagedFileError(
            f"run lengths add up to {total} pixels, a mask of {width} x {height} has "
            f"{height * width}"
        )
    flat = np.repeat(np.arange(counts.size) % 2 == 1, counts)
    return flat.reshape(height, width) if by_rows else flat.reshape(width, height).T


def runs_to_text(counts: NDArray[np.int64]) -> str:
    """Compress run lengths to the text of COCO."""
    values = counts.astype(np.int64)
    values[3:] -= counts[1:-2]
    groups = np.zeros((values.size, _MOST_GROUPS), np.uint8)
    is_used = np.zeros((values.size, _MOST_GROUPS), bool)
    going = np.ones(values.size, bool)
    for place in range(_MOST_GROUPS):
        low = values & 0x1F
        values >>= 5
        more = np.where(low & 0x10, values != -1, values != 0)
        groups[:, place] = low + (more << 5) + 48
        is_used[:, place] = going
        going &= more
        if not going.any():
            break
    return groups[is_used].tobytes().decode("ascii")


def text_to_runs(text: str) -> NDArray[np.int64]:
    """Read the compressed run lengths of COCO.

    Raises:
        DamagedFileError: A character that cannot occur, or a text that breaks off.
    """
    try:
        codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError as error:
        raise DamagedFileError("compressed run lengths hold characters beyond ASCII") from error
    if codes.size == 0 or codes.min() < 0 or codes.max() > 63:
        raise DamagedFileError("compressed run lengths are empty or hold a wrong character")
    is_last = (codes & 0x20) == 0
    if not is_last[-1]:
        raise DamagedFileError("compressed run lengths break off in the middle of a number")
    ends = np.flatnonzero(is_last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts).max() >= _MOST_GROUPS:
        raise DamagedFileError("compressed run lengths hold a number of more than 35 bits")
    places = np.arange(codes.size) - np.repeat(starts, ends - starts + 1)
    values = np.add.reduceat((codes & 0x1F) << (5 * places), starts)
    is_negative = (codes[ends] & 0x10) != 0
    values -= is_negative.astype(np.int64) << (5 * (ends - starts + 1))
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def box_runs(mask: NDArray[np.bool_]) -> tuple[tuple[int, int, int, int], list[int]]:
    """Count the runs of a mask row by row within its box, as CVAT does.

    Args:
        mask: bool [H, W] with at least one pixel.

    Returns:
        (left, top, width, height) and the counts.
    """
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(mask, np.uint8))
    crop = mask[top : top + height, left : left + width]
    return (left, top, width, height), mask_runs(crop.T).tolist()


def runs_of(counts: Sequence[int]) -> NDArray[np.int64]:
    """Take run lengths from a list of numbers.

    Raises:
        DamagedFileError: One is no whole number.
    """
    if not all(type(count) is int for count in counts):
        raise DamagedFileError("run lengths should be whole numbers")
    return np.array(counts, np.int64).reshape(-1)

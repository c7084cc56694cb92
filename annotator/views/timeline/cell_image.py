"""Cells of the object x time matrix as an image, with at most one column a pixel."""

from __future__ import annotations

from functools import cache

import numpy as np
from PySide6.QtGui import QImage

from annotator.model.cells import CellState
from annotator.views.colour_tables import reliability_code_colours

STATE_COLOURS: dict[CellState, tuple[int, int, int]] = {
    CellState.DRAWN: (56, 139, 253),
    CellState.CORRECTED: (163, 113, 247),
    CellState.PROPAGATED: (128, 136, 148),
    CellState.VERIFIED: (63, 185, 80),
}
"""Colour of a state where reliability does not give one."""

_WEIGHT = np.zeros(256, np.uint8)
for _rank, _state in enumerate(
    (CellState.PROPAGATED, CellState.VERIFIED, CellState.CORRECTED, CellState.DRAWN), start=1
):
    _WEIGHT[_state] = _rank
_STATE_OF_WEIGHT = np.zeros(256, np.uint8)
for _state in CellState:
    _STATE_OF_WEIGHT[_WEIGHT[_state]] = _state


def reduce_columns(
    states: np.ndarray, codes: np.ndarray, first: int, last: int, columns: int
) -> tuple[np.ndarray, np.ndarray]:
    """Reduce the cells of frames [first, last) to `columns` columns.

    A column keeps the state that a person most needs to see (drawn before corrected before
    verified before propagated) and the lowest known reliability among its propagated cells.

    Args:
        states: uint8 [T, O] of `CellState`.
        codes: uint8 [T, O] reliability codes, 0 unknown.
        first: First frame.
        last: Frame after the last one, > first.
        columns: Number of columns, 1 .. last - first.

    Returns:
        (states, codes), uint8 [columns, O].
    """
    starts = (np.arange(columns) * (last - first)) // columns
    part = states[first:last]
    weights = np.maximum.reduceat(_WEIGHT[part], starts, axis=0)
    known = np.where(
        (codes[first:last] > 0) & (part == CellState.PROPAGATED), codes[first:last], 255
    )
    lowest = np.minimum.reduceat(known, starts, axis=0)
    any_known = np.maximum.reduceat(
        ((codes[first:last] > 0) & (part == CellState.PROPAGATED)).astype(np.uint8), starts, axis=0
    )
    return _STATE_OF_WEIGHT[weights], np.where(any_known > 0, lowest, 0).astype(np.uint8)


def cell_colours(states: np.ndarray, codes: np.ndarray, ground: tuple[int, int, int]) -> np.ndarray:
    """Colour of each cell.

    Args:
        states: uint8 [columns, O] of `CellState`.
        codes: uint8 [columns, O] reliability codes, 0 unknown.
        ground: Colour of an empty cell.

    Returns:
        uint8 [O, columns, 3] RGB.
    """
    by_state = np.empty((256, 3), np.uint8)
    by_state[:] = ground
    for state, colour in STATE_COLOURS.items():
        by_state[state] = colour
    colours = by_state[states]
    by_code = (states == CellState.PROPAGATED) & (codes > 0)
    colours[by_code] = _code_colours()[codes[by_code]]
    return np.ascontiguousarray(colours.transpose(1, 0, 2))


@cache
def _code_colours() -> np.ndarray:
    return reliability_code_colours()


def to_image(rgb: np.ndarray) -> QImage:
    """Copy uint8 [h, w, 3] RGB into an image."""
    height, width, _ = rgb.shape
    # not rgb.strides[0]: of a single row numpy may give any stride
    image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def runs_of_states(states: np.ndarray) -> list[tuple[CellState, int, int]]:
    """Runs of equal states along one row.

    Args:
        states: uint8 [columns] of `CellState`.

    Returns:
        (state, first column, column after the last one), from left to right.
    """
    edges = np.flatnonzero(np.diff(states)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(states)]
    return [(CellState(int(states[a])), a, b) for a, b in zip(starts, ends, strict=True)]


def tick_image(states: np.ndarray, *, spread: bool) -> QImage:
    """Ticks where a person made or verified something, transparent elsewhere.

    Args:
        states: uint8 [columns, O] of `CellState`.
        spread: Whether ticks grow by a column to both sides, because columns are single pixels.

    Returns:
        An image of O rows and one pixel a column.
    """
    weights = _WEIGHT[states]
    weights = np.where(weights > _WEIGHT[CellState.PROPAGATED], weights, 0).astype(np.uint8)
    if spread:
        padded = np.pad(weights, ((1, 1), (0, 0)))
        weights = np.maximum(np.maximum(padded[:-2], padded[2:]), weights)
    colours = np.zeros((256, 4), np.uint8)
    for state, (red, green, blue) in STATE_COLOURS.items():
        colours[_WEIGHT[state]] = (red, green, blue, 255)
    colours[: _WEIGHT[CellState.PROPAGATED] + 1] = 0
    rgba = np.ascontiguousarray(colours[weights].transpose(1, 0, 2))
    height, width, _ = rgba.shape
    image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)

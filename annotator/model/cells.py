"""State of every (frame, object) pair: who made its mask, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum

import numpy as np
import numpy.typing as npt

ID_COUNT = 256
"""Columns of a cell row: one for each value that a label map can hold."""

ByteArray = npt.NDArray[np.uint8]


class CellState(IntEnum):
    """Where the mask of one object in one frame comes from."""

    EMPTY = 0
    """No mask and nothing said."""
    DRAWN = 1
    """A person made it from nothing."""
    CORRECTED = 2
    """A person changed what the network had made (or what had been verified)."""
    PROPAGATED = 3
    """The network made it."""
    VERIFIED = 4
    """A person looked and agreed; no machine changes it."""

    @property
    def is_from_a_person(self) -> bool:
        """Whether a person made it or agreed to it."""
        return self in PERSON_STATES


FILLED_STATES = tuple(state for state in CellState if state is not CellState.EMPTY)
PERSON_STATES = frozenset({CellState.DRAWN, CellState.CORRECTED, CellState.VERIFIED})
_PERSON_BYTES = bytes(int(value in PERSON_STATES) for value in range(ID_COUNT))
_PERSON_TABLE = np.frombuffer(_PERSON_BYTES, np.uint8).view(bool)

UNKNOWN_RELIABILITY = 0
"""Reliability code of a cell for which nothing is known."""


def reliability_code(reliability: float | None) -> int:
    """Code of a reliability in [0, 1]: 1..255 in steps of 1/254, or 0 for None.

    Raises:
        ValueError: outside [0, 1] (NaN included).
    """
    if reliability is None:
        return UNKNOWN_RELIABILITY
    if not 0.0 <= reliability <= 1.0:
        raise ValueError(f"reliability {reliability} is not between 0 and 1")
    return 1 + round(reliability * 254)


def reliability_of_code(code: int) -> float | None:
    """Reliability in [0, 1] of a code, None for `UNKNOWN_RELIABILITY`."""
    return None if code == UNKNOWN_RELIABILITY else (int(code) - 1) / 254


class CellTable:
    """States and reliabilities of all cells in two compact arrays.

    Read it freely; commands change it.

    Attributes of shape [T, 256] uint8, read-only views that follow every change:
        states: `CellState` values.
        reliability_codes: 0 unknown, else 1 + round(254 * reliability).
    """

    def __init__(self, frame_count: int) -> None:
        self._states: ByteArray = np.zeros((frame_count, ID_COUNT), np.uint8)
        self._codes: ByteArray = np.zeros((frame_count, ID_COUNT), np.uint8)
        self._is_from_a_person = np.zeros(frame_count, bool)
        self.states = self._states.view()
        self.states.flags.writeable = False
        self.reliability_codes = self._codes.view()
        self.reliability_codes.flags.writeable = False

    @property
    def frame_count(self) -> int:
        """Number of frames T."""
        return int(self._states.shape[0])

    def state(self, frame_index: int, object_id: int) -> CellState:
        """State of one cell."""
        return CellState(int(self._states[frame_index, object_id]))

    def reliability(self, frame_index: int, object_id: int) -> float | None:
        """Mean reliability of the object's pixels in [0, 1], None when unknown."""
        return reliability_of_code(int(self._codes[frame_index, object_id]))

    def objects_in(self, frame_index: int, *states: CellState) -> tuple[int, ...]:
        """Ids whose cell in this frame has one of the states (none given: any but EMPTY)."""
        row = self._states[frame_index]
        chosen = np.isin(row, states) if states else row != CellState.EMPTY
        return tuple(int(object_id) for object_id in np.flatnonzero(chosen))

    def frames_of(self, object_id: int, *states: CellState) -> tuple[int, ...]:
        """Frames in which the object's cell has one of the states (none given: any but EMPTY)."""
        column = self._states[:, object_id]
        chosen = np.isin(column, states) if states else column != CellState.EMPTY
        return tuple(int(frame) for frame in np.flatnonzero(chosen))

    def person_frames(self) -> tuple[int, ...]:
        """Frames in which at least one cell comes from a person, ascending."""
        return tuple(np.flatnonzero(self._is_from_a_person).tolist())

    def row(self, frame_index: int) -> CellRow:
        """Copy of a frame's cells."""
        return CellRow(self._states[frame_index].tobytes(), self._codes[frame_index].tobytes())

    def rows(self, frames: Iterable[int]) -> Iterator[tuple[int, CellRow]]:
        """(frame, copy of its cells) of many frames, ascending."""
        chosen = sorted(frames)
        states, codes = self._states[chosen].tobytes(), self._codes[chosen].tobytes()
        for place, frame_index in enumerate(chosen):
            span = slice(place * ID_COUNT, (place + 1) * ID_COUNT)
            yield frame_index, CellRow(states[span], codes[span])

    def set_row(self, frame_index: int, row: CellRow) -> None:
        """Write a frame's cells (for commands)."""
        self._states[frame_index] = np.frombuffer(row.states, np.uint8)
        self._codes[frame_index] = np.frombuffer(row.codes, np.uint8)
        self._is_from_a_person[frame_index] = 1 in row.states.translate(_PERSON_BYTES)

    def set_block(
        self,
        frames: npt.NDArray[np.intp],
        object_ids: npt.NDArray[np.intp],
        states: ByteArray,
        codes: ByteArray,
    ) -> None:
        """Write some objects' cells in many frames (for commands).

        Args:
            frames: frame indices [n].
            object_ids: object ids [k].
            states: `CellState` values [n, k].
            codes: reliability codes [n, k].
        """
        block = np.ix_(frames, object_ids)
        self._states[block] = states
        self._codes[block] = codes
        self._is_from_a_person[frames] = _PERSON_TABLE[self._states[frames]].any(axis=1)


class CellRow:
    """The cells of one frame as a value: 256 states and 256 reliability codes."""

    __slots__ = ("codes", "states")

    def __init__(self, states: bytes, codes: bytes) -> None:
        if len(states) != ID_COUNT or len(codes) != ID_COUNT:
            raise ValueError(f"a cell row has {ID_COUNT} states and {ID_COUNT} reliability codes")
        self.states = states
        self.codes = codes

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CellRow) and self.states == other.states and self.codes == other.codes
        )

    def __hash__(self) -> int:
        return hash((self.states, self.codes))

    def state(self, object_id: int) -> CellState:
        """State of one object."""
        return CellState(self.states[object_id])

    def with_cells(self, changes: Mapping[int, tuple[CellState, int]]) -> CellRow:
        """The row with (state, reliability code) exchanged for some object ids."""
        states, codes = bytearray(self.states), bytearray(self.codes)
        for object_id, (state, code) in changes.items():
            states[object_id] = state
            codes[object_id] = code
        return CellRow(bytes(states), bytes(codes))


def state_after_edit(state: CellState, *, has_pixels: bool) -> CellState:
    """State of a cell after a person changed its pixels.

    An empty cell becomes drawn, a propagated or verified one corrected. A drawn cell whose last
    pixel goes is empty again; a corrected one stays corrected, because "it is not here" is a
    correction.
    """
    if state in (CellState.EMPTY, CellState.DRAWN):
        return CellState.DRAWN if has_pixels else CellState.EMPTY
    return CellState.CORRECTED

"""Cells and reliabilities as runs over time, as ``project.json`` has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from annotator.model.cells import ID_COUNT, CellState, reliability_code
from annotator.storage.json_reader import JsonReader, kind_of

ByteArray = npt.NDArray[np.uint8]


class RunTexts:
    """JSON texts of cells and reliabilities, kept by object: what did not change is not made again.

    Not thread safe.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[bytes, str]] = {}

    def states(self, states: ByteArray) -> str:
        """Text of uint8 [T, 256] cell states: object id -> ``[[state, first, last], ...]``."""
        return self._text("states", states, _state_runs)

    def reliabilities(self, codes: ByteArray) -> str:
        """Text of uint8 [T, 256] reliability codes: object id -> ``[[first, [values]], ...]``."""
        return self._text("reliabilities", codes, _reliability_runs)

    def _text(self, kind: str, table: ByteArray, runs_of: Callable[[ByteArray], list[str]]) -> str:
        lines = []
        for object_id in np.flatnonzero(table.any(axis=0)).tolist():
            column = table[:, object_id]
            content = column.tobytes()
            known, runs = self._known.get((kind, object_id), (b"", ""))
            if known != content:
                runs = ", ".join(runs_of(column))
                self._known[kind, object_id] = content, runs
            lines.append(f'"{object_id}": [{runs}]')
        return "{\n " + ",\n ".join(lines) + "\n}" if lines else "{}"


def _runs(values: npt.NDArray[Any]) -> list[tuple[int, int]]:
    """Runs [first, end) of equal values."""
    edges = np.flatnonzero(np.diff(values)) + 1
    starts = [0, *edges.tolist()]
    return list(zip(starts, [*starts[1:], len(values)], strict=True))


def _state_runs(column: ByteArray) -> list[str]:
    return [
        f'["{CellState(int(column[first])).name.lower()}", {first}, {end - 1}]'
        for first, end in _runs(column)
        if column[first] != CellState.EMPTY
    ]


_LONGEST_RUN = 1000
_CODE_TEXTS = [str(round((code - 1) / 254, 3)) for code in range(ID_COUNT)]


def _reliability_runs(column: ByteArray) -> list[str]:
    runs: list[str] = []
    for first, end in _runs(column > 0):
        if column[first] == 0:
            continue
        for begin in range(first, end, _LONGEST_RUN):
            codes = column[begin : min(begin + _LONGEST_RUN, end)].tolist()
            runs.append(f"[{begin}, [{', '.join(map(_CODE_TEXTS.__getitem__, codes))}]]")
    return runs


def decode_states(reader: JsonReader, table: dict[str, Any], frame_count: int) -> ByteArray:
    """Cell states uint8 [T, 256] from JSON values.

    Raises:
        ProjectFormatError: a value that cannot be.
    """
    states = np.zeros((frame_count, ID_COUNT), np.uint8)
    names = {state.name.lower(): state for state in CellState}
    for key, runs in table.items():
        object_id = _object_key(reader, key, "cells")
        for run in _list(reader, runs, f"cells of object {key}"):
            if not isinstance(run, list) or len(run) != 3 or str(run[0]) not in names:
                raise reader.wrong(f"cells of object {key}: {run!r} is no [state, first, last]")
            first = reader.frame(run[1], f"cells of object {key}", frame_count)
            last = reader.frame(run[2], f"cells of object {key}", frame_count)
            states[first : last + 1, object_id] = names[str(run[0])]
    return states


def decode_reliabilities(reader: JsonReader, table: dict[str, Any], frame_count: int) -> ByteArray:
    """Reliability codes uint8 [T, 256] from JSON values.

    Raises:
        ProjectFormatError: a value that cannot be.
    """
    codes = np.zeros((frame_count, ID_COUNT), np.uint8)
    for key, runs in table.items():
        object_id = _object_key(reader, key, "reliability")
        where = f"reliability of object {key}"
        for run in _list(reader, runs, where):
            if not isinstance(run, list) or len(run) != 2 or not isinstance(run[1], list):
                raise reader.wrong(f"{where}: {run!r} is no [first, [values]]")
            first = reader.frame(run[0], where, frame_count)
            if first + len(run[1]) > frame_count:
                raise reader.wrong(f"{where}: values go on after frame {frame_count - 1}")
            for offset, value in enumerate(run[1]):
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise reader.wrong(f"{where}: {value!r} is no number")
                if not 0 <= value <= 1:
                    raise reader.wrong(f"{where}: {value} is not between 0 and 1")
                codes[first + offset, object_id] = reliability_code(value)
    return codes


def _list(reader: JsonReader, value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise reader.wrong(f"{name} should be a list, it is {kind_of(value)}")
    return value


def _object_key(reader: JsonReader, key: str, name: str) -> int:
    if not key.isascii() or not key.isdigit() or not 1 <= int(key) <= ID_COUNT - 2:
        raise reader.wrong(f'"{name}" has the key "{key}", expected an object id 1 to 254')
    return int(key)

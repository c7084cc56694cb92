"""JSON files of other tools: read once, and doubted value by value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from annotator.exchange.errors import DamagedFileError, UnknownFormatError
from annotator.storage.json_reader import kind_of
from vos_core.media.atomic import replacing


def load_json(path: Path) -> Any:
    """Read a JSON file; asking again is free until the file changes. Do not change the result.

    Raises:
        UnknownFormatError: it is no JSON.
        DamagedFileError: it cannot be read.
    """
    try:
        state = path.stat()
        return _load(path, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise DamagedFileError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UnknownFormatError(f"{path} is no JSON file, or a damaged one: {error}") from error


@lru_cache(maxsize=2)
def _load(path: Path, _mtime_ns: int, _size: int) -> Any:
    return json.loads(path.read_text("utf-8"), object_hook=_breathe)


def _breathe(values: dict[str, Any]) -> dict[str, Any]:
    """Give other threads a turn: a large file is one call of the parser else."""
    return values


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a table as compact JSON, whole or not at all, each entry of its lists by itself.

    Raises:
        OutputError: the file cannot be written.
    """
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for piece in _pieces(values):
            stream.write(piece)


def _pieces(values: Mapping[str, Any]) -> Iterator[str]:
    """Texts that make up the file; the encoder holds all threads while it makes one."""
    opening = "{"
    for key, value in values.items():
        yield f"{opening}{_text(key)}:"
        opening = ","
        if not isinstance(value, list):
            yield _text(value)
            continue
        between = "["
        for entry in value:
            yield between + _text(entry)
            between = ","
        yield "]" if value else "[]"
    yield "}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_table(value: object, where: object) -> dict[str, Any]:
    """The value, which must be a table.

    Raises:
        DamagedFileError: it is something else.
    """
    if not isinstance(value, dict):
        raise DamagedFileError(f"{where} should be a table, it is {kind_of(value)}")
    return value


def as_list(value: object, where: object) -> list[Any]:
    """The value, which must be a list.

    Raises:
        DamagedFileError: it is something else.
    """
    if not isinstance(value, list):
        raise DamagedFileError(f"{where} should be a list, it is {kind_of(value)}")
    return value


def as_size(value: object, where: object) -> int:
    """The value, which must be a number of pixels.

    Raises:
        DamagedFileError: it is something else.
    """
    if type(value) is not int or not 1 <= value <= 65_535:
        raise DamagedFileError(f"{where} should be 1 to 65535 pixels, it is {kind_of(value)}")
    return value

"""Takes values out of JSON tables, and says in words where one is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotator.storage.errors import ProjectFormatError


class JsonReader:
    """Takes values out of JSON tables.

    Every method raises `ProjectFormatError` when the value is missing or of another kind.

    Args:
        where: what the messages begin with: a path, or a place in a file.
    """

    def __init__(self, where: object) -> None:
        self.where = where

    def wrong(self, text: str) -> ProjectFormatError:
        """Error to raise for a value that cannot be."""
        return ProjectFormatError(f"{self.where}: {text}")

    def table(self, value: object, name: str) -> dict[str, Any]:
        """The value, which must be a table."""
        if not isinstance(value, dict):
            raise self.wrong(f"{name} should be a table, it is {kind_of(value)}")
        return value

    def member(self, table: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
        """A member that must be of a kind (bool is no int)."""
        if name not in table:
            raise self.wrong(f'"{name}" is missing')
        value = table[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(f'"{name}" should be {_KINDS[kind]}, it is {kind_of(value)}')
        return value

    def integer(
        self, table: Mapping[str, Any], name: str, *, low: int, high: int | None = None
    ) -> int:
        """A whole number within bounds."""
        value: int = self.member(table, name, int)
        if value < low or (high is not None and value > high):
            span = f"at least {low}" if high is None else f"{low} to {high}"
            raise self.wrong(f'"{name}" is {value}, expected {span}')
        return value

    def number(self, table: Mapping[str, Any], name: str) -> float:
        """A number."""
        value = table.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(f'"{name}" should be a number, it is {kind_of(value)}')
        return float(value)

    def frames(self, table: Mapping[str, Any], name: str, frame_count: int) -> tuple[int, ...]:
        """A list of frame indices."""
        values = self.member(table, name, list)
        for value in values:
            self.frame(value, name, frame_count)
        return tuple(values)

    def frame(self, value: object, name: str, frame_count: int) -> int:
        """The value, which must be a frame index."""
        if type(value) is not int or not 0 <= value < frame_count:
            raise self.wrong(
                f'"{name}" names the frame {value!r}; frames are 0 to {frame_count - 1}'
            )
        return value


_KINDS = {dict: "a table", list: "a list", str: "a text", int: "a whole number", bool: "yes or no"}


def kind_of(value: object) -> str:
    """Words for what a JSON value is."""
    if isinstance(value, bool):
        return "true or false"
    return _KINDS.get(type(value), "nothing" if value is None else f"{value!r}")

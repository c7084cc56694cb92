"""A chosen part of the matrix: some objects over some frames."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RangeSelection:
    """Rows and frames that a person chose on the timeline.

    Attributes:
        object_ids: ids of the rows, from top to bottom.
        first: first frame.
        last: last frame, chosen too.
    """

    object_ids: tuple[int, ...]
    first: int
    last: int

    @property
    def frames(self) -> range:
        """The frames."""
        return range(self.first, self.last + 1)

    def holds(self, object_id: int, frame: int) -> bool:
        """Say whether a cell is chosen."""
        return object_id in self.object_ids and self.first <= frame <= self.last

"""An outline whose corners can be moved, inserted and taken away until it is filled."""

from __future__ import annotations

import math
from typing import NamedTuple

Point = tuple[float, float]


class EdgeSpot(NamedTuple):
    """A place on an edge.

    Attributes:
        place: where a corner put there would stand among the corners.
        point: (x, y) of the place.
    """

    place: int
    point: Point


class EditableOutline:
    """Corners (x, y) in order; open while they are being placed, then closed."""

    def __init__(self) -> None:
        self._corners: list[Point] = []
        self._is_closed = False

    @property
    def corners(self) -> tuple[Point, ...]:
        """The corners in order."""
        return tuple(self._corners)

    @property
    def is_closed(self) -> bool:
        """Whether the last corner joins the first."""
        return self._is_closed

    @property
    def has_inside(self) -> bool:
        """Whether there are corners enough to fill something."""
        return len(self._corners) >= 3

    def __len__(self) -> int:
        return len(self._corners)

    def add(self, point: Point) -> None:
        """Put a corner behind the last one."""
        self._corners.append(point)

    def insert(self, place: int, point: Point) -> None:
        """Put a corner at a place."""
        self._corners.insert(place, point)

    def move(self, place: int, point: Point) -> None:
        """Move a corner."""
        self._corners[place] = point

    def remove(self, place: int) -> None:
        """Take a corner away; a closed outline of fewer than three opens again."""
        del self._corners[place]
        if not self.has_inside:
            self._is_closed = False

    def close(self) -> bool:
        """Join the last corner to the first; False, and nothing done, with fewer than three."""
        self._is_closed = self.has_inside
        return self._is_closed

    def clear(self) -> None:
        """Take every corner away."""
        self._corners.clear()
        self._is_closed = False

    def corner_at(self, point: Point, reach: float) -> int | None:
        """Place of the corner nearest to a point, None when none is within ``reach``.

        Of corners on the same spot the last one is meant.
        """
        found, shortest = None, reach
        for place, corner in enumerate(self._corners):
            distance = math.dist(corner, point)
            if distance <= shortest:
                found, shortest = place, distance
        return found

    def edge_at(self, point: Point, reach: float) -> EdgeSpot | None:
        """Spot on the edge nearest to a point, None when no edge is within ``reach``.

        The edge from the last corner to the first counts in a closed outline only.
        """
        count = len(self._corners)
        found, shortest = None, reach
        for place in range(1, count + 1 if self._is_closed else count):
            start, end = self._corners[place - 1], self._corners[place % count]
            spot = nearest_on_segment(start, end, point)
            distance = math.dist(spot, point)
            if distance <= shortest:
                found, shortest = EdgeSpot(place, spot), distance
        return found


def nearest_on_segment(start: Point, end: Point, point: Point) -> Point:
    """Point of a segment that is nearest to another point."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    squared = dx * dx + dy * dy
    if squared == 0:
        return start
    share = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / squared
    share = min(max(share, 0.0), 1.0)
    return start[0] + share * dx, start[1] + share * dy

"""Frames to pixels and back, and the sizes of the matrix."""

from __future__ import annotations

from dataclasses import dataclass

HEADER_WIDTH = 132
"""Width of the object names, in logical pixels."""
RULER_HEIGHT = 22
ROW_HEIGHT = 20
GLYPH_MIN_WIDTH = 9.0
"""Columns at least so wide show the state as a glyph."""


@dataclass(frozen=True)
class TimeScale:
    """Which frames are shown, and where.

    Attributes:
        first: First frame shown; may lie between two.
        span: Number of frames shown.
        width: Logical pixels for them, from `HEADER_WIDTH` on.
        frame_count: Frames of the sequence.
    """

    first: float
    span: float
    width: int
    frame_count: int

    @property
    def column_width(self) -> float:
        """Logical pixels a frame."""
        return self.width / self.span

    @property
    def frames(self) -> tuple[int, int]:
        """Whole frames that are shown at least in part; the last is one past."""
        last = -int(-(self.first + self.span) // 1)
        return int(self.first), min(last, self.frame_count)

    def x(self, frame: float) -> float:
        """Left edge of a frame's column."""
        return HEADER_WIDTH + (frame - self.first) * self.column_width

    def frame_at(self, x: float) -> int:
        """Frame whose column lies at x, clipped to the sequence."""
        frame = self.first + (x - HEADER_WIDTH) / self.column_width
        return min(max(int(frame), 0), max(self.frame_count - 1, 0))

    def tick_step(self) -> int:
        """Frames between two numbers of the ruler: least of 1, 2, 5, 10, ... that gives 64 px."""
        least = 64 / self.column_width
        step = 1
        while True:
            for factor in (1, 2, 5):
                if step * factor >= least:
                    return step * factor
            step *= 10

"""What is known of the opened frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

SequenceKind = Literal["video", "folder"]


class FrameDescription(Protocol):
    """The describing part of a frame source (see ``vos_core.media.frames``)."""

    @property
    def path(self) -> Path:
        """Video file or folder."""

    @property
    def kind(self) -> SequenceKind:
        """Either "video" or "folder"."""

    @property
    def frame_count(self) -> int:
        """Number of frames."""

    @property
    def height(self) -> int:
        """Rows."""

    @property
    def width(self) -> int:
        """Columns."""

    @property
    def frames_per_second(self) -> float:
        """Playing speed."""


@dataclass(frozen=True)
class FrameSequence:
    """The frames that are annotated: where they are, how many, how large.

    Attributes:
        path: video file or folder, absolute.
        kind: "video" or "folder".
        frame_count: number of frames, at least 1.
        height: rows of a frame, in pixels.
        width: columns of a frame, in pixels.
        frames_per_second: playing speed.
    """

    path: Path
    kind: SequenceKind
    frame_count: int
    height: int
    width: int
    frames_per_second: float

    def __post_init__(self) -> None:
        if min(self.frame_count, self.height, self.width) < 1:
            raise ValueError(
                f"a sequence needs at least one frame of at least one pixel, not "
                f"{self.frame_count} frames of {self.width} x {self.height}"
            )

    @classmethod
    def of(cls, source: FrameDescription) -> FrameSequence:
        """Describe an open frame source."""
        return cls(
            Path(source.path).absolute(),
            source.kind,
            source.frame_count,
            source.height,
            source.width,
            source.frames_per_second,
        )

    @property
    def name(self) -> str:
        """Short name for titles: file name without suffix, or folder name."""
        return self.path.stem if self.kind == "video" else self.path.name

    @property
    def size_text(self) -> str:
        """``1280 x 720, 132 frames, 25 fps``, for the status line."""
        return (
            f"{self.width} x {self.height}, {self.frame_count} frames, "
            f"{self.frames_per_second:g} fps"
        )

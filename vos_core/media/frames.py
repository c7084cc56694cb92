"""Frames of a video or of a folder, by number: the one way that pictures come in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from vos_core.media.errors import FrameSourceError

FrameKind = Literal["video", "folder"]
Progress = Callable[[float], object]
"""Told the share that is done, 0 to 1; what it raises ends the work and reaches the caller."""
FOLDER_FRAMES_PER_SECOND = 25.0


class ReadAbandonedError(Exception):
    """A read was given up because its frame is not wanted any more; nothing is wrong."""


class FrameSource(ABC):
    """A numbered sequence of RGB frames of one size.

    Not thread safe: use one instance for each thread. It is a context manager that closes itself.

    Attributes:
        path: The video file or the folder.
        kind: ``"video"`` or ``"folder"``.
        frame_count: How many frames can be read.
        height: Rows of every frame, after rotation.
        width: Columns of every frame, after rotation.
        frames_per_second: Mean rate of a video; 25 for a folder.
        names: One name for each frame: file stems, or five-digit numbers for a video.
        notice: What the person should know about a source that can be used only in part, or None.
    """

    path: Path
    kind: FrameKind
    frame_count: int
    height: int
    width: int
    frames_per_second: float
    names: Sequence[str]
    notice: str | None = None
    _is_wanted: Callable[[], bool] | None = None
    _is_urgent = False

    @abstractmethod
    def _read(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index``, which is in range, as uint8 [H, W, 3]."""

    def read(
        self,
        index: int,
        *,
        is_wanted: Callable[[], bool] | None = None,
        is_urgent: bool = False,
    ) -> NDArray[np.uint8]:
        """Read one frame.

        Args:
            index: Number of the frame, from 0 to ``frame_count - 1``.
            is_wanted: Asked between the steps of a long read, which is given up at a False; what
                was decoded until then is kept for the next one.
            is_urgent: Whether somebody waits for this very frame: a far one comes as soon as it
                can, at the cost of its neighbours, which are not decoded on the way to it.

        Returns:
            uint8 [H, W, 3], RGB, C-contiguous; the caller's own copy.

        Raises:
            IndexError: There is no such frame.
            FrameSourceError: The frame is there but cannot be decoded, or has another size.
            ReadAbandonedError: ``is_wanted`` said no.
        """
        if not 0 <= index < self.frame_count:
            raise IndexError(f"frame {index} of {self.path}: it has 0 to {self.frame_count - 1}")
        self._is_wanted, self._is_urgent = is_wanted, is_urgent
        try:
            frame = np.ascontiguousarray(self._read(index))
        finally:
            self._is_wanted, self._is_urgent = None, False
        if frame.shape != (self.height, self.width, 3):
            raise FrameSourceError(
                f"{self.path}: frame {self.names[index]} is {frame.shape[1]}x{frame.shape[0]}, "
                f"the others are {self.width}x{self.height}; all must have one size"
            )
        return frame

    def _check_wanted(self) -> None:
        """Give the read under way up when nobody waits for it any more."""
        if self._is_wanted is not None and not self._is_wanted():
            raise ReadAbandonedError

    def close(self) -> None:  # noqa: B027 - a folder has nothing to close
        """Let go of files and decoders; reading after this is not allowed."""

    def __len__(self) -> int:
        return self.frame_count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_frames(path: str | Path, *, on_progress: Progress | None = None) -> FrameSource:
    """Open a video file, or a folder of pictures in natural order of their names.

    Args:
        path: The file or the folder.
        on_progress: Told, while packets or headers are read, the share that is done; an exception
            of its own ends the opening and is passed on.

    Returns:
        The frames; close it, or use it in a ``with`` block.

    Raises:
        FrameSourceError: It does not exist, is no video, holds no frame, or its frames differ in
            size.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        from vos_core.media.folder import FolderFrames

        return FolderFrames(path, on_progress=on_progress)
    if not path.exists():
        raise FrameSourceError(f"{path}: no such file or folder")
    from vos_core.media.video import VideoFrames

    return VideoFrames(path, on_progress=on_progress)

"""Frames written beside their masks, for tools that want both."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator.exchange.source import ExportSource, Progress
from vos_core.media import OutputError
from vos_core.media.staged import PlannedFile, StagedFolder

_QUALITY = 95


def write_frames(
    source: ExportSource, folder: Path, progress: Progress, *, every: int = 1, done: int = 0
) -> int:
    """Write frames as ``00000.jpg`` and on; those that are JPEG files already are copied.

    Args:
        source: of the frames.
        folder: where they go.
        progress: hears (done + frames written, done + frames in all).
        every: each n-th frame only.
        done: steps before this.

    Returns:
        Number of frames.

    Raises:
        ExchangeError: the frames are gone.
        MediaError: one cannot be read or written.
    """
    indices = range(0, source.frame_count, every)
    total = done + len(indices)
    with (
        source.open_frames() as frames,
        StagedFolder(folder, progress=lambda count: progress(done + count, total)) as files,
    ):
        for index in indices:
            original = frames.path / f"{frames.names[index]}.jpg"
            name = f"{index:05d}.jpg"
            if frames.kind == "folder" and original.is_file():
                files.put(name, partial(_plan_copy, original))
            else:
                files.put(name, partial(_plan_frame, frames.read(index)))
        files.commit()
    return len(indices)


def _plan_copy(original: Path) -> PlannedFile:
    data = original.read_bytes()
    return PlannedFile((lambda: data,), lambda path: path.read_bytes() == data)


def _plan_frame(frame: NDArray[np.uint8]) -> PlannedFile:
    works, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    if not works:
        raise OutputError(f"a frame of {frame.shape[1]} x {frame.shape[0]} cannot be a JPEG")
    data = encoded.tobytes()
    return PlannedFile((lambda: data,), lambda path: path.read_bytes() == data)

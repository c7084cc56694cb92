"""Small videos made for a test, each frame of which can be told from every other."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

TIME_BASE = Fraction(1, 1000)


def numbered_frame(index: int, height: int = 64, width: int = 96) -> NDArray[np.uint8]:
    """Return a frame that carries its number in binary, as 8 white or black bars."""
    frame = np.full((height, width, 3), 90, np.uint8)
    step = width // 8
    for bit in range(8):
        frame[:, bit * step : (bit + 1) * step] = 235 if index >> bit & 1 else 20
    return frame


def number_of(frame: NDArray[np.uint8]) -> int:
    """Read the number back from a decoded frame, whatever compression did to its colours."""
    height, width = frame.shape[:2]
    step = width // 8
    middles = [frame[height // 2, bit * step + step // 2].mean() for bit in range(8)]
    return sum(1 << bit for bit, value in enumerate(middles) if value > 128)


def write_numbered_video(
    path: Path,
    times_ms: Sequence[int],
    *,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    size: tuple[int, int] = (64, 96),
    gop: int = 12,
) -> Path:
    """Encode one numbered frame for each presentation time.

    Args:
        path: File to write; its suffix chooses the container.
        times_ms: When each frame is shown, ascending.
        codec: Encoder.
        options: Options of the encoder.
        container_options: Options of the container, for example ``movflags``.
        size: (height, width).
        gop: Frames from one key frame to the next.
    """
    height, width = size
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.time_base = TIME_BASE
        for index, time in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(numbered_frame(index, height, width), "rgb24")
            frame.pts, frame.time_base = time, TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def constant_times(count: int, step_ms: int = 40) -> list[int]:
    """Return the presentation times of a video of constant rate."""
    return [index * step_ms for index in range(count)]

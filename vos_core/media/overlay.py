"""Label maps laid over frames, as pictures and as a video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vos_core.media.atomic import ensure_folder, reason
from vos_core.media.errors import OutputError
from vos_core.media.palette import voc_palette

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_CODECS = ("libx264", "libopenh264", "mpeg4")
_MAX_DENOMINATOR = 1001
_QUALITY = "20"


def blend_label_map(
    frame: NDArray[np.uint8],
    label_map: NDArray[np.uint8],
    *,
    opacity: float = 0.5,
    contour: bool = True,
    palette: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Lay the objects of a label map over a frame, each in its colour.

    Args:
        frame: uint8 [H, W, 3], RGB; it is not changed.
        label_map: uint8 [H, W], object ids; 0 stays clear.
        opacity: Share of the colour inside an object, from 0 to 1.
        contour: Draw the outermost pixels of each object in its full colour.
        palette: uint8 [256, 3], RGB; the VOC palette when None.

    Returns:
        uint8 [H, W, 3], RGB.

    Raises:
        ValueError: The sizes differ, or the opacity is out of range.
    """
    if frame.shape != (*label_map.shape, 3):
        raise ValueError(f"frame {frame.shape} and label map {label_map.shape} differ in size")
    if not 0.0 <= opacity <= 1.0:
        raise ValueError(f"opacity is from 0 to 1, not {opacity}")
    result = frame.copy()
    left, top, width, height = cv2.boundingRect(label_map)
    if width == 0:
        return result
    inside = (slice(top, top + height), slice(left, left + width))
    labels = np.ascontiguousarray(label_map[inside])
    colours = _coloured(labels, voc_palette() if palette is None else palette)
    target = result[inside]
    mixed = cv2.addWeighted(target, 1.0 - opacity, colours, opacity, 0.0)
    cv2.copyTo(mixed, labels, target)
    if contour:
        cv2.copyTo(colours, _contours_within(label_map, left, top, width, height), target)
    return result


def _contours_within(
    label_map: NDArray[np.uint8], left: int, top: int, width: int, height: int
) -> NDArray[np.uint8]:
    """Contours of the objects in the box that holds them all: outside of it everything is 0."""
    before_y, before_x = min(top, 1), min(left, 1)
    around = label_map[top - before_y : top + height + 1, left - before_x : left + width + 1]
    edge = label_contours(around)[before_y : before_y + height, before_x : before_x + width]
    return np.ascontiguousarray(edge)


def label_contours(label_map: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mark the pixels of objects that touch, by a side, a pixel of another id.

    The border of the picture is no contour.

    Args:
        label_map: uint8 [H, W], object ids.

    Returns:
        uint8 [H, W], 255 on contours and 0 elsewhere.
    """
    differs = cv2.morphologyEx(label_map, cv2.MORPH_GRADIENT, _CROSS)
    return np.where((differs > 0) & (label_map > 0), np.uint8(255), np.uint8(0))


def _coloured(labels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if palette.shape != (256, 3) or palette.dtype != np.uint8:
        raise ValueError(
            f"a palette is uint8 [256, 3], this one is {palette.dtype} {palette.shape}"
        )
    table = np.ascontiguousarray(palette).reshape(1, 256, 3)
    return cv2.LUT(cv2.merge([labels, labels, labels]), table).astype(np.uint8, copy=False)


class OverlayVideoWriter:
    """Writes RGB frames as an H.264 MP4 that any player shows; a context manager.

    The file has its name only once it is complete: until then, and after a failure, it is a
    temporary one beside it. Odd sizes gain one repeated row or column, which the format demands.

    Args:
        path: The MP4 file to make or replace.
        height: Rows of the frames.
        width: Columns of the frames.
        frames_per_second: Rate of the video.

    Raises:
        OutputError: The file cannot be written there, or no encoder is at hand.
    """

    def __init__(self, path: str | Path, height: int, width: int, frames_per_second: float) -> None:
        self.path = Path(path)
        self._shape = (height, width, 3)
        self._padding = (height % 2, width % 2)
        ensure_folder(self.path.parent)
        self._temporary = self.path.with_name(f".{self.path.stem}.part.mp4")
        rate = Fraction(frames_per_second).limit_denominator(_MAX_DENOMINATOR)
        try:
            self._container = av.open(str(self._temporary), "w", format="mp4")
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"cannot write {self.path}: {reason(error)}") from error
        codec = next((name for name in _CODECS if name in av.codecs_available), None)
        if codec is None:
            self._discard()
            raise OutputError(f"cannot write {self.path}: no video encoder in this build of PyAV")
        options = {"crf": _QUALITY, "preset": "veryfast"} if codec == "libx264" else {}
        stream = cast(VideoStream, self._container.add_stream(codec, rate=rate, options=options))
        stream.height = height + self._padding[0]
        stream.width = width + self._padding[1]
        stream.pix_fmt = "yuv420p"
        self._stream = stream
        self._open = True

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append one frame.

        Args:
            frame: uint8 [H, W, 3], RGB.

        Raises:
            ValueError: The frame has another size.
            OutputError: The file cannot be written, for example because the disk is full.
        """
        if frame.shape != self._shape:
            raise ValueError(f"frame {frame.shape}, the video is {self._shape}")
        if any(self._padding):
            rows, columns = self._padding
            frame = np.pad(frame, ((0, rows), (0, columns), (0, 0)), mode="edge")
        # OpenCV converts in a fraction of the time that FFmpeg's scaler takes (BT.601, as it does)
        planes = cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2YUV_I420)
        self._mux(av.VideoFrame.from_ndarray(np.asarray(planes, np.uint8), format="yuv420p"))

    def close(self) -> None:
        """Finish the file and give it its name; nothing happens the second time."""
        if not self._open:
            return
        self._mux(None)
        self._open = False
        try:
            self._container.close()
            self._temporary.replace(self.path)
        except (av.error.FFmpegError, OSError) as error:
            self._temporary.unlink(missing_ok=True)
            raise OutputError(f"cannot write {self.path}: {reason(error)}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._discard()

    def _mux(self, picture: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(picture):
                self._container.mux(packet)
        except (av.error.FFmpegError, OSError) as error:
            self._discard()
            raise OutputError(f"cannot write {self.path}: {reason(error)}") from error

    def _discard(self) -> None:
        self._open = False
        try:
            self._container.close()
        except (av.error.FFmpegError, OSError):
            pass  # the file is thrown away in any case
        finally:
            self._temporary.unlink(missing_ok=True)

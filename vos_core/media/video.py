"""A video file as frames: each number is exactly one shown frame, whatever the frame rate does.

Seeking by time alone lands beside the frame that was asked for. Here the presentation time of
every frame is known beforehand; reading goes to a key packet before it and decodes forward until
that very time comes out. Reading in order is plain decoding, and the frames passed on the way are
kept for a while, so that a step backward does not decode a group of pictures again.
"""

from __future__ import annotations

import logging
import os
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vos_core.media.atomic import reason
from vos_core.media.errors import FrameSourceError
from vos_core.media.frames import FrameSource, Progress
from vos_core.media.video_index import VideoIndex, Wish, build_index, decoded_frames

_log = logging.getLogger(__name__)

#: demuxers that accept what is no video: text as art, lists of other files, single pictures
_REFUSED_FORMATS = frozenset(
    {"tty", "bin", "xbin", "adf", "idf", "concat", "concatf", "hls", "dash", "sdp", "rtsp", "lavfi"}
)
_UNSPECIFIED_COLORSPACE = 2
_HD_HEIGHT = 720
_DEFAULT_RATE = 25.0
_SAME_RATE = 1e-3
_KEPT_BYTES = 128 * 2**20
_BESIDE_PLANES_BYTES = 150_000  # of a kept frame, as memory grew: what small frames mostly are
_KEPT_BEFORE = 12  # frames before the one asked for, so that steps backward find them
_KEPT_BEFORE_URGENT = 1  # who overshoots steps back once
_SHORT_RUN = 48  # so few frames are decoded again rather than waited for behind later ones
_MOST_THREADS = 4  # each holds a frame back until as many more packets are read
_TRIES = 6  # where seeking lands too late, or a key frame is damaged, the one before serves


class VideoFrames(FrameSource):
    """The frames of the first video track of a file, upright and in RGB.

    Args:
        path: The file; anything that FFmpeg decodes.
        on_progress: See ``open_frames``.

    Raises:
        FrameSourceError: It is no video, or no frame of it can be decoded.
    """

    def __init__(self, path: Path, *, on_progress: Progress | None = None) -> None:
        self.path = path
        self.kind = "video"
        self._index = build_index(lambda: _open_stream(path), on_progress)
        if self._index.frame_count == 0:
            raise FrameSourceError(
                f"{path}: no frame of this video can be decoded; it is damaged or cut off"
            )
        self._times = self._index.times or tuple(range(self._index.frame_count))
        self._position = {time: index for index, time in enumerate(self._times)}
        self._decoder: Iterator[VideoFrame] | None = None
        self._next_index = 0
        self._wish = Wish()
        self._kept = _KeptFrames(_KEPT_BYTES)
        self._container, self._stream = _open_stream(path)
        self.frame_count = self._index.frame_count
        self.names = tuple(f"{index:05d}" for index in range(self.frame_count))
        self.frames_per_second = _rate(self._stream, self._index)
        self.notice = _notice(path, self._index)
        try:
            first = self._read(0)
        except BaseException:
            self._container.close()
            raise
        self.height, self.width = first.shape[:2]

    @property
    def times_seconds(self) -> tuple[float, ...]:
        """When each frame is shown, in seconds from the start of the file."""
        if self._index.times is None or self._stream.time_base is None:
            return tuple(index / self.frames_per_second for index in range(self.frame_count))
        base = float(self._stream.time_base)
        return tuple(time * base for time in self._index.times)

    def close(self) -> None:
        """Let go of the file and of the frames kept."""
        self._decoder = None
        self._kept.clear()
        self._container.close()

    def _read(self, index: int) -> NDArray[np.uint8]:
        frame = self._kept.get(index)
        if frame is None:
            frame = self._decode(index)
        return _upright_rgb(frame)

    def _decode(self, index: int) -> VideoFrame:
        if self._decoder is not None and self._next_index <= index and not self._key_between(index):
            frame = self._advance_to(index)
            if frame is not None:
                return frame
        for start in self._starts(index):
            self._start_at(start)
            frame = self._advance_to(index, alone_from=start if self._is_urgent else None)
            if frame is not None:
                return frame
        raise FrameSourceError(
            f"{self.path}: frame {self.names[index]} cannot be decoded; the file is damaged there"
        )

    def _key_between(self, index: int) -> bool:
        """Whether starting anew at a key packet is shorter than decoding on from here."""
        if self._index.times is None:
            return False
        here = self._times[self._next_index]
        target = self._times[index]
        return any(here < key <= target for key, _ in self._index.key_times)

    def _starts(self, index: int) -> Iterator[int | None]:
        """Yield the times to seek to, nearest first; None for the very start of the file."""
        if self._index.times is None:
            yield None
            return
        yield from islice(self._index.keys_before(self._times[index]), _TRIES)

    def _start_at(self, time: int | None) -> None:
        self._decoder = None
        if time is None:
            self._container.close()
            self._container, self._stream = _open_stream(self.path)
        else:
            self._container.seek(time, stream=self._stream)
        self._decoder = decoded_frames(self._container, self._stream, wish=lambda: self._wish)
        self._next_index = 0

    def _advance_to(self, index: int, *, alone_from: int | None = None) -> VideoFrame | None:
        """Decode on until a frame comes out; None when it is passed over or the file ends.

        Args:
            index: The frame.
            alone_from: Where the run began, if it may end with the frame: that comes out at once,
                and the one after it needs a new run.
        """
        if self._decoder is None:
            return None
        alone = False
        if self._index.times is not None:
            before = _KEPT_BEFORE_URGENT if self._is_urgent else _KEPT_BEFORE
            first, last = max(index - before, 0), frozenset[int]()
            if alone_from is not None:
                start = bisect_left(self._times, alone_from)
                alone = index - start <= _SHORT_RUN
                last = frozenset(self._times[max(first, start) : index + 1]) if alone else last
            self._wish = Wish(self._times[first], last)
        counted = self._next_index
        for frame in self._decoder:
            if self._index.times is None:
                position: int | None = counted
                counted += 1
            else:
                position = None if frame.pts is None else self._position.get(frame.pts)
            if position is None:
                continue
            self._kept.put(position, frame)
            self._next_index = position + 1
            if position == index:
                if alone or self._next_index >= self.frame_count:
                    self._decoder = None
                return frame
            if position > index:
                return None
            self._check_wanted()
        self._decoder = None
        return None


class _KeptFrames:
    """The frames decoded last, within a number of bytes."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity_bytes = capacity_bytes
        self._frames: OrderedDict[int, VideoFrame] = OrderedDict()
        self._bytes = 0

    def get(self, index: int) -> VideoFrame | None:
        return self._frames.get(index)

    def put(self, index: int, frame: VideoFrame) -> None:
        if index in self._frames:
            self._bytes -= _size_bytes(self._frames.pop(index))
        self._frames[index] = frame
        self._bytes += _size_bytes(frame)
        while self._bytes > self._capacity_bytes and len(self._frames) > 1:
            _, oldest = self._frames.popitem(last=False)
            self._bytes -= _size_bytes(oldest)

    def clear(self) -> None:
        self._frames.clear()
        self._bytes = 0


def _size_bytes(frame: VideoFrame) -> int:
    return _BESIDE_PLANES_BYTES + sum(plane.buffer_size for plane in frame.planes)


def _open_container(path: Path) -> InputContainer:
    try:
        if path.stat().st_size == 0:
            raise FrameSourceError(f"{path}: the file is empty")
        container = av.open(str(path.resolve()), mode="r", metadata_errors="replace")
    except FrameSourceError:
        raise
    except av.error.InvalidDataError as error:
        raise FrameSourceError(
            f"{path}: not a video, or a video that was cut off before its index was written"
        ) from error
    except av.error.FFmpegError as error:
        raise FrameSourceError(f"{path}: cannot be opened ({error.strerror})") from error
    except OSError as error:
        raise FrameSourceError(f"{path}: cannot be read ({reason(error)})") from error
    names = set(container.format.name.split(","))
    if names & _REFUSED_FORMATS:
        container.close()
        raise FrameSourceError(f"{path}: not a video")
    if "image2" in names or container.format.name.endswith("_pipe"):
        container.close()
        raise FrameSourceError(
            f"{path}: a single picture, not a video; open the folder that holds the frames"
        )
    return container


def _open_stream(path: Path) -> tuple[InputContainer, VideoStream]:
    """Open a file and choose its first video track."""
    container = _open_container(path)
    for stream in container.streams.video:
        if not _is_cover(stream):
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = min(_processors(), _MOST_THREADS)
            return container, stream
    container.close()
    raise FrameSourceError(f"{path}: there is no video track in this file")


def _processors() -> int:
    """How many processors this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1


def _is_cover(stream: VideoStream) -> bool:
    """Whether a track is the still picture of a piece of music."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _rate(stream: VideoStream, index: VideoIndex) -> float:
    """Return the mean frame rate by the times of the frames, or by the header where it agrees."""
    rate = stream.average_rate or stream.guessed_rate
    times = index.times
    if times is not None and len(times) > 1 and stream.time_base is not None:
        seconds = float((times[-1] - times[0]) * stream.time_base)
        if seconds > 0:
            mean = (len(times) - 1) / seconds
            agree = rate is not None and abs(mean - float(rate)) < _SAME_RATE * mean
            return float(rate) if rate is not None and agree else mean
    return float(rate) if rate else _DEFAULT_RATE


def _notice(path: Path, index: VideoIndex) -> str | None:
    if not index.damaged:
        return None
    promised = f" of {index.announced}" if index.announced > index.frame_count else ""
    text = f"{path}: the video is damaged or cut off; {index.frame_count}{promised} frames are used"
    _log.info("%s", text)
    return text


def _upright_rgb(frame: VideoFrame) -> NDArray[np.uint8]:
    """Convert to RGB, with the colour matrix that HD has where the file is silent, and turn."""
    source = None
    if frame.colorspace == _UNSPECIFIED_COLORSPACE and frame.height >= _HD_HEIGHT:
        source = Colorspace.ITU709
    rgb = (
        frame.reformat(format="rgb24", src_colorspace=source)
        .to_ndarray()
        .astype(np.uint8, copy=False)
    )
    quarter_turns = round(frame.rotation / 90) % 4
    return np.rot90(rgb, quarter_turns) if quarter_turns else rgb

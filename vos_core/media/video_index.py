"""Which frames a video has, and when each is shown, found before any of them is asked for.

The index is made from the packets of the file without decoding, which is exact for codecs in which
every shown frame is one packet. Other codecs, and files without time stamps, are decoded once.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vos_core.media.frames import Progress

OpenStream = Callable[[], tuple[InputContainer, VideoStream]]

_log = logging.getLogger(__name__)

#: codecs in which one packet of a container is one shown frame
_ONE_FRAME_A_PACKET = frozenset(
    {"h264", "hevc", "av1", "vp9", "mjpeg", "png", "prores", "dnxhd", "ffv1", "rawvideo"}
)
_VP8_SHOW_FRAME = 0x10
#: containers that neither count their frames nor mark a packet that is cut off
_UNMARKED_CONTAINERS = frozenset({"mpegts", "mpeg"})
_SHORTEST_TAIL_SECONDS = 0.02
_PACKETS_A_REPORT = 32


@dataclass(frozen=True)
class VideoIndex:
    """The shown frames of one video stream, in the order of presentation.

    Attributes:
        times: Presentation time of each frame in units of the stream's time base, ascending;
            None when the file has no usable times and frames can only be counted.
        frame_count: How many frames can be read.
        key_times: Ascending (presentation time, decoding time) of the packets that decoding may
            start at.
        announced: How many frames the header promises, 0 when it does not say.
        damaged: Whether the file ends early or holds broken packets.
    """

    times: tuple[int, ...] | None
    frame_count: int
    key_times: tuple[tuple[int, int], ...]
    announced: int
    damaged: bool

    def keys_before(self, time: int) -> Iterator[int]:
        """Yield the times to seek to for the key packets shown at or before a time, nearest first.

        Some containers are searched by presentation time, some by decoding time: for each packet
        the one comes first, then the other where it differs.
        """
        position = bisect_right(self.key_times, time, key=lambda key: key[0])
        for shown, decoded in reversed(self.key_times[:position]):
            yield shown
            if decoded != shown:
                yield decoded


def build_index(open_stream: OpenStream, on_progress: Progress | None = None) -> VideoIndex:
    """Read through the packets of a file and list its frames.

    Args:
        open_stream: Opens the file afresh; every container that it gives is closed again here.
        on_progress: Told the share of the file that is read; what it raises is passed on.

    Returns:
        The index; ``frame_count`` is 0 when no frame can be had.
    """
    container, stream = open_stream()
    stream.thread_type = "NONE"  # decoders that run frames side by side do not mark broken ones
    with container:
        index = _index_of_packets(container, stream, on_progress)
        doubtful = container.format.name in _UNMARKED_CONTAINERS
        if index is not None and index.frame_count and (index.damaged or doubtful):
            return _without_undecodable_end(container, stream, index)
    if index is not None:
        return index
    container, stream = open_stream()
    stream.thread_type = "NONE"
    with container:
        return _index_by_decoding(container, stream, on_progress)


def _reported(
    packets: Iterator[Packet], container: InputContainer, on_progress: Progress | None
) -> Iterator[Packet]:
    """Hand packets on and tell now and then how far into the file they lie."""
    for number, packet in enumerate(packets):
        yield packet
        if on_progress is not None and number % _PACKETS_A_REPORT == 0:
            position = packet.pos or 0
            on_progress(min(position / container.size, 1.0) if container.size > 0 else 0.0)


def _index_of_packets(
    container: InputContainer, stream: VideoStream, on_progress: Progress | None
) -> VideoIndex | None:
    """List the packets that are shown; None where packets do not tell which frames there are."""
    times: list[int] = []
    keys: list[tuple[int, int]] = []
    whole_packets = 0
    damaged = False
    is_vp8 = stream.codec_context.name == "vp8"
    exact = is_vp8 or stream.codec_context.name in _ONE_FRAME_A_PACKET
    try:
        for packet in _reported(container.demux(stream), container, on_progress):
            if packet.size == 0:
                continue  # the packet that ends the stream
            if packet.is_corrupt:
                damaged = True
                continue
            whole_packets += 1
            if packet.pts is None:
                exact = False
                continue
            if packet.is_keyframe:
                keys.append((packet.pts, packet.pts if packet.dts is None else packet.dts))
            if packet.is_discard or (is_vp8 and not bytes(packet)[0] & _VP8_SHOW_FRAME):
                continue
            times.append(packet.pts)
    except av.error.FFmpegError as error:
        _log.info("reading stops early: %s", error)
        damaged = True
    keys.sort()
    times.sort()
    damaged = damaged or whole_packets < stream.frames or _ends_early(container, stream, times)
    if not exact or not keys or len(set(times)) != len(times):
        return None
    whole = [time for time in times if time >= keys[0][0]]  # what comes earlier lacks its key frame
    damaged = damaged or len(whole) < len(times)
    return VideoIndex(tuple(whole), len(whole), tuple(keys), stream.frames, damaged)


@dataclass(frozen=True)
class Wish:
    """Which frames of a run through a video are wanted, by time in units of the stream.

    Attributes:
        first: Frames before it are of use only as long as others are predicted from them; those
            from which none is need not be decoded. None: all are wanted.
        last: Once the packets of all these are read no more are, and what is in the decoder comes
            out at once, instead of after the packets that a decoder wants to see first. Empty: read
            to the end.
    """

    first: int | None = None
    last: frozenset[int] = frozenset()


def decoded_frames(
    container: InputContainer,
    stream: VideoStream,
    on_progress: Progress | None = None,
    *,
    wish: Callable[[], Wish] | None = None,
) -> Iterator[VideoFrame]:
    """Decode from where the container stands to its end, past packets that are broken.

    Args:
        container: The opened file.
        stream: The video stream in it.
        on_progress: Told the share of the file that is read; what it raises is passed on.
        wish: Asked at each packet which frames are wanted; every one without it.

    Yields:
        The frames in the order of presentation, without those that the decoder had to invent.
    """
    packets = _reported(container.demux(stream), container, on_progress)
    packet: Packet | None = None
    read: set[int] = set()
    ended = is_last = False
    while not ended:
        try:
            packet = None if is_last else next(packets, None)
        except av.error.FFmpegError as error:
            _log.info("reading stops early: %s", error)
            packet = None
        if packet is None or packet.size == 0:
            packet, ended = None, True  # what is in the decoder still comes out
        elif packet.is_corrupt:
            continue
        if packet is not None and wish is not None and packet.pts is not None:
            wanted = wish()
            passes = wanted.first is not None and packet.pts < wanted.first
            stream.codec_context.skip_frame = "NONREF" if passes else "DEFAULT"
            if wanted.last:
                read.add(packet.pts)
                is_last = wanted.last <= read
        try:
            frames = stream.decode(packet)
        except av.error.FFmpegError as error:
            _log.info("a packet cannot be decoded: %s", error)
            continue
        for frame in frames:
            if not frame.is_corrupt:
                yield frame


def _index_by_decoding(
    container: InputContainer, stream: VideoStream, on_progress: Progress | None
) -> VideoIndex:
    """List the frames that really come out of the decoder."""
    decoded = decoded_frames(container, stream, on_progress)
    frames = [(frame.pts, frame.key_frame) for frame in decoded]
    damaged = len(frames) < stream.frames
    times = [time for time, _ in frames if time is not None]
    ascending = len(times) == len(frames) and all(a < b for a, b in pairwise(times))
    if not ascending or not any(key for _, key in frames):
        return VideoIndex(None, len(frames), (), stream.frames, damaged)
    keys = tuple((time, time) for time, key in frames if key and time is not None)
    return VideoIndex(tuple(times), len(frames), keys, stream.frames, damaged)


def _without_undecodable_end(
    container: InputContainer, stream: VideoStream, index: VideoIndex
) -> VideoIndex:
    """Drop the frames from the last key packet on that do not decode any more."""
    times = index.times or ()
    last_key_time, decoding_time = index.key_times[-1]
    container.seek(decoding_time, stream=stream)
    shown = {frame.pts for frame in decoded_frames(container, stream)}
    usable = tuple(time for time in times if time < last_key_time or time in shown)
    damaged = index.damaged or len(usable) < len(times)
    return VideoIndex(usable, len(usable), index.key_times, index.announced, damaged)


def _ends_early(container: InputContainer, stream: VideoStream, times: list[int]) -> bool:
    """Whether a Matroska file holds less of the track than its own tag says."""
    match = re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", ""))
    if match is None or not times or stream.time_base is None:
        return False
    announced = 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])
    start = (container.start_time or 0) / av.time_base
    longest_pause = max((b - a for a, b in pairwise(sorted(times))), default=0)
    frame = max(longest_pause * float(stream.time_base), _SHORTEST_TAIL_SECONDS)
    return max(times) * float(stream.time_base) - start + 1.5 * frame < announced

"""Cutting one shot out of a video without decoding and encoding it again."""

from __future__ import annotations

from pathlib import Path

import av
from av.packet import Packet
from av.video.stream import VideoStream

from vos_core.media.atomic import reason, replacing
from vos_core.media.errors import FrameSourceError, OutputError


def copy_shot(source: str | Path, start: int, target: str | Path) -> None:
    """Copy the packets from one key frame to the next into a video of their own.

    Args:
        source: A video file.
        start: Number of the frame, in order of presentation, that the shot begins with.
        target: The MP4 file to make or replace.

    Raises:
        FrameSourceError: The source cannot be read, or that frame is no key frame.
        OutputError: The target cannot be written.
    """
    try:
        with av.open(str(source)) as container:
            stream = container.streams.video[0]
            packets = [packet for packet in container.demux(stream) if packet.pts is not None]
            shot = _shot(packets, start)
            if not shot:
                raise FrameSourceError(f"{source}: frame {start} does not begin a group of frames")
            with replacing(target) as temporary:
                _write(temporary, stream, shot)
    except (av.error.FFmpegError, IndexError) as error:
        raise FrameSourceError(f"{source}: cannot be read ({reason(error)})") from error


def _shot(packets: list[Packet], start: int) -> list[Packet]:
    """Return the packets, in their order in the file, of the group that frame ``start`` begins."""
    times = sorted(packet.pts for packet in packets if packet.pts is not None)
    if not 0 <= start < len(times):
        return []
    keys = [i for i, packet in enumerate(packets) if packet.is_keyframe]
    first = next((i for i in keys if packets[i].pts == times[start]), None)
    if first is None:
        return []
    end = next((i for i in keys if i > first), len(packets))
    return packets[first:end]


def _write(path: Path, template: VideoStream, shot: list[Packet]) -> None:
    try:
        with av.open(str(path), "w", format="mp4") as output:
            stream = output.add_stream_from_template(template)
            shift = shot[0].pts or 0
            for packet in shot:
                packet.pts = None if packet.pts is None else packet.pts - shift
                packet.dts = None if packet.dts is None else packet.dts - shift
                packet.stream = stream
                output.mux(packet)
    except av.error.FFmpegError as error:
        raise OutputError(f"cannot write {path}: {reason(error)}") from error

"""An overlay video, encoded in pieces by several threads and joined without encoding it again.

Pieces wait in a hidden folder beside the video, named by a digest of what they show. They outlive
an interruption: the next export of the same masks keeps them and encodes the others only.
"""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
from av.video.stream import VideoStream

from annotator.exchange.errors import ExchangeStoppedError
from annotator.exchange.source import ExportSource, Progress
from annotator.model.label_maps import PackedMap
from vos_core.media import OutputError, OverlayVideoWriter, blend_label_map
from vos_core.media.atomic import ensure_folder, reason, replacing

PIECE_FRAMES = 120
"""Frames of a piece: what an interruption costs at most, and how far key frames are apart."""

_MOST_WORKERS = 4


def write_overlay(source: ExportSource, target: Path, progress: Progress) -> int:
    """Write the video; it has its name only once it is whole.

    Args:
        source: masks and frames.
        target: the MP4 file.
        progress: hears how many frames are done; what it raises stops the work.

    Returns:
        Number of frames that an interrupted export had encoded already.

    Raises:
        ExchangeError: the frames are gone.
        MediaError: a frame cannot be read, or the video cannot be written.
    """
    folder = ensure_folder(target.with_name(f".{target.stem}.part"))
    pieces = {
        folder / f"{frames.start:06d}-{_digest(source, frames)}{target.suffix}": frames
        for frames in _split(source.frame_count)
    }
    for stranger in set(folder.iterdir()) - pieces.keys():
        stranger.unlink(missing_ok=True)  # of other masks, or half of one
    missing = {path: frames for path, frames in pieces.items() if not _is_whole(path, len(frames))}
    kept = source.frame_count - sum(map(len, missing.values()))
    progress(kept, source.frame_count)
    _encode(source, missing, kept, progress)
    _join(list(pieces), target)
    shutil.rmtree(folder, ignore_errors=True)
    return kept


def _split(frame_count: int) -> list[range]:
    starts = range(0, frame_count, PIECE_FRAMES)
    return [range(start, min(start + PIECE_FRAMES, frame_count)) for start in starts]


def _digest(source: ExportSource, frames: range) -> str:
    """What decides on the pictures of a piece, in a few letters."""
    path = source.frames_path
    state = path.stat() if path is not None and path.exists() else None
    facts = (
        source.fingerprint or (path, state and (state.st_size, state.st_mtime_ns)),
        (source.height, source.width, source.frames_per_second),
        [(record.object_id, record.colour) for record in source.objects],
    )
    digest = hashlib.blake2b(repr(facts).encode(), digest_size=8)
    for index in frames:
        stored = source.maps[index]
        packed = stored if isinstance(stored, PackedMap) else PackedMap.of(stored)
        digest.update(repr(packed.box).encode())
        digest.update(packed.data)
        digest.update(packed.table or b"")
    return digest.hexdigest()


def _is_whole(path: Path, frame_count: int) -> bool:
    if not path.is_file():
        return False
    try:
        with av.open(str(path)) as container:
            return bool(container.streams.video[0].frames == frame_count)
    except (av.error.FFmpegError, OSError, IndexError):
        return False


def _encode(source: ExportSource, pieces: dict[Path, range], done: int, progress: Progress) -> None:
    """Encode pieces side by side, telling how far it is from this thread."""
    stop = threading.Event()
    told: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    palette = source.palette

    def encode(path: Path, indices: range) -> None:
        size = (source.height, source.width)
        try:
            with (
                source.open_frames() as frames,
                OverlayVideoWriter(path, *size, source.frames_per_second) as video,
            ):
                for index in indices:
                    if stop.is_set():
                        raise ExchangeStoppedError
                    label_map = source.label_map(index)
                    video.write(blend_label_map(frames.read(index), label_map, palette=palette))
                    told.put(None)
        except ExchangeStoppedError:
            pass
        except BaseException as error:
            told.put(error)

    workers = min(_MOST_WORKERS, max(2, os.cpu_count() or 1))
    with ThreadPoolExecutor(workers, "overlay") as pool:
        try:
            for path, indices in pieces.items():
                pool.submit(encode, path, indices)
            while done < source.frame_count:
                error = told.get()
                if error is not None:
                    raise error
                done += 1
                progress(done, source.frame_count)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _join(pieces: list[Path], target: Path) -> None:
    """Put the packets of the pieces behind each other."""
    try:
        with (
            replacing(target) as temporary,
            av.open(str(temporary), "w", format="mp4") as whole,
        ):
            output: VideoStream | None = None
            before = 0
            for path in pieces:
                with av.open(str(path)) as piece:
                    stream = piece.streams.video[0]
                    if output is None:
                        output = whole.add_stream_from_template(stream)
                    rate, base = stream.average_rate, stream.time_base
                    if rate is None or base is None:
                        raise OutputError(f"{path} tells no frame rate; is the disk sound?")
                    offset = round(before / (rate * base))
                    for packet in piece.demux(stream):
                        if packet.dts is None or packet.pts is None:
                            continue  # the end
                        packet.pts += offset
                        packet.dts += offset
                        packet.stream = output
                        whole.mux(packet)
                    before += stream.frames
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(f"cannot write {target}: {reason(error)}") from error

"""Recognising a video or folder of frames, and finding it again after it moved."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from annotator.model.sequence import FrameSequence
from annotator.storage.errors import FramesMissingError
from annotator.storage.schema import FramesRecord

_SAMPLE_BYTES = 1 << 20


def fingerprint(path: Path) -> str:
    """Digest by which frames are recognised under another path; quick, whatever their size.

    Of a file: its length and its first and last MiB. Of a folder: names and lengths of its files.

    Args:
        path: video file or folder.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    if path.is_dir():
        for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
            if entry.is_file() and not entry.name.startswith("."):
                digest.update(f"{entry.name}\0{entry.stat().st_size}\0".encode())
        return f"folder:{digest.hexdigest()[:32]}"
    size = path.stat().st_size
    digest.update(str(size).encode())
    with path.open("rb") as stream:
        digest.update(stream.read(_SAMPLE_BYTES))
        if size > _SAMPLE_BYTES:
            stream.seek(max(_SAMPLE_BYTES, size - _SAMPLE_BYTES))
            digest.update(stream.read(_SAMPLE_BYTES))
    return f"file:{digest.hexdigest()[:32]}"


def describe_frames(sequence: FrameSequence, project: Path) -> FramesRecord:
    """Record of the frames for ``project.json``.

    Raises:
        OSError: the frames cannot be read.
    """
    try:
        relative = os.path.relpath(sequence.path, project)
    except ValueError:  # another drive
        relative = ""
    return FramesRecord(
        str(sequence.path),
        Path(relative).as_posix() if relative else "",
        sequence.kind,
        sequence.frame_count,
        sequence.height,
        sequence.width,
        sequence.frames_per_second,
        fingerprint(sequence.path),
    )


def locate_frames(record: FramesRecord, project: Path) -> Path:
    """Find the frames of a project: where they were, relative to the project, or beside it.

    Args:
        record: what the project knows of them.
        project: the project folder.

    Returns:
        The first place whose content has the fingerprint; else the recorded place when something is
        there (the caller compares count and size).

    Raises:
        FramesMissingError: nothing is there.
    """
    recorded = Path(record.path)
    name = recorded.name or Path(record.relative_path).name
    candidates = [recorded]
    if record.relative_path:
        candidates.append(Path(os.path.normpath(project / record.relative_path)))
    candidates += [project.parent / name, project / name]
    present = [path for path in candidates if path.exists()]
    for path in present:
        try:
            if fingerprint(path) == record.fingerprint:
                return path
        except OSError:
            continue
    if recorded in present:
        return recorded
    raise FramesMissingError(
        f"the {'folder of frames' if record.kind == 'folder' else 'video'} {recorded} is gone, and "
        f"no {name} with the same content lies beside the project {project}; say where it is now"
    )

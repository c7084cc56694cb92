"""Recognising a video or folder of frames, and finding it again after it moved."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from annotator.model.sequence import FrameSequence
from annotator.storage.errors import FramesMissingError
from annotator.storage.schema import FramesRecord

_SAMPLE_BYTES = 1 << 20
_MOST_NEIGHBOURS = 200


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


def describe_frames(
    sequence: FrameSequence, project: Path, *, digest: str | None = None
) -> FramesRecord:
    """Record of the frames for ``project.json``.

    Args:
        sequence: the frames.
        project: the project folder.
        digest: their `fingerprint`, when it is known already.

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
        fingerprint(sequence.path) if digest is None else digest,
    )


def locate_frames(record: FramesRecord, project: Path) -> Path:
    """Find the frames of a project: where they were, relative to the project, or beside it.

    Beside it they may have another name: whatever has the fingerprint is taken.

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
        if _is_same(path, record):
            return path
    if recorded in present:
        return recorded
    for path in _neighbours(record, project):
        if _is_same(path, record):
            return path
    raise FramesMissingError(
        f"the {'folder of frames' if record.kind == 'folder' else 'video'} {recorded} is gone, and "
        f"nothing with the same content lies beside the project {project}; say where it is now",
        kind=record.kind,
    )


def _is_same(path: Path, record: FramesRecord) -> bool:
    try:
        return fingerprint(path) == record.fingerprint
    except OSError:
        return False


def _neighbours(record: FramesRecord, project: Path) -> list[Path]:
    """Files with the suffix of the video, or folders, that lie beside the project."""
    suffix = Path(record.path).suffix.lower()
    found = []
    try:
        for entry in os.scandir(project.parent):
            if record.kind == "folder":
                fits = entry.is_dir() and Path(entry.path) != project
            else:
                fits = entry.is_file() and Path(entry.name).suffix.lower() == suffix
            if fits and not entry.name.startswith("."):
                found.append(Path(entry.path))
    except OSError:
        return []
    return sorted(found)[:_MOST_NEIGHBOURS]

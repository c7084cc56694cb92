"""Small projects for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from annotator.model.commands import AddObject, PaintStroke
from annotator.model.document import Document
from annotator.model.geometry import Box
from annotator.model.history import History
from annotator.model.sequence import FrameSequence
from annotator.storage.session import ProjectSession
from vos_core.media.frames import open_frames


def make_frames(folder: Path, *, count: int = 6, height: int = 12, width: int = 16) -> Path:
    """Folder of grey pictures."""
    folder.mkdir(parents=True)
    for index in range(count):
        Image.new("RGB", (width, height), (20 * index,) * 3).save(folder / f"{index:05d}.png")
    return folder


def sequence_of(folder: Path) -> FrameSequence:
    """Describe a folder of frames."""
    with open_frames(folder) as source:
        return FrameSequence.of(source)


def make_project(
    tmp_path: Path, name: str = "project", **options: object
) -> tuple[ProjectSession, History]:
    """New project with objects 1 and 2, saving after 20 ms of silence."""
    frames = tmp_path / "frames"
    if not frames.exists():
        make_frames(frames)
    session = ProjectSession.create(
        tmp_path / name,
        sequence_of(frames),
        **{"silence_s": 0.02, **options},  # type: ignore[arg-type]
    )
    history = History(session.document)
    history.do(AddObject.prepare(session.document, name="cat"))
    history.do(AddObject.prepare(session.document, name="Hündin"))
    return session, history


def block(document: Document, frame: int, box: Box, value: int) -> PaintStroke:
    """Stroke over a whole box."""
    mask = np.ones((box.height, box.width), bool)
    return PaintStroke.prepare(document, frame, box, mask, value)

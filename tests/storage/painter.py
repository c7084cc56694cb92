"""Paints into a project until it is killed; run as a process of its own by the kill test.

Reads lines ``HOW FOLDER SEED`` and forks a child for each, which opens the project, edits it for
ever and writes the number of each edit that is done. HOW is ``strokes`` (stroke k sets one pixel,
`place`) or ``everything`` (`tests.storage.random_edits`).
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

import numpy as np

from annotator.model.commands import PaintStroke
from annotator.model.document import Document
from annotator.model.geometry import Box
from annotator.model.history import History
from annotator.storage.session import ProjectSession
from tests.storage.random_edits import random_edits

FRAMES, SIZE = 5, 64


def place(stroke: int) -> tuple[int, int, int]:
    """Frame, row and column of a stroke."""
    frame, pixel = stroke % FRAMES, stroke // FRAMES
    return frame, pixel // SIZE, pixel % SIZE


def painted(document: Document) -> set[int]:
    """Strokes that a document holds."""
    found = set()
    for frame in range(FRAMES):
        for pixel in np.flatnonzero(document.label_map(frame)).tolist():
            found.add(pixel * FRAMES + frame)
    return found


def paint_forever(folder: Path, seed: int) -> None:
    """Paint, and tell each stroke that is done."""
    rng = random.Random(seed)
    session = ProjectSession.open(folder, silence_s=0.01)
    history = History(session.document)
    stroke = max(painted(session.document), default=-1)
    while True:
        stroke += 1
        frame, row, column = place(stroke)
        box = Box(row, column, row + 1, column + 1)
        history.do(PaintStroke.prepare(session.document, frame, box, np.ones((1, 1), bool), 1))
        os.write(1, f"{stroke}\n".encode())
        if rng.random() < 0.2:
            time.sleep(rng.random() * 0.04)


def edit_forever(folder: Path, seed: int) -> None:
    """Do edits of every kind, and tell each that is done."""
    rng = random.Random(-seed)
    session = ProjectSession.open(folder, silence_s=0.01)
    for number in random_edits(session.document, seed):
        os.write(1, f"{number}\n".encode())
        if rng.random() < 0.2:
            time.sleep(rng.random() * 0.04)


def main() -> None:
    """Fork a painter for each line of the input; write its process id first."""
    for line in sys.stdin:
        how, _, rest = line.rstrip("\n").partition(" ")
        folder, _, seed = rest.rpartition(" ")
        pid = os.fork()
        if pid == 0:
            os.write(1, f"pid {os.getpid()}\n".encode())
            try:
                work = paint_forever if how == "strokes" else edit_forever
                work(Path(folder), int(seed))
            finally:
                os._exit(1)
        os.waitpid(pid, 0)
        os.write(1, b"gone\n")


if __name__ == "__main__":
    main()

"""What painting, undo, propagation and saving cost the main thread, without a window.

Run ``python benchmarks/document.py [--repeats N] [--json FILE]``. Times in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from annotator.model.commands import AddObject, PaintStroke
from annotator.model.document import Document
from annotator.model.history import History
from annotator.model.label_maps import PackedMap
from annotator.model.painting import brush_segment, flood_fill, polygon_fill
from annotator.model.sequence import FrameSequence
from annotator.storage.session import ProjectSession
from vos_core.media.frames import open_frames

FOUR_K = (2160, 3840)
FULL_HD = (1080, 1920)


def scene(height: int, width: int, object_count: int, seed: int = 0) -> np.ndarray:
    """Label map with round objects spread over it."""
    rng = np.random.default_rng(seed)
    label_map = np.zeros((height, width), np.uint8)
    for object_id in range(1, object_count + 1):
        centre = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
        box, mask = brush_segment(centre, centre, height * 0.1)
        inside = box.clipped(height, width)
        rows = slice(inside.top - box.top, inside.bottom - box.top)
        columns = slice(inside.left - box.left, inside.right - box.left)
        label_map[inside.slices][mask[rows, columns]] = object_id
    return label_map


def annotated(
    size: tuple[int, int], object_count: int, frame_count: int
) -> tuple[Document, History]:
    """Document whose first frame holds a scene."""
    document = Document(frame_count, *size)
    return document, fill(document, object_count)


def fill(document: Document, object_count: int) -> History:
    """Add objects and the scene in frame 0."""
    history = History(document)
    for _ in range(object_count):
        history.do(AddObject.prepare(document))
    run = history.begin_propagation()
    run.add(0, scene(document.height, document.width, object_count))
    run.close()
    return history


class Timer:
    """Gathers times in milliseconds: by the clock, and of this thread on a processor."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.busy: list[float] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Time a block."""
        begin, busy = time.perf_counter(), time.thread_time()
        yield
        self.values.append((time.perf_counter() - begin) * 1000)
        self.busy.append((time.thread_time() - busy) * 1000)

    def summary(self) -> dict[str, float]:
        """Median, 95th percentile and largest by the clock; median and p95 on a processor."""
        return {
            "median": round(statistics.median(self.values), 3),
            "p95": round(float(np.percentile(self.values, 95)), 3),
            "largest": round(max(self.values), 3),
            "busy median": round(statistics.median(self.busy), 3),
            "busy p95": round(float(np.percentile(self.busy, 95)), 3),
            "count": len(self.values),
        }


def strokes(repeats: int, radius: float) -> dict[str, dict[str, float]]:
    """Segments, release and undo of strokes of ten segments at 4K with 20 objects."""
    _, history = annotated(FOUR_K, 20, 2)
    rng = np.random.default_rng(1)
    begin, segment, release, undo, redo = (Timer() for _ in range(5))
    for _ in range(repeats):
        x, y = float(rng.uniform(500, 3300)), float(rng.uniform(400, 1700))
        with begin():
            stroke = history.begin_stroke(0, int(rng.integers(1, 21)))
        for _ in range(10):
            step = rng.uniform(-30, 30, 2)
            with segment():
                stroke.add(*brush_segment((x, y), (x + step[0], y + step[1]), radius))
            x, y = x + float(step[0]), y + float(step[1])
        with release():
            changed = stroke.finish()
        if changed:
            with undo():
                history.undo()
            with redo():
                history.redo()
    timers = {"begin": begin, "segment": segment, "release": release, "undo": undo, "redo": redo}
    return {f"stroke {name}": timer.summary() for name, timer in timers.items()}


def fills(repeats: int) -> dict[str, dict[str, float]]:
    """Flood fill and a polygon of 200 vertices over a 4K frame."""
    document, _ = annotated(FOUR_K, 20, 1)
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    points = [(1920 + 1800 * np.cos(a), 1080 + 1000 * np.sin(a)) for a in angles]
    flood, polygon, command = Timer(), Timer(), Timer()
    for _ in range(repeats):
        with flood():
            flood_fill(document.label_map(0), 5, 5)
        with polygon():
            patch = polygon_fill(points, *FOUR_K)
        with command():
            PaintStroke.prepare(document, 0, *patch, 3)
    return {
        "flood fill 4K": flood.summary(),
        "polygon 4K": polygon.summary(),
        "plan polygon 4K": command.summary(),
    }


def propagation(frame_count: int) -> dict[str, dict[str, float]]:
    """Results of a run at 1080p with five objects, its undo and redo as a whole."""
    _, history = annotated(FULL_HD, 5, frame_count + 1)
    base = scene(*FULL_HD, 5)
    coarse = np.random.default_rng(0).integers(180, 256, (135, 240), dtype=np.uint8)
    enlarged = cv2.resize(coarse, FULL_HD[::-1], interpolation=cv2.INTER_LINEAR)
    reliability = np.asarray(enlarged, np.uint8)
    pack, add, close, undo, redo = (Timer() for _ in range(5))
    run = history.begin_propagation()
    for index in range(1, frame_count + 1):
        label_map = np.roll(base, 3 * index, axis=1)
        with pack():  # the worker's share
            packed, packed_reliability = PackedMap.of(label_map), PackedMap.of(reliability)
        with add():
            run.add(
                index,
                label_map,
                packed_reliability,
                {1: 0.9, 2: 0.8},
                packed_label_map=packed,
            )
    with close():
        run.close()
    for _ in range(5):
        with undo():
            history.undo()
        with redo():
            history.redo()
    return {
        "propagation: worker packs a result 1080p": pack.summary(),
        "propagation: main thread takes it": add.summary(),
        f"propagation close ({frame_count} frames)": close.summary(),
        f"propagation undo ({frame_count} frames)": undo.summary(),
        f"propagation redo ({frame_count} frames)": redo.summary(),
    }


def saving(repeats: int) -> dict[str, dict[str, float]]:
    """What the main thread pays for journal and saver when a 4K stroke ends, thin and huge."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        for index in range(2):
            Image.new("RGB", FOUR_K[::-1]).save(frames / f"{index:05d}.png")
        with open_frames(frames) as source:
            sequence = FrameSequence.of(source)
        session = ProjectSession.create(Path(folder) / "project", sequence)
        history = fill(session.document, 20)
        for name, radius in (("thin", 15.0), ("huge", 900.0)):
            told = _timed_listener(session)
            for number in range(repeats):
                x = 400.0 + number % 30 * 100
                patch = brush_segment((x, 700), (x + 300, 1400), radius)
                history.do(PaintStroke.prepare(session.document, 0, *patch, 1 + number % 20))
                time.sleep(0.02)
            results[f"journal and hand-over, {name} stroke 4K"] = told.summary()
        whole = Timer()
        with whole():
            session.close()
        results["save and close 4K"] = whole.summary()
    return results


def _timed_listener(session: ProjectSession) -> Timer:
    """Time what the session does on each change."""
    timer = Timer()
    saving = session._saving
    assert saving is not None
    saving._connection.disconnect()
    listener: Callable[..., None] = saving._document_changed

    def timed(change: object) -> None:
        with timer():
            listener(change)

    saving._connection = session.document.changed.connect(timed)
    return timer


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    for radius in (3.0, 20.0, 100.0, 500.0):
        for name, summary in strokes(arguments.repeats, radius).items():
            results[f"{name}, radius {radius:g}, 4K, 20 objects"] = summary
    results |= fills(arguments.repeats) | propagation(100) | saving(arguments.repeats)
    for name, summary in results.items():
        values = "  ".join(f"{key} {value:9.3f}" for key, value in summary.items())
        print(f"{name:58} {values}")
    if arguments.json is not None:
        record = {"machine": platform.platform(), "unit": "ms", "results": results}
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

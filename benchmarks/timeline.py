"""What the timeline and commands over many frames cost the main thread.

Run ``python benchmarks/timeline.py [--repeats N] [--json FILE]`` offscreen. In milliseconds:
painting the object x time matrix of 10,000 frames and 20 objects, and planning, doing and undoing
commands over 2,000 frames of 1080p with 20 objects. The plain way, which decodes and
encodes every frame, is measured on a few frames and scaled up.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from annotator.model.cells import CellState
from annotator.model.commands import (
    AddObject,
    ClearRange,
    Command,
    MergeObjects,
    RemoveObject,
    RenumberObjects,
    SetCellState,
    SwapObjects,
)
from annotator.model.document import Document
from annotator.model.history import History
from annotator.model.label_maps import PackedMap
from annotator.views.timeline.matrix import TimelineMatrix, TimelineRow

Summary = dict[str, float]


def summary(values: list[float]) -> Summary:
    """Median, 95th percentile and largest."""
    return {
        "median": round(float(np.median(values)), 3),
        "p95": round(float(np.percentile(values, 95)), 3),
        "largest": round(max(values), 3),
        "count": len(values),
    }


def timed(action: Callable[[], object], repeats: int) -> list[float]:
    """Times of an action by the clock, after one that does not count."""
    action()
    values = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        values.append((time.perf_counter() - began) * 1000)
    return values


def matrix_of(kind: str, frames: int, objects: int, size: tuple[int, int]) -> TimelineMatrix:
    """A matrix with every cell filled.

    Args:
        kind: "propagated" with a few cells made by a person, "verified" throughout, or "mixed", in
            which every cell has a random state: the worst for painting.
        frames: Number of frames.
        objects: Number of objects.
        size: Width and height of the widget.
    """
    rng = np.random.default_rng(0)
    states = np.zeros((frames, 256), np.uint8)
    codes = np.zeros((frames, 256), np.uint8)
    codes[:, 1 : objects + 1] = rng.integers(1, 256, (frames, objects))
    block = states[:, 1 : objects + 1]
    block[:] = CellState.VERIFIED if kind == "verified" else CellState.PROPAGATED
    if kind == "propagated":
        block[::97] = CellState.CORRECTED
        block[::211] = CellState.DRAWN
        block[4000:4500] = CellState.VERIFIED
    elif kind == "mixed":
        block[:] = rng.integers(0, 5, block.shape)
    widget = TimelineMatrix()
    widget.resize(*size)
    widget.set_cells(states, codes)
    widget.set_rows([TimelineRow(i, f"object {i}", (0, 128, 255)) for i in range(1, objects + 1)])
    made = np.flatnonzero(np.isin(block, (1, 2, 4)).any(axis=1))
    widget.set_references(made.tolist())
    widget.set_bookmarks(range(0, frames, 500))
    widget.show()
    return widget


def painting(repeats: int) -> dict[str, Summary]:
    """Repaints of the shown widget: after all cells changed, at the head of a run, of a step.

    "all anew" is the plain way, in which whatever changed has the whole matrix reduced, coloured
    and painted; so is every zoom. "a result of a run" changes the cells of one frame and tells so.
    """
    results: dict[str, Summary] = {}
    frames = itertools.cycle(range(4_000, 4_080))
    steps: dict[str, Callable[[TimelineMatrix], object]] = {
        "all anew": lambda widget: widget.refresh(),
        "a result of a run": lambda widget: widget.update_cells([next(frames)]),
        "a step": lambda widget: widget.set_current_frame(next(frames)),
    }

    def shown(step: Callable[[TimelineMatrix], object], widget: TimelineMatrix) -> None:
        step(widget)
        QApplication.processEvents()

    for width in (1600, 3840):
        for kind in ("propagated", "verified", "mixed"):
            widget = matrix_of(kind, 10_000, 20, (width, 440))
            for span in (10_000, 3_000, 1_000, 300, 100):
                name = f"timeline {width} px, {kind}, {span} of 10,000 frames x 20 objects"
                for what, step in steps.items():
                    widget.show_range(3_950.0, float(span))
                    action = functools.partial(shown, step, widget)
                    results[f"{name}: {what}"] = summary(timed(action, repeats))
            widget.close()
            widget.deleteLater()
    return results


def document_of(frames: int, height: int, width: int, objects: int) -> Document:
    """A document in which every frame holds every object, as after a long run."""
    document = Document(frames, height, width)
    history = History(document)
    for _ in range(objects):
        history.do(AddObject.prepare(document))
    rows, columns = np.mgrid[:height, :width]
    waves = (np.sin(columns / 37.0) * 40 + rows) // (height // (objects + 1))
    base = np.where((columns // 60) % 3 > 0, np.clip(waves, 0, objects), 0).astype(np.uint8)
    packs = [PackedMap.of(np.roll(base, 11 * shift, axis=1)) for shift in range(10)]
    ids = np.arange(1, objects + 1)
    with document.editing() as editor:
        editor.replace_label_maps({frame: packs[frame % 10] for frame in range(frames)})
        states = np.full((frames, objects), CellState.PROPAGATED, np.uint8)
        editor.set_cell_block(np.arange(frames), ids, states, states * 60)
    return document


def commands(repeats: int, frames: int = 2_000) -> dict[str, Summary]:
    """Plan, do, undo and redo over 2,000 frames of 1080p with 20 objects."""
    document = document_of(frames, 1080, 1920, 20)
    history = History(document)
    wishes: dict[str, Callable[[], Command]] = {
        "clear one of": lambda: ClearRange.prepare(document, range(frames), [3]),
        "clear all of": lambda: ClearRange.prepare(document, range(frames), document.objects.ids),
        "swap two of": lambda: SwapObjects.prepare(document, range(frames), 1, 2),
        "merge two of": lambda: MergeObjects.prepare(document, 4, 5),
        "delete one of": lambda: RemoveObject.prepare(document, 6),
        "verify all of": lambda: SetCellState.prepare(
            document, range(frames), document.objects.ids, CellState.VERIFIED
        ),
    }
    results: dict[str, Summary] = {}
    for name, prepare in wishes.items():
        results |= command_times(
            f"{name} 20 objects, {frames} frames 1080p", history, prepare, repeats
        )
    history.do(RemoveObject.prepare(document, 1))
    name = f"renumber 19 objects, {frames} frames 1080p"
    results |= command_times(name, history, lambda: RenumberObjects.prepare(document), repeats)
    results["plain way, clear one of 20 objects (scaled from 20 frames)"] = plain_clear(
        document, frames
    )
    return results


def command_times(
    name: str, history: History, prepare: Callable[[], Command], repeats: int
) -> dict[str, Summary]:
    """Times of planning and doing a command, and of its undo."""
    there, back = [], []
    for number in range(repeats + 1):
        began = time.perf_counter()
        done = history.do(prepare())
        middle = time.perf_counter()
        if not done:
            raise RuntimeError(f"{name}: nothing was done")
        history.undo()
        end = time.perf_counter()
        if number:
            there.append((middle - began) * 1000)
            back.append((end - middle) * 1000)
    return {f"{name}: plan and do": summary(there), f"{name}: undo": summary(back)}


def plain_clear(document: Document, frames: int, sample: int = 20) -> Summary:
    """Decode, change and encode each frame, as a tool does that knows no tables of values."""
    packs = document.label_maps.stored_packs(range(sample))
    values = []
    for _ in range(3):
        began = time.perf_counter()
        for packed in packs.values():
            label_map = packed.unpack()
            label_map[label_map == 3] = 0
            PackedMap.of(label_map)
        values.append((time.perf_counter() - began) * 1000 * frames / sample)
    return summary(values)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=("painting", "commands"))
    arguments = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    results: dict[str, Summary] = {}
    if arguments.only != "commands":
        results |= painting(arguments.repeats)
    if arguments.only != "painting":
        results |= commands(arguments.repeats)
    application.processEvents()
    for name, values in results.items():
        print(f"{name:78}", "  ".join(f"{key} {value:9.3f}" for key, value in values.items()))
    if arguments.json is not None:
        record = {"machine": platform.platform(), "unit": "ms", "results": results}
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

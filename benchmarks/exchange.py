"""How fast masks leave a project: frames a second of an export, reading back included.

    python benchmarks/exchange.py --frames 1000 --json exchange.json
    python benchmarks/exchange.py --frames 200 --repeats 1 --formats coco,cvat,labelme,binary
    python benchmarks/exchange.py --frames 400 --repeats 1 --formats overlay,sheet --video film.mp4

Three kinds of export of the same 1080p masks are timed: from a saved project, whose PNG files are
taken over where they hold the masks; from memory, where every file is encoded; and again over a
finished export, where every file is only read and compared. Formats that show the frames need a
film of that size (``benchmarks/window.py --make FILE`` makes one).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from annotator.exchange.exporting import run_export
from annotator.exchange.options import ExportOptions
from annotator.exchange.registry import format_of
from annotator.exchange.source import ExportSource
from annotator.model.label_maps import PackedMap
from annotator.model.objects import ObjectRecord
from vos_core.media import write_label_map

HEIGHT, WIDTH = 1080, 1920


def make_maps(count: int) -> list[np.ndarray]:
    """Three objects that wander through the picture, with ragged borders as networks leave them."""
    rng = np.random.default_rng(0)
    noise = cv2.resize(
        rng.standard_normal((27, 48)), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
    )
    maps = []
    for index in range(count):
        label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
        for object_id in (1, 2, 3):
            x = 400 * object_id + 150 * np.sin(index / 20 + object_id)
            y = 540 + 200 * np.cos(index / 25 + 2 * object_id)
            box = (slice(max(0, int(y) - 250), int(y) + 250), slice(int(x) - 330, int(x) + 330))
            ys, xs = np.mgrid[box]
            inside = ((ys - y) / 180) ** 2 + ((xs - x) / 240) ** 2 + 0.15 * noise[box] < 1
            label_map[box][inside] = object_id
        maps.append(label_map)
    return maps


def main() -> None:
    """Time exports and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--formats", default="davis")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--video", type=Path, help="Frames for overlay and sheet.")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    distinct = make_maps(min(50, arguments.frames))
    packed = [PackedMap.of(label_map) for label_map in distinct]
    maps = tuple(packed[index % len(packed)] for index in range(arguments.frames))
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        stored = Path(scratch) / "masks"
        for index in range(arguments.frames):
            first = stored / f"{index % len(packed):05d}.png"
            if index < len(packed):
                write_label_map(first, distinct[index])
            else:
                shutil.copyfile(first, stored / f"{index:05d}.png")
        for key in arguments.formats.split(","):
            ways: dict[str, Path | None] = {"from memory": None}
            if key.startswith(("davis", "youtube-vos")):
                ways["from a saved project"] = stored
            for name, folder in ways.items():
                source = replace(_source(maps, folder), frames_path=arguments.video)
                target = Path(scratch) / key / name
                runs = []
                for _ in range(arguments.repeats):
                    shutil.rmtree(target, ignore_errors=True)
                    runs.append(_timed(key, source, target))
                results[f"{key}, {name}"] = _summary(runs, arguments.frames)
            if format_of(key).resumes and format_of(key).target == "folder":
                runs = [_timed(key, source, target) for _ in range(arguments.repeats)]
                results[f"{key}, again"] = _summary(runs, arguments.frames)
    record = {
        "frames": arguments.frames,
        "size": [HEIGHT, WIDTH],
        "objects": 3,
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "machine": platform.machine(),
        "frames_per_second": results,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1))
    for name, values in results.items():
        print(f"{name:36} {values['median']:7.1f} frames/s ({values['lowest']:.1f} at least)")


def _source(maps: tuple[PackedMap, ...], stored: Path | None) -> ExportSource:
    states = np.zeros((len(maps), 256), np.uint8)
    states[:, 1:4] = 3
    records = tuple(ObjectRecord(number, f"object {number}") for number in (1, 2, 3))
    return ExportSource(
        "clip", len(maps), HEIGHT, WIDTH, 25.0, records, maps, states, states, stored_masks=stored
    )


def _timed(key: str, source: ExportSource, target: Path) -> float:
    chosen = format_of(key)
    begin = time.perf_counter()
    run_export(chosen, source, target.with_suffix(chosen.suffix), ExportOptions())
    return time.perf_counter() - begin


def _summary(seconds: list[float], frames: int) -> dict[str, float]:
    speeds = [frames / each for each in seconds]
    return {"median": statistics.median(speeds), "lowest": min(speeds), "highest": max(speeds)}


if __name__ == "__main__":
    main()

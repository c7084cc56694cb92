"""Cost per frame and memory over a long video.

Loops the sample clip forth and back at a small size to a video of many frames and carries its masks
through, as the window does (`TwoSidedPropagation`), in the mode that takes own results as
references. Prints the median processor time of a visit around some frames, which other processes
disturb little, the resident memory there (median and largest of two hundred frames, in which freed
memory goes back to the system once), and its growth from frame 500 on.

    python benchmarks/long_video.py [--frames 3600] [--rows 176] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np

from vos_core.inference import Propagator, PropagatorOptions, TwoSidedPropagation, Wish
from vos_core.media import open_frames
from vos_core.media.sample import sample_clip, sample_masks

MARKS = (100, 500, 1000, 1500, 2000, 2500, 3000, 3500)
WINDOW = 100


def resident_megabytes() -> float:
    """Memory of this process that lies in RAM (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    """Read the arguments, run, print the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=3600)
    parser.add_argument("--rows", type=int, default=176, help="rows of the small video")
    parser.add_argument("--mode", default="mf", choices=("base", "mf"))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    propagator = Propagator.load()
    with open_frames(sample_clip()) as source:
        scale = arguments.rows / source.read(0).shape[0]
        clip = [
            cv2.resize(source.read(i), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            for i in range(source.frame_count)
        ]
    loop = clip + clip[-2:0:-1]
    first = sample_masks()[0]
    size = clip[0].shape[1], clip[0].shape[0]
    mask = cv2.resize(first, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    run = TwoSidedPropagation.start(
        propagator,
        lambda index: loop[index % len(loop)],
        {0: mask},
        Wish.of("forward", 0, 0, arguments.frames - 1),
        options=PropagatorOptions(mode=arguments.mode),
    )
    seconds, memory = [], []
    while True:
        began = time.process_time()
        if run.step() is None:
            break
        seconds.append(time.process_time() - began)
        memory.append(resident_megabytes())
    curve = []
    for mark in (m for m in MARKS if m < len(seconds)):
        around = slice(mark - WINDOW, mark + WINDOW)
        curve.append(
            {
                "frame": mark,
                "median_processor_ms": round(1000 * float(np.median(seconds[around])), 2),
                "resident_mb": round(float(np.median(memory[around])), 1),
                "largest_mb": round(max(memory[around]), 1),
            }
        )
    late = memory[500:]
    growth = np.polyfit(np.arange(len(late)), late, 1)[0] if len(late) > WINDOW else float("nan")
    record = {
        "frames": arguments.frames,
        "rows": arguments.rows,
        "mode": arguments.mode,
        "objects": int(mask.max()),
        "device": propagator.device_name,
        "dtype": propagator.dtype_name,
        "curve": curve,
        "growth_after_500_mb_per_frame": round(float(growth), 4),
        "kept_for_fusion_mb": round(run.packed_bytes / 1e6, 1),
    }
    print(json.dumps(record, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

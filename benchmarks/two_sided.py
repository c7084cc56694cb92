"""What predicting from both sides brings between two references.

Gives the annotations of the first and the last frame of each sequence, carries the masks forward
alone, backward alone and from both sides fused, and prints the mean region similarity J of the
frames between, and the jump: 1 - J between the last fused frame and the annotation it meets, less
the same of the annotations themselves. Objects are joined into one.

    python benchmarks/two_sided.py --davis DIR [--sequences a,b] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vos_core.evaluation.measures import region_similarity
from vos_core.inference import Propagator, PropagatorOptions, TwoSidedPropagation, Wish
from vos_core.media import open_frames, read_label_map

Results = dict[int, np.ndarray]


def one_side(
    propagator: Propagator,
    read_frame: Callable[[int], np.ndarray],
    truth: list[np.ndarray],
    direction: str,
    options: PropagatorOptions,
    *,
    is_fused: bool,
) -> Results:
    """Label maps of the frames between the first and the last."""
    last = len(truth) - 1
    wish = Wish.of(direction, 0 if direction == "forward" else last, 0, last, both_sides=is_fused)
    run = TwoSidedPropagation.start(
        propagator, read_frame, {0: truth[0], last: truth[last]}, wish, options=options
    )
    results: Results = {}
    while (result := run.step()) is not None:
        results[result.index] = result.label_map
    run.close()
    return results


def jump(results: Results, truth: list[np.ndarray]) -> float:
    """How much more the masks change into the last reference than the annotations do."""
    last = len(truth) - 1
    change = region_similarity(results[last - 1] > 0, truth[last] > 0)
    return region_similarity(truth[last - 1] > 0, truth[last] > 0) - change


def main() -> None:
    """Read the arguments, run, print a line a sequence and the mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--davis", type=Path, required=True, help="tree of the DAVIS kind")
    parser.add_argument("--sequences", help="names, separated by commas; all when not given")
    parser.add_argument("--mode", default="base", choices=("base", "mf"))
    parser.add_argument("--model", default="aoc-lite")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    frames = arguments.davis / "JPEGImages" / "480p"
    names = (arguments.sequences or ",".join(sorted(p.name for p in frames.iterdir()))).split(",")
    propagator = Propagator.load(arguments.model)
    options = PropagatorOptions(mode=arguments.mode)
    rows = []
    for name in names:
        source = open_frames(frames / name)
        maps = sorted((arguments.davis / "Annotations" / "480p" / name).glob("*.png"))
        truth = [(read_label_map(path) > 0).astype(np.uint8) for path in maps]
        row: dict[str, object] = {"sequence": name, "frames_between": len(truth) - 2}
        for kind, direction, is_fused in (
            ("forward", "forward", False),
            ("backward", "backward", False),
            ("fused", "forward", True),
        ):
            results = one_side(
                propagator, source.read, truth, direction, options, is_fused=is_fused
            )
            scores = [region_similarity(m > 0, truth[i] > 0) for i, m in results.items()]
            row[f"j_{kind}"] = round(float(np.mean(scores)), 4)
            row[f"jump_{kind}"] = round(jump(results, truth), 4)
        rows.append(row)
        print(json.dumps(row), flush=True)
    keys = [key for key in rows[0] if key.startswith(("j_", "jump_"))]
    mean = {key: round(float(np.mean([row[key] for row in rows])), 4) for key in keys}
    print(json.dumps({"mean": mean}))
    if arguments.json:
        record = {
            "model": propagator.model_name,
            "mode": arguments.mode,
            "device": propagator.device_name,
            "dtype": propagator.dtype_name,
            "machine": platform.machine(),
            "sequences": rows,
            "mean": mean,
        }
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Time of each stage of `aoc-lite` on one target frame, as JSON.

    python benchmarks/aoc_lite_stages.py --size 480x854 --objects 1,3,10 --threads 1

Stages are timed one by one on a synthetic frame with round objects that move a little, after a
warm-up.
For each stage: median and quartiles of the wall time and the median of the processor time, in
milliseconds. Processor time is what compares on a machine that does other work too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vos_core.inference import Propagator
from vos_core.inference.device import choose_device, choose_dtype, keep_freed_memory
from vos_core.inference.frame_input import frame_tensor, label_tensor
from vos_core.inference.native_labels import label_map_at
from vos_core.inference.results import frame_result
from vos_core.inference.segmented import Segmented
from vos_core.matching.global_matching import global_matching
from vos_core.matching.local_matching import local_matching
from vos_core.networks.aoc_lite import State, stride4_probabilities
from vos_core.networks.aoc_lite.matching_stack import HALF_WINDOWS8, HALF_WINDOWS16
from vos_core.networks.presets import build_network
from vos_core.ops.resize import network_size
from vos_core.proxies.object_proxies import cluster_distances, mean_distances
from vos_core.weights.files import load_network_weights


def scene(height: int, width: int, objects: int, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """A frame with discs in a grid over a textured background, and its label map."""
    rng = np.random.default_rng(0)
    frame = rng.integers(60, 160, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    frame = frame.repeat(8, 0).repeat(8, 1)[:height, :width].copy()
    label_map = np.zeros((height, width), np.uint8)
    columns = int(np.ceil(np.sqrt(objects * width / height)))
    rows = int(np.ceil(objects / columns))
    radius = 0.35 * min(height / rows, width / columns)
    y, x = np.mgrid[:height, :width]
    for index in range(objects):
        row, column = divmod(index, columns)
        centre = ((row + 0.5) * height / rows + shift, (column + 0.5) * width / columns + shift)
        disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2
        frame[disc] = rng.integers(0, 256, 3)
        label_map[disc] = index + 1
    return frame, label_map


def timed(function: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Median and quartiles of the wall time, median of the processor time, in ms."""
    function()
    walls, cores = [], []
    for _ in range(repeats):
        wall, core = time.perf_counter(), time.process_time()
        function()
        walls.append(1e3 * (time.perf_counter() - wall))
        cores.append(1e3 * (time.process_time() - core))
    low, middle, high = statistics.quantiles(walls, n=4)
    return {
        "wall_ms": round(middle, 2),
        "wall_ms_quartiles": [round(low, 2), round(high, 2)],
        "processor_ms": round(statistics.median(cores), 2),
    }


def measure(
    propagator: Propagator, height: int, width: int, objects: int, repeats: int
) -> dict[str, dict[str, float]]:
    """Time every stage of one frame with one reference."""
    network, device = propagator.network, propagator.device
    size = network_size(height, width)
    ids = tuple(range(1, objects + 1))
    (first, mask), (second, _) = (scene(height, width, objects, shift) for shift in (0, 6))
    label_map = label_tensor(mask, size, flip=False, device=device)

    def encode() -> Any:
        return network.encode(frame_tensor(second, size, flip=False, device=device))

    known = network.encode(frame_tensor(first, size, flip=False, device=device))
    target = encode()
    reference = network.reference(known, label_map, ids)
    state: State = network.begin([reference], known, label_map)
    maps = network.matching(target, state.references, state.previous, state.probabilities)
    groups = torch.zeros(objects, dtype=torch.int64, device=device)
    guidance = network.guidance(state)
    result = network.step(target, state)
    # the logits of an untrained network are noise; a trained one's are far from 0 in most places
    logits = torch.logit(state.probabilities[1:].clamp(1e-4, 1 - 1e-4))
    segmented = Segmented(logits, stride4_probabilities(logits), result.cluster_index)
    labels4 = state.probabilities.argmax(0)
    count = objects + 1

    def flat(key: torch.Tensor) -> torch.Tensor:
        return key[0].float().flatten(1).T

    def local(stride: int) -> Any:
        query, keys = (target.key8, known.key8) if stride == 8 else (target.key16, known.key16)
        halves = HALF_WINDOWS8 if stride == 8 else HALF_WINDOWS16
        labels = labels4[:: stride // 4, :: stride // 4].contiguous()
        return local_matching(query[0].float(), keys[0].float(), labels, count, halves)

    joined = state.references
    stages: dict[str, Callable[[], Any]] = {
        "encode": encode,
        "reference": lambda: network.reference(known, label_map, ids),
        "global_8": lambda: global_matching(flat(target.key8), joined.segments8),
        "global_16": lambda: global_matching(flat(target.key16), joined.segments16),
        "local_8": lambda: local(8),
        "local_16": lambda: local(16),
        "proxies": lambda: (
            cluster_distances(flat(target.key8), joined.centroids, joined.valid),
            mean_distances(flat(target.key8), joined.means, joined.has_pixels),
        ),
        "matching": lambda: network.matching(target, joined, state.previous, state.probabilities),
        "guidance": lambda: network.guidance(state),
        "decoder": lambda: network.decoder(target, maps.stride8, maps.stride16, guidance, groups),
        "aggregate": lambda: stride4_probabilities(logits),
        "label_map": lambda: label_map_at(logits, (height, width)),
        "finish": lambda: frame_result(0, segmented, ids, (height, width)),
        "frame": lambda: frame_result(
            0,
            segmented._replace(
                probabilities=stride4_probabilities(network.step(encode(), state)[0])
            ),
            ids,
            (height, width),
        ),
    }
    return {name: timed(function, repeats) for name, function in stages.items()}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
    return {
        "processor": model or platform.processor(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "commit": commit.stdout.strip(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", default="480x854", help="height x width of the frame")
    parser.add_argument("--objects", default="1,3,10")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch takes")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--weights", type=Path, help="safetensors; without it random weights")
    parser.add_argument("--json", type=Path, help="write there instead of to the output")
    options = parser.parse_args()
    keep_freed_memory()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = build_network("aoc-lite")
    if options.weights:
        load_network_weights(network, options.weights, "aoc-lite")
    device = choose_device(options.device)
    dtype = choose_dtype(device, options.dtype)
    propagator = Propagator(network, device=device, dtype=dtype, model_name="aoc-lite")
    height, width = (int(side) for side in options.size.split("x"))
    record: dict[str, Any] = {
        "machine": machine() | {"device": str(device), "dtype": propagator.dtype_name},
        "size": [height, width],
        "threads": torch.get_num_threads(),
        "repeats": options.repeats,
        "stages": {},
    }
    with torch.inference_mode():
        for objects in (int(item) for item in options.objects.split(",")):
            stages = measure(propagator, height, width, objects, options.repeats)
            record["stages"][str(objects)] = stages
    text = json.dumps(record, indent=1)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()

"""Timing of one setting: rendered frames, a propagation over them, medians and memory."""

from __future__ import annotations

import contextlib
import re
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vos_core.cli.benchmark_networks import watching

if TYPE_CHECKING:
    import numpy as np

    from vos_core.inference import Propagator

WARM_UP_FRAMES = 3


@dataclass(frozen=True)
class Timing:
    """How long the frames of one setting took.

    Attributes:
        object_count: Objects in the picture.
        frame_count: Frames that were timed, after the warm-up.
        median_ms: Median time of a frame.
        lower_quartile_ms: A quarter of the frames took less.
        upper_quartile_ms: A quarter of the frames took more.
        stage_median_ms: Median time of each stage that the propagator tells.
        part_median_ms: Median time of parts of the stage "segment".
        peak_memory_bytes: Most memory the process held during this setting (where the system
            cannot tell: up to its end); on CUDA the most that torch had allocated on the device.
    """

    object_count: int
    frame_count: int
    median_ms: float
    lower_quartile_ms: float
    upper_quartile_ms: float
    stage_median_ms: dict[str, float]
    part_median_ms: dict[str, float]
    peak_memory_bytes: int


def time_setting(
    propagator: Propagator,
    height: int,
    width: int,
    objects: int,
    frames: int,
    mode: str | None,
    *,
    warm_up: int = WARM_UP_FRAMES,
) -> Timing:
    """Time one number of objects.

    Args:
        propagator: The loaded network.
        height: Rows of a frame.
        width: Columns of a frame.
        objects: Objects in the picture.
        frames: Frames to time after the warm-up.
        mode: Reference set; the library's own choice when None.
        warm_up: Frames before them that do not count.
    """
    _reset_peak(propagator.device_name)
    targets = range(1, warm_up + frames + 1)
    propagation = propagator.start(
        lambda index: moving_scene(index, height, width, objects)[0],
        {0: moving_scene(0, height, width, objects)[1]},
        targets,
        mode=mode,
    )
    results, parts = [], []
    try:
        with watching(propagator) as watch:
            while (result := propagation.step()) is not None:
                results.append(result)
                parts.append(watch.take())
    finally:
        propagation.close()
    counted, parts = results[warm_up:], parts[warm_up:]
    seconds = [result.seconds - result.stage_seconds.get("read", 0.0) for result in counted]
    quartiles = statistics.quantiles(seconds, n=4, method="inclusive")
    stages = [name for name in counted[0].stage_seconds if name != "read"]
    return Timing(
        object_count=objects,
        frame_count=len(counted),
        median_ms=1e3 * quartiles[1],
        lower_quartile_ms=1e3 * quartiles[0],
        upper_quartile_ms=1e3 * quartiles[2],
        stage_median_ms={
            name: 1e3 * statistics.median(result.stage_seconds[name] for result in counted)
            for name in stages
        },
        part_median_ms={
            name: 1e3 * statistics.median(part[name] for part in parts) for name in parts[0]
        },
        peak_memory_bytes=peak_memory_bytes(propagator.device_name),
    )


def moving_scene(
    index: int, height: int, width: int, objects: int
) -> tuple[np.ndarray, np.ndarray]:
    """Render a frame in which textured discs drift over a textured ground, and its label map.

    Args:
        index: Frame number.
        height: Rows.
        width: Columns.
        objects: Number of discs, on a grid so that each stays in sight.

    Returns:
        uint8 [H, W, 3] RGB and uint8 [H, W], ids from 1.
    """
    import cv2
    import numpy as np

    rng = np.random.default_rng(5)
    coarse = rng.integers(40, 216, (objects + 1, 24, 32, 3), np.uint8)
    surfaces = [cv2.resize(c, (width, height), interpolation=cv2.INTER_CUBIC) for c in coarse]
    columns = max(1, round((objects * width / height) ** 0.5))
    rows = -(-objects // columns)
    cell = np.array([width / columns, height / rows])
    label_map = np.zeros((height, width), np.uint8)
    for place in range(objects):
        drift = 0.1 * np.array([np.sin(0.2 * index + place), np.cos(0.15 * index + place)])
        middle = (np.array([place % columns, place // columns]) + 0.5 + drift) * cell
        x, y = (round(float(value)) for value in middle)
        cv2.circle(label_map, (x, y), max(2, round(0.3 * float(cell.min()))), place + 1, -1)
    frame = np.zeros((height, width, 3), np.uint8)
    for object_id, surface in enumerate(surfaces):
        np.copyto(frame, np.asarray(surface, np.uint8), where=(label_map == object_id)[:, :, None])
    return frame, label_map


def peak_memory_bytes(device_name: str) -> int:
    """Return the most memory held since the last reset: by the process, or on a CUDA device."""
    if device_name.startswith("cuda"):
        import torch

        return int(torch.cuda.max_memory_allocated(device_name))
    if sys.platform == "win32":
        return 0
    status = Path("/proc/self/status")
    if status.is_file():
        match = re.search(r"VmHWM:\s*(\d+) kB", status.read_text("ascii", errors="replace"))
        if match:
            return 1024 * int(match[1])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _reset_peak(device_name: str) -> None:
    """Let the peak memory count from now on, where device or system can do that."""
    if device_name.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(device_name)
        return
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")

"""``vos benchmark``: how long a frame takes, and where the time and the memory go."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vos_core.cli.options import device_option, mode_option, model_option

if TYPE_CHECKING:
    import numpy as np

    from vos_core.inference import Propagator

WARM_UP_FRAMES = 3
_LARGEST_SIDE = 8192
_MOST_OBJECTS = 100


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
        peak_memory_bytes: Most memory the process held up to the end of this setting; on CUDA the
            most that torch had allocated on the device during it.
    """

    object_count: int
    frame_count: int
    median_ms: float
    lower_quartile_ms: float
    upper_quartile_ms: float
    stage_median_ms: dict[str, float]
    peak_memory_bytes: int


@click.command()
@model_option
@click.option("--size", default="480x854", show_default=True, metavar="HxW", help="Frame size.")
@click.option("--objects", default="1,3,10", show_default=True, help="Numbers of objects to time.")
@click.option("--frames", type=click.IntRange(min=2), default=20, show_default=True)
@device_option
@mode_option
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write to this file.")
def benchmark(
    model: str,
    size: str,
    objects: str,
    frames: int,
    device: str,
    mode: str | None,
    json_file: Path | None,
) -> None:
    """Time the segmentation of rendered frames in which objects move.

    The first frames warm up and are not counted. Numbers of objects are timed in ascending order in
    one process, so the peak memory is that of the largest number so far.
    """
    from vos_core.cli.propagate import load_propagator
    from vos_core.media.atomic import check_writable, write_text_atomic

    height, width = parse_size(size)
    counts = parse_counts(objects)
    if json_file is not None:
        check_writable(json_file.parent)
    propagator = load_propagator(model, device)
    timings = []
    click.echo(
        f"{propagator.model_name} on {propagator.device_name} ({propagator.dtype_name}), "
        f"{height}x{width}, {frames} frames after {WARM_UP_FRAMES} for warming up"
    )
    for count in counts:
        timing = time_setting(propagator, height, width, count, frames, mode)
        timings.append(timing)
        click.echo(_line(timing))
    if json_file is not None:
        record = machine_record(propagator) | {
            "height": height,
            "width": width,
            "mode": mode,
            "warm_up_frames": WARM_UP_FRAMES,
            "timings": [asdict(timing) for timing in timings],
        }
        write_text_atomic(json_file, json.dumps(record, indent=2) + "\n")


def time_setting(
    propagator: Propagator, height: int, width: int, objects: int, frames: int, mode: str | None
) -> Timing:
    """Time one number of objects.

    Args:
        propagator: The loaded network.
        height: Rows of a frame.
        width: Columns of a frame.
        objects: Objects in the picture.
        frames: Frames to time after the warm-up.
        mode: Reference set; the library's own choice when None.
    """
    _reset_device_peak(propagator.device_name)
    targets = range(1, WARM_UP_FRAMES + frames + 1)
    propagation = propagator.start(
        lambda index: moving_scene(index, height, width, objects)[0],
        {0: moving_scene(0, height, width, objects)[1]},
        targets,
        mode=mode,
    )
    results = []
    try:
        while (result := propagation.step()) is not None:
            results.append(result)
    finally:
        propagation.close()
    counted = results[WARM_UP_FRAMES:]
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
    """Return the most memory held so far: of the process, or of torch on a CUDA device."""
    if device_name.startswith("cuda"):
        import torch

        return int(torch.cuda.max_memory_allocated(device_name))
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def parse_size(text: str) -> tuple[int, int]:
    """Read ``480x854`` as (height, width)."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(16 <= side <= _LARGEST_SIDE for side in size):
        raise click.BadParameter(
            f"'{text}' is no size: write HEIGHTxWIDTH such as 480x854, 16 to {_LARGEST_SIDE} each"
        )
    return size


def parse_counts(text: str) -> list[int]:
    """Read ``1,3,10`` as numbers of objects, ascending."""
    words = text.split(",")
    if not all(word.strip().isdecimal() and 1 <= int(word) <= _MOST_OBJECTS for word in words):
        raise click.BadParameter(
            f"'{text}' is no list of numbers from 1 to {_MOST_OBJECTS} such as 1,3,10"
        )
    return sorted({int(word) for word in words})


def machine_record(propagator: Propagator) -> dict[str, Any]:
    """Return what a number is worth nothing without: machine, versions, commit."""
    import torch

    return {
        "model": propagator.model_name,
        "device": propagator.device_name,
        "dtype": propagator.dtype_name,
        "processor": processor_name(),
        "processor_count": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "commit": _commit(),
    }


def processor_name() -> str:
    """Return the processor's own name where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        match = re.search(r"model name\s*:\s*(.+)", info.read_text("utf-8", errors="replace"))
        if match:
            return match[1].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    command = ["git", "rev-parse", "--short", "HEAD"]
    folder = Path(__file__).resolve().parent
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None  # an installation without the repository
    return done.stdout.strip()


def _reset_device_peak(device_name: str) -> None:
    if device_name.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(device_name)


def _line(timing: Timing) -> str:
    stages = ", ".join(f"{name} {value:.0f}" for name, value in timing.stage_median_ms.items())
    return (
        f"{timing.object_count:>3} objects: {timing.median_ms:7.1f} ms a frame "
        f"({timing.lower_quartile_ms:.1f} to {timing.upper_quartile_ms:.1f})"
        + (f"; {stages}" if stages else "")
        + f"; peak {timing.peak_memory_bytes / 2**20:.0f} MiB"
    )

"""``vos benchmark``: how long a frame takes, and where the time and the memory go."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vos_core.cli.benchmark_networks import first_logits, load_column
from vos_core.cli.benchmark_timing import WARM_UP_FRAMES, Timing, moving_scene, time_setting
from vos_core.cli.options import device_option, mode_option, model_option

if TYPE_CHECKING:
    from vos_core.inference import Propagator

PLAIN_WARM_UP_FRAMES = 1
_LARGEST_SIDE = 8192
_MOST_OBJECTS = 100


@click.command()
@model_option
@click.option("--size", default="480x854", show_default=True, metavar="HxW", help="Frame size.")
@click.option("--objects", default="1,3,10", show_default=True, help="Numbers of objects to time.")
@click.option("--frames", type=click.IntRange(min=2), default=20, show_default=True)
@click.option(
    "--dtype",
    type=click.Choice(["auto", "float32", "bfloat16", "float16"]),
    default="auto",
    show_default=True,
    help="Number type; auto is what the network runs in by itself.",
)
@click.option("--threads", type=click.IntRange(min=0), default=0, help="0: as many as torch takes.")
@click.option(
    "--plain",
    "plain_frames",
    type=click.IntRange(min=2),
    metavar="FRAMES",
    help="Time this many frames of the plain version too, in a process of its own beside each "
    "setting: matching by masked pairs and written-out windows, norms and gates as layers.",
)
@click.option(
    "--windows/--whole",
    "has_windows",
    default=None,
    help="Decode several objects each in a window of the frame, or all in the whole frame "
    "(aoc-lite). Without either: in windows from six objects on.",
)
@device_option
@mode_option
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write to this file.")
@click.option("--column", type=click.Choice(["fast", "plain"]), default="fast", hidden=True)
@click.option("--logits", "logits_file", type=click.Path(path_type=Path), hidden=True)
def benchmark(
    model: str,
    size: str,
    objects: str,
    frames: int,
    dtype: str,
    threads: int,
    plain_frames: int | None,
    has_windows: bool | None,
    device: str,
    mode: str | None,
    json_file: Path | None,
    column: str,
    logits_file: Path | None,
) -> None:
    """Time the segmentation of rendered frames in which objects move.

    The first frames warm up and are not counted. Numbers of objects are timed in ascending order in
    one process. A published network whose weights were not imported runs with random ones.
    """
    from vos_core.media.atomic import check_writable, write_text_atomic

    height, width = parse_size(size)
    counts = parse_counts(objects)
    if json_file is not None:
        check_writable(json_file.parent)
    if threads:
        import torch

        torch.set_num_threads(threads)
    is_plain = column == "plain"
    warm_up = PLAIN_WARM_UP_FRAMES if is_plain else WARM_UP_FRAMES
    propagator, weights = load_column(
        model, device, dtype, is_plain=is_plain, has_windows=has_windows
    )
    click.echo(
        f"{propagator.model_name} on {propagator.device_name} ({propagator.dtype_name}), "
        f"{weights}; {height}x{width}, {frames} frames after {warm_up} for warming up"
    )
    timings, plain = [], []
    for count in counts:
        setting = (height, width, count, frames, mode)
        timing = time_setting(propagator, *setting, warm_up=warm_up)
        timings.append(timing)
        click.echo(_line(timing, "fast" if plain_frames else ""))
        if logits_file is not None:
            _save_logits(logits_file, propagator, height, width, count)
        if plain_frames:
            words = ["--model", model, "--size", size, "--objects", str(count), "--device", device]
            words += ["--dtype", dtype, "--threads", str(threads), "--frames", str(plain_frames)]
            words += ["--mode", mode] if mode else []
            other = _time_plain(words, propagator, height, width, count)
            plain.append(other)
            click.echo(_compared(timing, other))
    if json_file is not None:
        record = machine_record(propagator) | {
            "weights": weights,
            "windows": has_windows,
            "height": height,
            "width": width,
            "mode": mode,
            "warm_up_frames": warm_up,
            "timings": [asdict(timing) for timing in timings],
            "plain": plain,
        }
        write_text_atomic(json_file, json.dumps(record, indent=2) + "\n")


def _save_logits(path: Path, propagator: Propagator, height: int, width: int, objects: int) -> None:
    import numpy as np

    logits = _logits_of_scene(propagator, height, width, objects)
    if logits is not None:
        np.save(path, logits)


def _logits_of_scene(propagator: Propagator, height: int, width: int, objects: int) -> Any:
    first, second = (moving_scene(index, height, width, objects) for index in (0, 2))
    return first_logits(propagator, first, second[0], tuple(range(1, objects + 1)))


def _time_plain(
    words: list[str], propagator: Propagator, height: int, width: int, objects: int
) -> dict[str, Any]:
    """Time the plain version in a process of its own, and compare the two versions' logits.

    Returns:
        Its timing as JSON, with "largest_logit_difference" and "largest_logit" where there are
        logits.
    """
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        record, logits = Path(folder, "plain.json"), Path(folder, "logits.npy")
        words = [*words, "--column", "plain", "--json", str(record), "--logits", str(logits)]
        done = subprocess.run(
            [sys.executable, "-m", "vos_core", "benchmark", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise click.ClickException(f"the plain version failed: {done.stderr.strip()}")
        timing: dict[str, Any] = json.loads(record.read_text("utf-8"))["timings"][0]
        if logits.is_file():
            plain, fast = np.load(logits), _logits_of_scene(propagator, height, width, objects)
            timing["largest_logit"] = float(np.abs(plain).max())
            timing["largest_logit_difference"] = float(np.abs(plain - fast).max())
    return timing


def _compared(fast: Timing, plain: dict[str, Any]) -> str:
    """Tell the plain version's timing and what the fast one gains."""
    known = {name: plain[name] for name in Timing.__dataclass_fields__}
    text = _line(Timing(**known), "plain")
    text += f"; {plain['median_ms'] / fast.median_ms:.1f} times the fast one"
    if "largest_logit" in plain:
        text += (
            f"; logits differ by {plain['largest_logit_difference']:.1e} at most "
            f"(largest {plain['largest_logit']:.1f})"
        )
    return text


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


def _line(timing: Timing, column: str) -> str:
    stages = ", ".join(f"{name} {value:.0f}" for name, value in timing.stage_median_ms.items())
    parts = ", ".join(f"{name} {value:.0f}" for name, value in timing.part_median_ms.items())
    return (
        f"{timing.object_count:>3} objects{f', {column}' if column else ''}: "
        f"{timing.median_ms:7.1f} ms a frame "
        f"({timing.lower_quartile_ms:.1f} to {timing.upper_quartile_ms:.1f})"
        + (f"; {stages}" if stages else "")
        + (f" (of it {parts})" if parts else "")
        + f"; peak {timing.peak_memory_bytes / 2**20:.0f} MiB"
    )

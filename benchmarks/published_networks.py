"""The published networks, plain and fast, on one target frame, as JSON.

    python benchmarks/published_networks.py --network cfbi-plus --objects 1,3,10 --threads 2

"plain" stands in for the authors' way: every pair of pixels masked per label, local windows
written out, norms as layers of their own, every label's input written out. "fast" is what runs in
the application. Both have the same random weights, each column runs in a process of its own, and
the largest difference of their logits is recorded. With one thread torch computes many
convolutions by another route than with several, so compare columns at the same number.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from aoc_lite_stages import machine, scene, timed
from torch import Tensor
from torch.nn import functional as F

from vos_core.matching.distance import FAR
from vos_core.matching.global_matching import LabelSegments
from vos_core.networks.published import PublishedNetwork
from vos_core.networks.published_engine import PublishedEngine
from vos_core.networks.published_matching.maps import Primitives
from vos_core.networks.published_presets import PRESETS, build_published
from vos_core.networks.published_records import PreviousFrame
from vos_core.ops.resize import network_size

CHUNK = 6443


def masked_global(query: Tensor, reference: LabelSegments) -> Tensor:
    """Global matching with a [chunk, L, R] volume of masked distances."""
    sizes = torch.tensor(reference.bounds).diff()
    owners = torch.repeat_interleave(torch.arange(reference.label_count), sizes)
    wrong = (owners[None] != torch.arange(reference.label_count)[:, None]).float() * FAR
    found = []
    for part in query.split(CHUNK):
        distances = part.square().sum(1, keepdim=True) + reference.squared[None]
        distances = distances - 2 * part @ reference.keys.T
        found.append((distances[:, None] + wrong[None]).amin(2))
    return torch.cat(found).T.clamp(max=FAR)


def unfolded_local(
    query: Tensor,
    keys: Tensor,
    labels: Tensor,
    label_count: int,
    half_windows: tuple[int, ...],
    *,
    atrous: int = 1,
) -> Tensor:
    """Local matching with all windows written out, [C, P, n * n] and [P, n * n, L]."""
    height, width = query.shape[-2:]
    radius = max(half_windows)
    side = 2 * radius // atrous + 1

    def windows(maps: Tensor, fill: float) -> Tensor:
        padded = F.pad(maps[None], (radius,) * 4, value=fill)
        return F.unfold(padded, (height, width), stride=atrous).view(
            len(maps), height * width, side * side
        )

    written = windows(keys, 0.0)
    products = torch.bmm(query.flatten(1).T[:, None], written.permute(1, 0, 2))[:, 0]
    norms = windows(keys.square().sum(0, keepdim=True), 0.0)[0]
    distances = query.square().sum(0).flatten()[:, None] + norms - 2 * products
    owners = windows(labels[None].float(), -1.0)[0]
    wrong = owners[..., None] != torch.arange(label_count)
    masked = (distances[..., None] + wrong * FAR).view(-1, side, side, label_count)
    found = []
    for half in half_windows:
        kept = slice((radius - half) // atrous, (radius + half) // atrous + 1)
        found.append(masked[:, kept, kept].amin((1, 2)))
    return (
        torch.stack(found, 1)
        .permute(2, 1, 0)
        .reshape(label_count, len(half_windows), height, width)
        .clamp(max=FAR)
    )


def run_column(options: argparse.Namespace, objects: int) -> dict[str, Any]:
    """Time one column; its logits go to a file for the comparison."""
    torch.manual_seed(0)
    network: PublishedNetwork = build_published(options.network).eval()
    dtype = torch.float32
    if options.column == "fast":
        dtype = getattr(torch, options.dtype)
        PublishedEngine(network, dtype=dtype)
    else:
        network.primitives = Primitives(masked_global, unfolded_local)
        network.is_folded = False
    height, width = (int(side) for side in options.size.split("x"))
    size = network_size(height, width)
    frames, masks = zip(*(scene(*size, objects, shift) for shift in (0, 6)), strict=True)
    images = [
        ((torch.from_numpy(frame).permute(2, 0, 1)[None].float() - 120) / 58)
        .to(dtype)
        .contiguous(memory_format=torch.channels_last)
        for frame in frames
    ]
    labels = torch.from_numpy(masks[0]).long()
    known = network.encode(images[0])
    reference = network.digest(known, labels, objects + 1)
    previous = PreviousFrame(known, labels)
    target = network.encode(images[1])
    stages = {
        "encode": lambda: network.encode(images[1]),
        "reference": lambda: network.digest(known, labels, objects + 1),
        "matching": lambda: network.match(target, reference, previous),
        "frame": lambda: network(network.encode(images[1]), reference, previous),
    }
    times = {name: timed(stage, options.repeats) for name, stage in stages.items()}
    torch.save(network(target, reference, previous).logits.float(), options.logits)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"stages": times, "peak_memory_mib": round(peak / 1024)}


def measure(objects: int) -> dict[str, Any]:
    """Run both columns in processes of their own."""
    record: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder, f"{name}.pt") for name in ("plain", "fast")}
        for name, path in paths.items():
            words = [sys.executable, __file__, *sys.argv[1:], "--column", name]
            words += ["--logits", str(path), "--objects", str(objects)]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            record[name] = json.loads(done.stdout)
        plain, fast = (torch.load(path, weights_only=True) for path in paths.values())
        record["largest_logit_difference"] = float((plain - fast).abs().max())
    return record


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--network", choices=sorted(PRESETS), default="cfbi-plus")
    parser.add_argument("--size", default="480x854", help="height x width of the frame")
    parser.add_argument("--objects", default="1,3,10")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--json", type=Path, help="write there instead of to the output")
    parser.add_argument("--column", choices=["plain", "fast"], help=argparse.SUPPRESS)
    parser.add_argument("--logits", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with torch.inference_mode():
        if options.column:
            print(json.dumps(run_column(options, int(options.objects))))
            return
        record: dict[str, Any] = {
            "machine": machine(),
            "network": options.network,
            "size": options.size,
            "threads": options.threads,
            "repeats": options.repeats,
            "dtype_of_fast": options.dtype,
            "objects": {objects: measure(int(objects)) for objects in options.objects.split(",")},
        }
    text = json.dumps(record, indent=1)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()

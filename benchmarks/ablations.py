"""What each part of `aoc-lite` buys and costs: short equal trainings that differ in one thing.

    python benchmarks/ablations.py --recipe RECIPE.toml --steps 600 --seeds 1,2,3 --out FOLDER \
        --frames dev_val/JPEGImages/480p --annotations dev_val/Annotations/480p

A finished training is not repeated, so the command can be stopped and given again. The table says
J&F on the sequences given, mean and spread over the seeds, and seconds a frame with one object.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vos_core.data.cache_builder import build_cache
from vos_core.data.clips import ClipDataset
from vos_core.data.spec import ClipSpec
from vos_core.evaluation.evaluate import evaluate_sequences
from vos_core.evaluation.propagate import with_model
from vos_core.inference import Propagator
from vos_core.inference.device import choose_device, keep_freed_memory
from vos_core.training.config import TrainingConfig, load_recipe
from vos_core.training.run import WEIGHTS, checkpoint_step, train


@dataclass(frozen=True)
class Variant:
    """One thing changed.

    Attributes:
        network: Sizes of the network.
        clips: Settings of the clip generator.
        run: Keys of the recipe.
        mode: Reference set at test time.
    """

    network: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    clips: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    run: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    mode: str = "base"


VARIANTS: dict[str, Variant] = {
    "default": Variant(),
    "global matching at stride 8 not thinned": Variant(network={"global_atrous": 1}),
    "global matching at stride 8 thinned 4": Variant(network={"global_atrous": 4}),
    "no local maps at stride 8": Variant(network={"half_windows8": []}),
    "no local maps at stride 16": Variant(network={"half_windows16": []}),
    "more local windows": Variant(
        network={"half_windows8": [2, 4, 8, 12], "half_windows16": [2, 4, 8]}
    ),
    "no proxies": Variant(network={"has_proxies": False}),
    "8 clusters": Variant(network={"clusters": 8}),
    "32 clusters": Variant(network={"clusters": 32}),
    "no calibration": Variant(network={"calibrations": 0}),
    "three calibrations": Variant(network={"calibrations": 3}),
    "confidence gate drops nothing": Variant(network={"drop_ratio": 0.0}),
    "confidence gate drops half": Variant(network={"drop_ratio": 0.5}),
    "backbone Lite2": Variant(network={"backbone_width": 1.1, "backbone_depth": 1.2}),
    "decoder three quarters as wide": Variant(network={"decoder_widths": [24, 48, 96]}),
    "decoder half as wide again": Variant(network={"decoder_widths": [48, 96, 192]}),
    "own results as references": Variant(mode="mf"),
    "own results as references, trained more": Variant(run={"own_reference": 0.8}, mode="mf"),
    "no look-alikes": Variant(clips={"look_alikes": 0.0}),
    "no pasted video": Variant(clips={"video_composite": 0.0}),
    "no moved pictures": Variant(clips={"static": 0.0}),
    "moved pictures alone": Variant(clips={"video": 0.0, "video_composite": 0.0}),
}


def train_variant(
    base: TrainingConfig, variant: Variant, folder: Path, seed: int, device: str
) -> Path:
    """Train one variant unless that is done; return its averaged weights."""
    config = dataclasses.replace(
        base,
        **variant.run,
        output=folder,
        seed=seed,
        network={**base.network, **variant.network},
        clips={**base.clips, **variant.clips},
    )
    done = checkpoint_step(folder)
    if done is None or done < config.last_step:
        dataset = ClipDataset(
            str(config.cache),
            ClipSpec.from_mapping(config.clips),
            exclude_sequences=config.exclude_sequences,
        )
        train(config, dataset, device=choose_device(device), resume=done is not None)
    return folder / WEIGHTS


def judge(weights: Path, mode: str, options: argparse.Namespace) -> dict[str, float]:
    """J&F in per cent and seconds a frame of some weights; kept in a file beside them."""
    path = weights.parent / f"score-{mode}.json"
    if not path.is_file():
        method = with_model(Propagator.load(str(weights), options.device), mode)  # type: ignore[arg-type]
        report = evaluate_sequences(options.frames, options.annotations, propagate=method)
        seconds = [s.seconds_per_frame for s in report.sequences if s.seconds_per_frame]
        values = {"jf": 100 * report.jf_mean, "seconds": statistics.median(seconds)}
        path.write_text(json.dumps(values), encoding="utf-8")
    result: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return result


def table(results: Mapping[str, list[dict[str, float]]]) -> str:
    """Markdown: variant, J&F mean and spread over seeds, difference to the default, cost."""
    lines = ["| | J&F | spread | to default | ms a frame |", "|---|---|---|---|---|"]
    default = statistics.mean(one["jf"] for one in results["default"]) if results else 0.0
    for name, scores in results.items():
        values = [one["jf"] for one in scores]
        mean, spread = statistics.mean(values), max(values) - min(values)
        cost = 1000 * statistics.median(one["seconds"] for one in scores)
        lines.append(f"| {name} | {mean:.1f} | {spread:.1f} | {mean - default:+.1f} | {cost:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, required=True, help="its last stage is varied")
    parser.add_argument("--steps", type=int, required=True, help="length of every training")
    parser.add_argument("--seeds", default="1", help="such as 1,2,3")
    parser.add_argument("--only", help="names of variants, separated by ';'; default is all")
    parser.add_argument("--out", type=Path, required=True, help="folder of the trainings")
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    keep_freed_memory()
    stage = load_recipe(options.recipe)[-1]
    base = dataclasses.replace(stage, steps=options.steps, stop_step=0, initial_weights="")
    build_cache(base.data, base.cache)
    chosen = options.only.split(";") if options.only else list(VARIANTS)
    results: dict[str, list[dict[str, float]]] = {}
    for name in dict.fromkeys(["default", *chosen]):
        variant = VARIANTS[name]
        for seed in map(int, options.seeds.split(",")):
            trained = "default" if variant == Variant(mode=variant.mode) else name
            folder = options.out / trained.replace(" ", "-") / str(seed)
            weights = train_variant(base, variant, folder, seed, options.device)
            results.setdefault(name, []).append(judge(weights, variant.mode, options))
        print(table(results), flush=True)


if __name__ == "__main__":
    main()

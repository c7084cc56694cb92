r"""How fast masks get right when a person corrects frames: suggested, uniform or random order.

The person is played by the annotation: a corrected frame becomes exactly right and a reference,
and what came by way of it is segmented anew, up to the references beside it, from both sides and
fused, as in a run of the window that is corrected. J&F is that of the masks a person would
deliver: every frame but the first, corrected ones included; "jf_others" leaves the corrected ones
out. "suggested" is `annotator.model.suggestion`, which sees reliability and references and never
the annotation; "uniform" takes the frame farthest from every reference; "random" is the mean of
several seeds; "worst" takes the frame of least J&F, which only the annotation can tell.

    python -m benchmarks.correction_study --root DAVIS_TREE --cache study.jsonl \
        --json docs/correction_study.json --plot docs/images/correction-study.png

Every round is kept in the cache file, so that a run that broke off goes on where it stopped;
``--minutes`` of processor time ends one early.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from annotator.model.suggestion import correction_gains, reference_distances
from benchmarks.correction_runs import AnnotatedSequence, OutOfTimeError, ScoreCache, Scores
from vos_core.inference import Propagator, PropagatorOptions

WORST_CORRECTIONS = 3
"""The order that no person can follow is followed so far."""

Order = Callable[[Scores, list[int], int], int]
"""(scores, references, frame count) -> frame to correct next."""


def delivered(scores: Scores, references: Collection[int], count: int) -> float:
    """Mean J&F, per cent, of all frames but the first; what a person corrected is right."""
    values = [
        1.0 if frame in references else float(np.mean([s.jf for s in scores[frame].values()]))
        for frame in range(1, count)
    ]
    return 100 * float(np.mean(values))


def suggested(scores: Scores, references: list[int], count: int) -> int:
    """What the application suggests."""
    doubt = np.zeros(count)
    for frame, objects in scores.items():
        doubt[frame] = max(1.0 - s.reliability for s in objects.values())
    return int(np.argmax(correction_gains(doubt, references)))


def uniform(_scores: Scores, references: list[int], count: int) -> int:
    """The frame that is farthest from every reference."""
    return int(np.argmax(reference_distances(count, references)))


def worst(scores: Scores, _references: list[int], _count: int) -> int:
    """The frame of least J&F: needs the annotation."""
    return min(scores, key=lambda frame: np.mean([s.jf for s in scores[frame].values()]))


def random_order(seed: int) -> Order:
    """Frames drawn without looking."""
    rng = np.random.default_rng(seed)

    def choose(_scores: Scores, references: list[int], count: int) -> int:
        return int(rng.choice([i for i in range(count) if i not in references]))

    return choose


def curve(
    cache: ScoreCache, sequence: AnnotatedSequence, order: Order, corrections: int
) -> dict[str, Any]:
    """J&F after 0, 1, ... corrections in one order, and the frames corrected.

    "jf" is that of the delivered masks; "jf_others" that of the frames which no round corrects, so
    that a corrected frame's own perfect score never counts.
    """
    references = [0]
    rounds = []
    values = []
    for done in range(corrections + 1):
        scores = cache.scores(sequence, references[1:])
        rounds.append(scores)
        values.append(round(delivered(scores, references, sequence.count), 3))
        if done < corrections:
            references.append(order(scores, references, sequence.count))
    others = [frame for frame in range(1, sequence.count) if frame not in references]
    kept = [
        round(100 * float(np.mean([s.jf for i in others for s in scores[i].values()])), 3)
        for scores in rounds
    ]
    return {"jf": values, "jf_others": kept, "frames": references[1:]}


def draw(results: dict[str, Any], path: Path) -> None:
    """Plot the mean curves and those of each sequence."""
    from matplotlib.figure import Figure

    names = list(results["sequences"])
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
    styles = {
        "suggested": ("#d1495b", "o-"),
        "uniform": ("#30638e", "s--"),
        "random": ("#8d99ae", "^:"),
        "worst": ("#444444", "x-."),
    }
    for order, (colour, style) in styles.items():
        if order in results["mean"]:
            values = results["mean"][order]
            label = f"{order} (needs the annotation)" if order == "worst" else order
            left.plot(values, style, color=colour, label=label, markersize=5)
    if "random_range" in results:
        low, high = results["random_range"]
        left.fill_between(range(len(low)), low, high, color="#8d99ae", alpha=0.2, linewidth=0)
    left.set_xlabel("corrected frames per sequence")
    left.set_ylabel("J&F of the delivered masks, per cent")
    left.set_title(f"mean of {len(names)} sequences")
    left.legend(loc="lower right")
    left.grid(alpha=0.3)
    for index, name in enumerate(names):
        one = results["sequences"][name]
        gain = [a - b for a, b in zip(one["suggested"]["jf"], one["uniform"]["jf"], strict=True)]
        right.plot(gain, "o-", markersize=3, label=name, color=f"C{index}")
    right.axhline(0, color="black", linewidth=0.8)
    right.set_xlabel("corrected frames")
    right.set_ylabel("J&F, suggested minus uniform")
    right.set_title("each sequence")
    right.legend(fontsize=8)
    right.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


ORDERS: dict[str, Order] = {"suggested": suggested, "uniform": uniform, "worst": worst}


def study(
    cache: ScoreCache,
    sequences: list[AnnotatedSequence],
    orders: Collection[str],
    corrections: int,
    seeds: int,
) -> dict[str, Any]:
    """All curves of all sequences, and their means; without seeds none in random order."""
    found: dict[str, Any] = {}
    counts = {"worst": min(corrections, WORST_CORRECTIONS)}
    for sequence in sequences:
        own: dict[str, Any] = {
            name: curve(cache, sequence, ORDERS[name], counts.get(name, corrections))
            for name in orders
        }
        print(sequence.name, json.dumps({n: c["jf"] for n, c in own.items()}), flush=True)
        runs = [curve(cache, sequence, random_order(s), corrections) for s in range(seeds)]
        found[sequence.name] = own
        if runs:
            own["random"] = {
                "jf": np.round(np.mean([r["jf"] for r in runs], axis=0), 3).tolist(),
                "seeds": [r["jf"] for r in runs],
            }
    names = list(found[sequences[0].name])
    results: dict[str, Any] = {
        key: {
            name: np.round(np.mean([one[name][part] for one in found.values()], axis=0), 2).tolist()
            for name in names
            if part in found[sequences[0].name][name]
        }
        for key, part in (("mean", "jf"), ("mean_others", "jf_others"))
    }
    results["sequences"] = found
    if seeds:
        by_seed = np.array([found[s.name]["random"]["seeds"] for s in sequences]).mean(axis=0)
        results["random_range"] = [by_seed.min(axis=0).tolist(), by_seed.max(axis=0).tolist()]
    return results


def frames_needed(curve: list[float], goal: float) -> float | None:
    """Corrected frames after which a mean curve reaches a J&F, between two rounds by the line."""
    for done, value in enumerate(curve):
        if value >= goal:
            if done == 0:
                return 0.0
            before = curve[done - 1]
            return round(done - 1 + (goal - before) / (value - before), 2)
    return None


def main() -> None:
    """Read the arguments, run, write JSON and plot."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--root", type=Path, required=True, help="a DAVIS tree")
    parser.add_argument("--sequences", help="names, separated by commas; all when not given")
    parser.add_argument("--cache", type=Path, required=True, help="JSON lines; made when missing")
    parser.add_argument("--corrections", type=int, default=6)
    parser.add_argument("--orders", default=",".join(ORDERS), help="all but random")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--step", type=int, default=1, help="use every n-th frame")
    parser.add_argument("--short-edge", type=int, default=PropagatorOptions().short_edge)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--model", default="aoc-lite")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    folder = arguments.root / "JPEGImages" / "480p"
    names = arguments.sequences.split(",") if arguments.sequences else None
    names = names or sorted(path.name for path in folder.iterdir())
    cache = ScoreCache(arguments.cache, lambda: Propagator.load(arguments.model), arguments.minutes)
    options = PropagatorOptions(short_edge=arguments.short_edge)
    sequences = [AnnotatedSequence(arguments.root, n, arguments.step, options) for n in names]
    try:
        orders = arguments.orders.split(",")
        results = study(cache, sequences, orders, arguments.corrections, arguments.seeds)
    except OutOfTimeError:
        print("out of time; run again to go on")
        return
    results["settings"] = {
        "model": arguments.model,
        "step": arguments.step,
        "short_edge": arguments.short_edge,
        "frames": {sequence.name: sequence.count for sequence in sequences},
    }
    last = results["mean"]["uniform"][-1]
    results["frames_needed"] = {
        f"{goal:.1f}": {name: frames_needed(one, goal) for name, one in results["mean"].items()}
        for goal in np.linspace(results["mean"]["uniform"][0], last, 5)[1:]
    }
    print(json.dumps(results["mean"]))
    print(json.dumps(results["frames_needed"]))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if arguments.plot:
        draw(results, arguments.plot)


if __name__ == "__main__":
    main()

r"""How fast masks get right when a person corrects frames: suggested, uniform or random order.

The person is played by the annotation: a corrected frame becomes exactly right and a reference,
and every other frame is segmented anew from the side of its nearest reference, matched against all
references. J&F is that of the masks a person would deliver: every frame but the first, corrected
ones included. "suggested" is `annotator.model.suggestion`, which sees reliability and
references and never the annotation; "uniform" takes the middle of the largest gap between
references; "random" is the mean of several seeds; "worst" takes the frame of least J&F, which only
the annotation can tell, and says how much there is to win.

    python benchmarks/correction_study.py --root DAVIS_TREE --cache study.jsonl \
        --json docs/correction_study.json --plot docs/images/correction-study.png

Every propagation is kept in the cache file, so that a run that broke off goes on where it
stopped; ``--minutes`` ends one early.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from annotator.model.suggestion import correction_gains, reference_distances
from vos_core.evaluation.measures import contour_accuracy, region_similarity
from vos_core.inference import Propagator, PropagatorOptions
from vos_core.media import open_frames, read_label_map


class OutOfTimeError(Exception):
    """The minutes are over; the cache has what was done."""


@dataclass(frozen=True)
class FrameScore:
    """What is known of one segmented frame and object.

    Attributes:
        jf: J&F in [0, 1] against the annotation.
        reliability: Mean over the object's pixels, as the application stores it.
        area: Share of the frame that the object covers.
        doubt: Sum over the frame of 1 - reliability, as a share of the object's pixels.
    """

    jf: float
    reliability: float
    area: float
    doubt: float


class FeatureKeeper:
    """A network that remembers the features of every frame it has seen."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._features: dict[tuple[float, ...], Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def encode(self, images: Any) -> Any:
        """Features of a frame, from memory when it was seen before."""
        key = (float(images.double().sum()), float(images[..., ::7, ::5].double().square().sum()))
        if key not in self._features:
            self._features[key] = self._network.encode(images)
        return self._features[key]

    def forget(self) -> None:
        """Drop all features."""
        self._features.clear()


class Sequence:
    """One annotated sequence, of which every ``step``-th frame is used."""

    def __init__(self, root: Path, name: str, step: int, short_edge: int) -> None:
        self.name = name
        frames = open_frames(root / "JPEGImages" / "480p" / name)
        paths = sorted((root / "Annotations" / "480p" / name).glob("*.png"))
        self.frames = [frames.read(index) for index in range(0, frames.frame_count, step)]
        frames.close()
        self.truth = [read_label_map(path) for path in paths[::step]]
        self.ids = [int(i) for i in np.unique(self.truth[0]) if i not in (0, 255)]
        self.key = f"{name}/{step}/{short_edge}"
        self._options = PropagatorOptions(short_edge=short_edge)

    def propagate(
        self, propagator: Propagator, references: Collection[int]
    ) -> dict[int, dict[int, FrameScore]]:
        """Segment every frame from its nearest reference; scores by frame and object."""
        known = {index: self.truth[index] for index in references}
        nearest = [min(known, key=lambda r, t=index: abs(r - t)) for index in range(self.count)]  # type: ignore[misc]
        ahead = [i for i in range(self.count) if i not in known and nearest[i] < i]
        back = [i for i in range(self.count) if i not in known and nearest[i] > i][::-1]
        scores = {}
        for targets in (ahead, back):
            if not targets:
                continue
            run = propagator.start(
                self.frames.__getitem__, known, targets, object_ids=self.ids, options=self._options
            )
            while (result := run.step()) is not None:
                scores[result.index] = self._score(result)
            run.close()
        return scores

    def _score(self, result: Any) -> dict[int, FrameScore]:
        truth, uncertain = self.truth[result.index], 1 - result.reliability_map / 255.0
        found = {}
        for object_id in self.ids:
            mask, wanted = result.label_map == object_id, truth == object_id
            jf = (region_similarity(mask, wanted) + contour_accuracy(mask, wanted)) / 2
            found[object_id] = FrameScore(
                round(jf, 5),
                round(result.object_reliability.get(object_id, 0.0), 5),
                round(float(mask.mean()), 6),
                round(float(uncertain.sum()) / max(int(mask.sum()), 1), 5),
            )
        return found

    @property
    def count(self) -> int:
        """Number of frames T."""
        return len(self.frames)


class Cache:
    """Propagations done so far, one JSON line each."""

    def __init__(self, path: Path, propagator: Callable[[], Propagator], minutes: float) -> None:
        self._path, self._load = path, propagator
        self._propagator: Propagator | None = None
        self._end = time.monotonic() + 60 * minutes
        self._known: dict[str, dict[int, dict[int, FrameScore]]] = {}
        self._last = ""
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                self._known[record["key"]] = {
                    int(frame): {int(i): FrameScore(*values) for i, values in objects.items()}
                    for frame, objects in record["scores"].items()
                }

    def scores(
        self, sequence: Sequence, references: Collection[int]
    ) -> dict[int, dict[int, FrameScore]]:
        """Scores of a sequence given these references."""
        key = f"{sequence.key}/{'-'.join(map(str, sorted(references)))}"
        if key not in self._known:
            if time.monotonic() > self._end:
                raise OutOfTimeError
            if self._propagator is None:
                self._propagator = self._load()
                self._propagator.network = FeatureKeeper(self._propagator.network)  # type: ignore[assignment]
            if self._last != sequence.name:
                self._propagator.network.forget()  # type: ignore[attr-defined]
                self._last = sequence.name
            scores = sequence.propagate(self._propagator, references)
            self._known[key] = scores
            record = {
                "key": key,
                "scores": {
                    frame: {i: [s.jf, s.reliability, s.area, s.doubt] for i, s in objects.items()}
                    for frame, objects in scores.items()
                },
            }
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        return self._known[key]


Scores = dict[int, dict[int, FrameScore]]
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


def curve(cache: Cache, sequence: Sequence, order: Order, corrections: int) -> dict[str, Any]:
    """J&F after 0, 1, ... corrections in one order, and the frames corrected.

    "jf" is that of the delivered masks; "jf_others" that of the frames which no round corrects, so
    that a corrected frame's own perfect score never counts.
    """
    references = [0]
    rounds = []
    values = []
    for done in range(corrections + 1):
        scores = cache.scores(sequence, references)
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
    low, high = results["random_range"]
    left.fill_between(range(len(low)), low, high, color="#8d99ae", alpha=0.2, linewidth=0)
    left.set_xlabel("corrected frames per sequence")
    left.set_ylabel("J&F of the delivered masks, per cent")
    left.set_title(f"mean of {len(names)} sequences (band: random seeds)")
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


def study(cache: Cache, sequences: list[Sequence], corrections: int, seeds: int) -> dict[str, Any]:
    """All curves of all sequences, and their means."""
    orders: dict[str, list[Order]] = {
        "suggested": [suggested],
        "uniform": [uniform],
        "worst": [worst],
    }
    found: dict[str, Any] = {}
    for sequence in sequences:
        own: dict[str, Any] = {
            name: curve(cache, sequence, one[0], corrections) for name, one in orders.items()
        }
        print(sequence.name, json.dumps({n: c["jf"] for n, c in own.items()}), flush=True)
        found[sequence.name] = own
    for sequence in sequences:
        runs = [curve(cache, sequence, random_order(s), corrections) for s in range(seeds)]
        found[sequence.name]["random"] = {
            "jf": np.round(np.mean([r["jf"] for r in runs], axis=0), 3).tolist(),
            "seeds": [r["jf"] for r in runs],
        }
    by_seed = np.array([found[s.name]["random"]["seeds"] for s in sequences]).mean(axis=0)
    mean = {
        name: np.round(np.mean([one[name]["jf"] for one in found.values()], axis=0), 2).tolist()
        for name in (*orders, "random")
    }
    return {
        "mean": mean,
        "random_range": [by_seed.min(axis=0).tolist(), by_seed.max(axis=0).tolist()],
        "sequences": found,
    }


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
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--step", type=int, default=2, help="use every n-th frame")
    parser.add_argument("--short-edge", type=int, default=320)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--model", default="aoc-lite")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    folder = arguments.root / "JPEGImages" / "480p"
    names = arguments.sequences.split(",") if arguments.sequences else None
    names = names or sorted(path.name for path in folder.iterdir())
    cache = Cache(arguments.cache, lambda: Propagator.load(arguments.model), arguments.minutes)
    sequences = [
        Sequence(arguments.root, name, arguments.step, arguments.short_edge) for name in names
    ]
    try:
        results = study(cache, sequences, arguments.corrections, arguments.seeds)
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

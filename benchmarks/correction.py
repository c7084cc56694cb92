"""What correcting frames brings: the person is played by the annotation.

Propagates from the first mask, then again and again gives the annotation of the worst frame as a
correction and lets the propagation go on from it. Prints J&F over the frames that are neither
given nor corrected in any round, so that a corrected frame's own perfect score never counts.

    python benchmarks/correction.py --frames DIR --annotations DIR --sequences a,b --corrections 1
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from vos_core.evaluation.measures import contour_accuracy, region_similarity
from vos_core.inference import Propagator
from vos_core.media import open_frames, read_label_map


def frame_scores(results: dict[int, np.ndarray], truth: list[np.ndarray]) -> dict[int, float]:
    """J&F of each segmented frame, per cent, all objects joined."""
    scores = {}
    for index, result in results.items():
        mask, wanted = result > 0, truth[index] > 0
        scores[index] = 50 * (region_similarity(mask, wanted) + contour_accuracy(mask, wanted))
    return scores


def run_sequence(
    propagator: Propagator, frames: Path, annotations: Path, corrections: int, mode: str
) -> dict[str, object]:
    """Scores before and after each correction of one sequence."""
    source = open_frames(frames)
    truth = [
        (read_label_map(path) > 0).astype(np.uint8) for path in sorted(annotations.glob("*.png"))
    ]
    propagation = propagator.start(
        source.read, {0: truth[0]}, range(1, source.frame_count), mode=mode
    )
    results: dict[int, np.ndarray] = {}

    def advance() -> None:
        while (result := propagation.step()) is not None:
            results[result.index] = result.label_map

    advance()
    rounds = [frame_scores(results, truth)]
    corrected: list[int] = []
    for _ in range(corrections):
        candidates = {i: s for i, s in rounds[-1].items() if i not in corrected}
        worst = min(candidates, key=lambda index: candidates[index])
        corrected.append(worst)
        propagation.correct(worst, truth[worst])
        results[worst] = truth[worst]
        advance()
        rounds.append(frame_scores(results, truth))
    judged = [i for i in rounds[0] if i not in corrected and i < source.frame_count - 1]
    later = [i for i in judged if i > min(corrected, default=0)]
    return {
        "sequence": frames.name,
        "corrected_frames": corrected,
        "jf_all_frames": [round(float(np.mean([r[i] for i in judged])), 2) for r in rounds],
        "jf_after_first_correction": [
            round(float(np.mean([r[i] for i in later])), 2) if later else None for r in rounds
        ],
    }


def main() -> None:
    """Read the arguments, run, print one line a sequence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=Path, required=True, help="folder of frame folders")
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--sequences", required=True, help="names, separated by commas")
    parser.add_argument("--corrections", type=int, default=1)
    parser.add_argument("--model", default="aoc-lite")
    parser.add_argument("--mode", default="base", choices=("base", "mf"))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    propagator = Propagator.load(arguments.model)
    records = []
    for name in arguments.sequences.split(","):
        record = run_sequence(
            propagator,
            arguments.frames / name,
            arguments.annotations / name,
            arguments.corrections,
            arguments.mode,
        )
        records.append(record)
        print(json.dumps(record), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

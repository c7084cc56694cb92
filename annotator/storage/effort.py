"""What the work on a project cost, from its log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from annotator.storage.interaction_log import Line

LONGEST_THOUGHT_S = 30.0
"""A longer pause before a step is no work on it: only so much of it counts."""


@dataclass
class ObjectEffort:
    """What one object cost.

    Attributes:
        interactions: Steps of a person that were about it.
        corrections: Those that changed what the network had made.
        seconds: Time before these steps; pauses count up to `LONGEST_THOUGHT_S`, and a step about
            several objects counts for each in equal parts.
    """

    interactions: int = 0
    corrections: int = 0
    seconds: float = 0.0


@dataclass
class Effort:
    """What a project cost.

    Attributes:
        sessions: Times it was opened.
        runs: Propagations.
        results: Frames that the network made, repeated ones each time.
        undone: Steps taken back.
        seconds: Time with the person at it, as for an object.
        objects: By object id.
    """

    sessions: int = 0
    runs: int = 0
    results: int = 0
    undone: int = 0
    seconds: float = 0.0
    objects: dict[int, ObjectEffort] = field(default_factory=dict)


def effort_of(lines: Iterable[Line]) -> Effort:
    """Add up the lines of a log."""
    total = Effort()
    person = ("edit", "undo", "redo", "run", "open")
    kept = []
    for line in lines:
        total.sessions += line["e"] == "open"
        total.runs += line["e"] == "run"
        total.results += line["e"] == "result"
        total.undone += line["e"] == "undo"
        if line["e"] in person:
            kept.append(line)
    for before, line in pairwise(kept):
        if line["e"] == "open":
            continue
        passed = float(line.get("t", 0.0)) - float(before.get("t", 0.0))
        seconds = min(max(passed, 0.0), LONGEST_THOUGHT_S)
        total.seconds += seconds
        if line["e"] != "edit":
            continue
        ids = [int(i) for i in line.get("objects", ())]
        for object_id in ids:
            own = total.objects.setdefault(object_id, ObjectEffort())
            own.interactions += 1
            own.corrections += object_id in line.get("corrected", ())
            own.seconds += seconds / len(ids)
    return total

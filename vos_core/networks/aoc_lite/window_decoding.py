"""Decoding many objects, most of them only where they can be.

Each object of a frame is decoded in a window around its previous mask and what matches it nearby,
with the norms and calibrations of the last frame on which it was decoded whole. Decoded whole is
what was not seen in the previous frame, what shows itself outside its window, what needs most of
the frame anyway, and by turns every object, so that no memory grows old.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor

from vos_core.networks.aoc_lite.decoder import ObjectDecoder
from vos_core.networks.aoc_lite.records import Features, ObjectMemory
from vos_core.networks.aoc_lite.statistics import Recorded, Remembered
from vos_core.networks.aoc_lite.windows import Window, crop, equal_sizes, window_around
from vos_core.ops.aggregation import LOG_ODDS_LIMIT

SEEN = 0.5
"""An object whose probability nowhere reached this was not seen in a frame."""


@dataclass(frozen=True)
class WindowRules:
    """When an object is decoded in a window, and in which.

    Attributes:
        margin: Cells of stride 16 around the evidence.
        previous: Probability from which a cell of the previous mask is evidence.
        whole_share: Share of the frame from which a window is not worth it.
        renewal: Frames between two turns of an object to be decoded whole; one that has grown or
            shrunk gets its turn earlier, at the soonest after half of them.
        fewest: Number of objects from which any of this is done, at least 2; with fewer it gains
            little.
    """

    margin: int = 4
    previous: float = 0.1
    whole_share: float = 0.6
    renewal: int = 20
    fewest: int = 6


@dataclass(frozen=True)
class Plan:
    """Which object is decoded how.

    Attributes:
        whole: Rows of the objects that are decoded in the whole frame.
        windows: By row, where each object can be; none for one that was not seen.
        areas: For each object, cells of stride 16 that it covers in the previous frame.
    """

    whole: tuple[int, ...]
    windows: dict[int, Window]
    areas: tuple[float, ...]


def make_plan(
    maps16: Tensor,
    probabilities: Tensor,
    memories: Sequence[ObjectMemory] | None,
    rules: WindowRules,
) -> Plan:
    """Decide for each object; no choice depends on the order of the objects.

    Args:
        maps16: [O, 3 + 2 n, h16, w16] matching maps at stride 16: far and its background, n near
            and their backgrounds, previous mask.
        probabilities: float32 [O, h4, w4] of the previous frame.
        memories: Of the objects; None before the first frame.
        rules: What decides.
    """
    everyone = range(len(maps16))
    areas = tuple(maps16[:, -1].sum((1, 2)).tolist())
    was_seen = (probabilities.amax((1, 2)) >= SEEN).tolist()
    near, strays = evidence(maps16, rules.previous)
    windows = {
        row: window
        for row in everyone
        if was_seen[row] and (window := window_around(near[row], rules.margin)) is not None
    }
    if memories is None:
        return Plan(tuple(everyone), windows, areas)
    most = rules.whole_share * maps16[0, 0].numel()
    partly = []
    for row, window in windows.items():
        rest = strays[row].clone()
        rest[window.at(16)] = False
        if window.area <= most and not rest.any():
            partly.append(row)

    turn = _in_turn([(memories[row].age, areas[row], memories[row].area) for row in partly], rules)
    partly = [row for place, row in enumerate(partly) if place not in turn]
    return Plan(tuple(row for row in everyone if row not in partly), windows, areas)


def _in_turn(objects: Sequence[tuple[int, float, float]], rules: WindowRules) -> list[int]:
    """Choose the objects whose memory is renewed now, spread over the frames.

    Args:
        objects: For each, the age of its memory, its area, and its area when that was made.
        rules: How often.
    """
    if not objects or (1 + min(age for age, *_ in objects)) * len(objects) < rules.renewal:
        return []

    def urgency(place: int) -> tuple[float, float]:
        age, area, before = objects[place]
        return age + rules.renewal * abs(math.log((area + 1) / (before + 1))), area

    due = [p for p in range(len(objects)) if urgency(p)[0] >= rules.renewal // 2]
    return sorted(due, key=urgency)[-math.ceil(len(objects) / rules.renewal) :]


def evidence(maps16: Tensor, previous: float) -> tuple[Tensor, Tensor]:
    """Where an object can be.

    Returns:
        bool [O, h16, w16] pair: where it was or matches nearby; where it matches a reference.
    """
    kinds = (maps16.shape[1] - 3) // 2
    far = maps16[:, 0] < maps16[:, 1]
    near = maps16[:, 1 + kinds] < maps16[:, 1 + 2 * kinds]
    crowd = F.avg_pool2d(far[None].float(), 3, stride=1, padding=1)[0]
    strays = far & (crowd > 0.6)
    return (maps16[:, -1] > previous) | (near & far), strays


def decode_by_plan(
    decoder: ObjectDecoder,
    features: Features,
    maps8: Tensor,
    maps16: Tensor,
    guidance: Tensor,
    memories: Sequence[ObjectMemory] | None,
    plan: Plan,
) -> tuple[Tensor, tuple[ObjectMemory, ...]]:
    """Decode the objects of one clip.

    Args:
        decoder: The network's.
        features: Target frame.
        maps8: [O, 13, h8, w8].
        maps16: [O, 9, h16, w16].
        guidance: [O, G].
        memories: Of the objects; None before the first frame.
        plan: See `make_plan`.

    Returns:
        ([O, h4, w4] logits, ``-LOG_ODDS_LIMIT`` outside an object's window; the new memories).
    """
    guidance = guidance.to(features.shared8.dtype)
    grid = features.grid(16)
    logits = maps8.new_full((len(maps8), *features.grid(4)), -LOG_ODDS_LIMIT)
    whole, partly = list(plan.whole), [r for r in range(len(maps8)) if r not in plan.whole]
    made: dict[int, ObjectMemory] = {}
    kept: list[ObjectMemory] = [] if memories is None else [memories[row] for row in partly]
    for row, memory in zip(partly, kept, strict=True):
        made[row] = replace(memory, age=memory.age + 1)
    if whole:
        windows = {i: plan.windows[row] for i, row in enumerate(whole) if row in plan.windows}
        recorded = Recorded(kept, windows, grid)
        logits[whole] = decoder.run_in_place(
            features, maps8[whole], maps16[whole], guidance[whole], recorded
        )
        made.update(zip(whole, recorded.memories([plan.areas[row] for row in whole]), strict=True))
    for members, places in equal_sizes([plan.windows[row] for row in partly], grid):
        rows = [partly[index] for index in members]
        part = Features(
            shared4=crop(features.shared4, places, 4, rows),
            shared8=crop(features.shared8, places, 8, rows),
            shared16=crop(features.shared16, places, 16, rows),
            key8=features.key8,
            key16=features.key16,
            embedding=features.embedding,
        )
        own = decoder.run_in_place(
            part,
            crop(maps8, places, 8, rows),
            crop(maps16, places, 16, rows),
            guidance[rows],
            Remembered([kept[index] for index in members]),
        )
        for row, window, found in zip(rows, places, own, strict=True):
            inner, place = _inside(window, grid)
            logits[(row, *place)] = found[inner]
    return logits, tuple(made[row] for row in range(len(maps8)))


def _inside(
    window: Window, grid: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The part of a window that is believed, at stride 4: in the window, and in the frame.

    Its outermost cells see its border where the frame goes on.
    """
    top, left = (4 if start else 0 for start in window[:2])
    bottom, right = (
        4 if start + size < end else 0
        for start, size, end in zip(window[:2], window[2:], grid, strict=True)
    )
    rows, columns = window.at(4)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    inner = (slice(top, height - bottom), slice(left, width - right))
    place = (
        slice(rows.start + top, rows.stop - bottom),
        slice(columns.start + left, columns.stop - right),
    )
    return inner, place

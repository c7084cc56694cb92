"""``vos propagate`` with the weights that the project ships, on a clip whose masks are known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vos_core.media import read_label_map, write_label_map
from vos_core.media.sample import sample
from vos_core.media.synthetic import synthetic_label_map
from vos_core.weights.registry import shipped_weights

Vos = Callable[..., Any]


@pytest.mark.slow
@pytest.mark.skipif(not shipped_weights(), reason="no weights are shipped yet")
def test_known_objects_are_followed_forward_and_backward(vos: Vos, tmp_path: Path) -> None:
    """Two textured shapes on textured ground, four frames either way: nothing hard about it."""
    write_label_map(tmp_path / "given.png", synthetic_label_map(4))
    out = tmp_path / "out"
    outcome = vos(
        "propagate",
        sample("synthetic").clip,
        *("--mask", f"4={tmp_path / 'given.png'}"),
        *("--out", out),
        *("--end", "8"),
        *("--direction", "both"),
        *("--device", "cpu"),
        "--json",
    )
    assert outcome.code == 0, outcome.err
    report = json.loads(outcome.out)
    assert (report["frames_written"], report["width"], report["height"]) == (9, 640, 360)
    for index in range(9):
        made, right = read_label_map(out / f"{index:05d}.png"), synthetic_label_map(index)
        for object_id in (1, 2):
            both = np.logical_and(made == object_id, right == object_id).sum()
            either = np.logical_or(made == object_id, right == object_id).sum()
            assert both / either > 0.8, f"object {object_id} in frame {index}"

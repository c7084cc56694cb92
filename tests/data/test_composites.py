"""Composites: object counts, look-alikes, who covers whom, the same every time."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.data.small_archives import SEQUENCES
from vos_core.data.composites import (
    Track,
    can_be_solved,
    compose,
    draw_tracks,
    export_composites,
    shown_shares,
)
from vos_core.data.errors import CacheError
from vos_core.data.store import ImageStore
from vos_core.media import read_label_map


def still(store: ImageStore, name: str, **changes: object) -> Track:
    values = {
        "source": store.sequence(name),
        "start": 0,
        "scale": 1.0,
        "is_mirrored": False,
        "is_behind": False,
        "centre": np.array([0.5, 0.5]),
        "drift": np.zeros(2),
        "sway": np.zeros(4),
    }
    return Track(**{**values, **changes})  # type: ignore[arg-type]


def test_a_pasted_object_has_its_colour_its_size_and_its_place(store: ImageStore) -> None:
    track = still(store, "swimmer")  # a box of 50 x 40 that moves 6 px a frame
    image, labels = compose(store.sequence("runner"), [track], 0, 4)
    rows, columns = np.nonzero(labels == 2)
    assert (labels == 2).sum() == pytest.approx(50 * 40, rel=0.06)
    assert (rows.mean(), columns.mean()) == pytest.approx((60, 100), abs=1)
    core = image[45:75, 90:110].reshape(-1, 3).astype(int)
    assert np.abs(core - SEQUENCES["swimmer"]).max() <= 2
    later = compose(store.sequence("runner"), [track], 2, 4)[1]
    assert np.nonzero(later == 2)[1].mean() - columns.mean() == pytest.approx(12, abs=1)


def test_a_mirrored_object_moves_the_other_way(store: ImageStore) -> None:
    track = still(store, "swimmer", is_mirrored=True)
    places = [
        np.nonzero(compose(store.sequence("runner"), [track], index, 4)[1] == 2)[1].mean()
        for index in (0, 2)
    ]
    assert places[1] - places[0] == pytest.approx(-12, abs=1)


def test_behind_means_that_the_own_object_stays_whole(store: ImageStore) -> None:
    base = store.sequence("runner")
    own = base.frames[0].label_map == 1
    onto = {"centre": np.array([45 / 200, 65 / 120])}
    front = compose(base, [still(store, "swimmer", **onto)], 0, 4)[1]
    behind = compose(base, [still(store, "swimmer", is_behind=True, **onto)], 0, 4)[1]
    assert (front == 1).sum() < own.sum() // 2
    np.testing.assert_array_equal(behind == 1, own)
    assert (behind == 2).any()


def test_drift_and_sway_start_at_the_centre(store: ImageStore) -> None:
    drifting = still(store, "swimmer", drift=np.array([0.4, 0.0]))
    np.testing.assert_allclose(drifting.place(0.0), [0.5, 0.5])
    np.testing.assert_allclose(drifting.place(1.0), [0.9, 0.5])
    swaying = still(store, "swimmer", sway=np.array([0.1, 0.0, 1.0, 0.0]))
    np.testing.assert_allclose(swaying.place(0.25), [0.6, 0.5])
    np.testing.assert_allclose(swaying.place(0.5), [0.5, 0.5], atol=1e-12)


def test_look_alikes_come_from_the_object_before_and_not_from_the_base(store: ImageStore) -> None:
    base, *others = (store.sequence(name) for name in SEQUENCES)
    rng = np.random.default_rng(0)
    tracks = [track for _ in range(40) for track in draw_tracks(rng, base, others, 4)]
    assert {track.source.name for track in tracks} == {"swimmer", "held_out"}
    pairs = itertools.pairwise(tracks)
    same = [a.source is b.source for i, (a, b) in enumerate(pairs) if i % 4 != 3]
    assert 0.3 < np.mean(same) < 0.7  # 40 % on purpose, more by chance of two sources


def test_shown_shares_of_objects_covered_and_cut_by_the_edge(store: ImageStore) -> None:
    base = store.sequence("runner")  # its own box lies at (20..60, 40..90)
    aside = {"centre": np.array([0.75, 0.5])}
    alone = shown_shares(base, [still(store, "swimmer", **aside)], [0, 1], 4)
    assert alone.shape == (2, 2)
    np.testing.assert_allclose(alone, 1, atol=0.12)
    cut = still(store, "swimmer", centre=np.array([1.0, 0.5]))
    assert shown_shares(base, [cut], [0], 4)[0, 1] == pytest.approx(0.5, abs=0.1)
    below = still(store, "swimmer", **aside)
    above = still(store, "held_out", **aside)
    own, lower, upper = shown_shares(base, [below, above], [0], 4)[0]
    assert (own, lower, upper) == pytest.approx((1, 0, 1), abs=0.12)


def test_what_cannot_be_solved(store: ImageStore) -> None:
    base = store.sequence("runner")
    aside = {"centre": np.array([0.6, 0.5])}
    leaves = {**aside, "drift": np.array([2.0, 0.0])}
    assert can_be_solved(base, [still(store, "swimmer", **aside)], 4)
    assert can_be_solved(base, [still(store, "swimmer", **leaves)], 4)  # alone it is known again
    far = {"centre": np.array([0.6, 0.8]), "scale": 0.4}
    twins = [still(store, "swimmer", **aside, scale=0.4), still(store, "swimmer", **far)]
    assert can_be_solved(base, twins, 4)
    away = still(store, "swimmer", **leaves, scale=0.4)
    assert not can_be_solved(base, [away, twins[1]], 4)
    covered = [still(store, "swimmer", **aside), still(store, "held_out", **aside)]
    assert not can_be_solved(base, covered, 4)


def test_the_tree_has_what_the_benchmark_reads_and_is_the_same_every_time(
    store: ImageStore, tmp_path: Path
) -> None:
    names = ["runner", "swimmer"]
    frames, annotations = export_composites(store, names, tmp_path / "one")
    listed = (tmp_path / "one/ImageSets/2017/val.txt").read_text(encoding="utf-8").split()
    assert listed == ["runner-2", "swimmer-3"]
    for name, count in zip(listed, (2, 3), strict=True):
        first = read_label_map(annotations / name / "00000.png")
        assert set(np.unique(first)) == set(range(count + 1))
        assert len(list((frames / name).iterdir())) == 14
        assert len(list((annotations / name).iterdir())) == 14
    export_composites(store, names, tmp_path / "two")
    for path in (p for p in (tmp_path / "one").rglob("*") if p.is_file()):
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == twin.read_bytes()


def test_an_unknown_sequence_is_named(store: ImageStore, tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="nowhere"):
        export_composites(store, ["nowhere"], tmp_path)

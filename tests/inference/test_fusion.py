"""Fusing the two sides of a frame: laws, and literal maps in which the reader sees the result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vos_core.inference.fusion import Nearness, PackedSide, fuse
from vos_core.inference.records import FrameResult
from vos_core.media.byte_shelf import ByteShelf

RNG = np.random.default_rng(7)


def side(
    label_map: list[list[int]] | np.ndarray,
    reliability: list[list[int]] | np.ndarray | int = 200,
    objects: dict[int, float] | None = None,
) -> FrameResult:
    labels = np.array(label_map, np.uint8)
    reliable = np.broadcast_to(np.array(reliability, np.uint8), labels.shape).copy()
    ids = [int(i) for i in np.unique(labels) if i]
    return FrameResult(
        5, labels, reliable, objects or dict.fromkeys(ids, 0.5), None, 0.1, stage_seconds={}
    )


def middle(*object_ids: int) -> Nearness:
    """Half way between references that both show these objects."""
    return Nearness.of(5, dict.fromkeys(object_ids, 0), dict.fromkeys(object_ids, 10))


def random_side(seed: int, size: tuple[int, int] = (24, 31)) -> FrameResult:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, size).astype(np.uint8)
    return side(labels, rng.integers(0, 256, size), {1: 0.3, 2: 0.6, 3: 0.9})


def test_equal_sides_give_that_side() -> None:
    one = random_side(1)
    for frame in (1, 4, 9):
        nearness = Nearness.of(frame, {1: 0, 2: 0, 3: 0}, {1: 10, 2: 10, 3: 10})
        fused = fuse(one, one, nearness)
        np.testing.assert_array_equal(fused.label_map, one.label_map)
        np.testing.assert_array_equal(fused.reliability_map, one.reliability_map)
        assert fused.object_reliability == pytest.approx(one.object_reliability)


def test_half_way_the_more_reliable_side_wins_and_a_contest_is_doubtful() -> None:
    fused = fuse(side([[1, 1, 0]], [[200, 90, 90]]), side([[0, 0, 0]], [[150, 150, 90]]), middle(1))
    assert fused.label_map.tolist() == [[1, 0, 0]]
    assert fused.reliability_map.tolist() == [[50, 60, 90]]


def test_next_to_a_reference_its_side_dominates() -> None:
    ahead, back = side([[1, 1]], [[150, 150]]), side([[0, 0]], [[250, 250]])
    references = ({1: 0}, {1: 40})
    assert fuse(ahead, back, Nearness.of(1, *references)).label_map.tolist() == [[1, 1]]
    assert fuse(ahead, back, Nearness.of(20, *references)).label_map.tolist() == [[0, 0]]
    assert fuse(back, ahead, Nearness.of(39, *references)).label_map.tolist() == [[1, 1]]


def test_weights_by_hand() -> None:
    nearness = Nearness.of(2, {1: 0, 2: 1}, {1: 5})
    # forward: 3 frames to the later reference; backward: 2 frames to the earlier one
    ratio = (1 - np.exp(-2 / 3)) / (1 - np.exp(-3 / 3))
    assert nearness.forward[1] == 1 and nearness.backward[1] == pytest.approx(ratio)
    assert (nearness.forward[2], nearness.backward[2]) == (1, 0)  # one side alone carries it
    assert nearness.forward[0] == 1 and nearness.backward[0] < ratio  # the nearest: frames 1 and 5


def test_an_object_of_one_side_is_not_outvoted_by_a_side_that_never_saw_it() -> None:
    ahead, back = side([[1, 0]], 20, {1: 0.1}), side([[0, 2]], 255, {2: 1.0})
    fused = fuse(ahead, back, Nearness.of(5, {1: 0}, {2: 10}))
    assert fused.label_map.tolist() == [[1, 2]]
    assert set(fused.object_reliability) == {1, 2}


def test_ids_that_may_not_appear_leave_the_pixel_to_the_other_side() -> None:
    ahead, back = side([[1, 0, 1]], 10), side([[2, 2, 1]], 255)
    fused = fuse(ahead, back, middle(1, 2), object_ids=[1])
    assert fused.label_map.tolist() == [[1, 0, 1]]
    assert set(fused.object_reliability) == {1}


def test_permuting_ids_permutes_the_result() -> None:
    table = np.arange(256, dtype=np.uint8)
    table[[1, 2, 3]] = [90, 7, 31]

    def permuted(one: FrameResult) -> FrameResult:
        objects = {int(table[i]): value for i, value in one.object_reliability.items()}
        return side(table[one.label_map], one.reliability_map, objects)

    for seed in range(20):
        one, other = random_side(seed), random_side(seed + 100)
        frame = 1 + seed % 9
        first, last = {1: 0, 2: -2, 3: 0}, {1: 10, 2: 12}
        fused = fuse(one, other, Nearness.of(frame, first, last))
        again = fuse(
            permuted(one),
            permuted(other),
            Nearness.of(
                frame,
                {int(table[i]): f for i, f in first.items()},
                {int(table[i]): f for i, f in last.items()},
            ),
        )
        np.testing.assert_array_equal(table[fused.label_map], again.label_map)
        np.testing.assert_array_equal(fused.reliability_map, again.reliability_map)


def test_every_fused_pixel_is_one_sides_answer() -> None:
    for seed in range(20):
        one, other = random_side(seed), random_side(seed + 50)
        fused = fuse(one, other, middle(1, 2, 3))
        assert ((fused.label_map == one.label_map) | (fused.label_map == other.label_map)).all()
        agree = one.label_map == other.label_map
        low = np.minimum(one.reliability_map, other.reliability_map)[agree]
        assert (fused.reliability_map[agree] >= low).all()


@pytest.mark.parametrize("size", [(24, 32), (25, 33), (27, 34), (1, 1)])
def test_a_packed_side_comes_back(size: tuple[int, int]) -> None:
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    smooth = (3 * rows + 2 * columns).astype(np.uint8)  # linear: kept exactly between samples
    one = side(RNG.integers(0, 4, size), smooth)
    back = PackedSide.of(one, ByteShelf()).unpack()
    np.testing.assert_array_equal(back.label_map, one.label_map)
    inside = (slice(0, (height - 1) // 4 * 4 + 1), slice(0, (width - 1) // 4 * 4 + 1))
    difference = back.reliability_map[inside].astype(int) - smooth[inside]
    assert np.abs(difference).max() <= 1
    assert back.reliability_map.shape == size
    assert back.object_reliability == one.object_reliability


def test_a_packed_frame_is_small() -> None:
    labels = np.zeros((480, 854), np.uint8)
    labels[100:300, 200:500] = 1
    assert PackedSide.of(side(labels, 255), ByteShelf()).nbytes < 8_000


@pytest.mark.parametrize("has_references", [False, True])
def test_the_clusters_of_a_packed_side_come_back(has_references: bool) -> None:
    clusters = RNG.integers(0, 200, (3, 5)).astype(np.uint8)
    references = RNG.integers(0, 4, (3, 5)).astype(np.uint8) if has_references else None
    one = replace(
        random_side(2), cluster_map=clusters, reference_map=references, reference_frames=(0, 8)
    )
    packed = PackedSide.of(one, ByteShelf())
    assert packed.result.cluster_map is None and packed.result.reference_map is None
    back = packed.unpack()
    np.testing.assert_array_equal(back.cluster_map, clusters)
    if has_references:
        np.testing.assert_array_equal(back.reference_map, references)
    else:
        assert back.reference_map is None
    assert back.reference_frames == (0, 8)

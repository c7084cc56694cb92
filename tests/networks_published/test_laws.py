"""Laws of the task for every network in the propagator, and inputs at the edge of the defined."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import torch

from tests.networks_published.small_networks import NAMES, build_exact, build_small
from tests.support.tiny_network import moving_squares, tiny_propagator
from vos_core.errors import UserError
from vos_core.inference import FrameResult, Propagator, PropagatorOptions
from vos_core.matching import global_matching as global_module
from vos_core.networks.aoc_lite.calibration import ConfidenceLinear
from vos_core.networks.published_engine import PublishedEngine
from vos_core.networks.published_matching.maps import FAST, PLAIN
from vos_core.networks.published_matching.reference import join_references
from vos_core.networks.published_records import PreviousFrame

EVERY = (*NAMES, "aoc-lite")
SIZE = (33, 33)


@functools.lru_cache(maxsize=1)
def propagator_of(name: str) -> Propagator:
    if name == "aoc-lite":
        return tiny_propagator()
    engine = PublishedEngine(build_small(name), dtype=torch.float64)
    cpu = torch.device("cpu")
    return Propagator(engine, device=cpu, dtype=torch.float64, model_name=name)


def run(
    name: str,
    frames: np.ndarray,
    references: Mapping[int, np.ndarray],
    targets: Sequence[int] = (1, 2),
    *,
    object_ids: Sequence[int] | None = None,
    options: PropagatorOptions | None = None,
) -> list[FrameResult]:
    propagation = propagator_of(name).start(
        lambda index: frames[index], references, targets, object_ids=object_ids, options=options
    )
    results = []
    while (result := propagation.step()) is not None:
        results.append(result)
    return results


def clip(objects: int, *, size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    return moving_squares(3, objects=objects, seed=objects, size=size, side=12)


@pytest.mark.parametrize("name", EVERY)
def test_other_ids_with_holes_between_them_change_nothing_but_the_ids(name: str) -> None:
    frames, truth = clip(3)
    table = np.zeros(256, np.uint8)
    table[[1, 2, 3]] = 200, 7, 31  # another order, and holes
    plain = run(name, frames, {0: truth[0]})
    moved = run(name, frames, {0: table[truth[0]]})
    for one, other in zip(plain, moved, strict=True):
        assert np.array_equal(other.label_map, table[one.label_map])
        assert set(other.object_reliability) == {7, 31, 200}
        for before, after in ((1, 200), (2, 7), (3, 31)):
            assert other.object_reliability[after] == pytest.approx(
                one.object_reliability[before], abs=1e-5
            )


@pytest.mark.parametrize("name", EVERY)
def test_an_object_that_no_reference_has_shown_gets_no_pixel_and_disturbs_nobody(name: str) -> None:
    """Asked for by name, or shown by a reference ahead only."""
    frames, truth = clip(2)
    alone = run(name, frames, {0: truth[0]})
    asked = run(name, frames, {0: truth[0]}, object_ids=[1, 2, 9])
    for one, other in zip(alone, asked, strict=True):
        assert np.array_equal(one.label_map, other.label_map)
        assert np.array_equal(one.reliability_map, other.reliability_map)


@pytest.mark.parametrize("name", EVERY)
def test_an_all_background_reference(name: str) -> None:
    """Alone it is refused; behind the targets it says that the objects are not there."""
    frames, truth = clip(1)
    empty = np.zeros_like(truth[0])
    with pytest.raises(UserError, match="paint at least one object"):
        run(name, frames, {0: empty})
    (result,) = run(name, frames, {0: truth[0], 1: empty}, (2,))
    assert result.label_map.shape == SIZE
    assert set(np.unique(result.label_map)) <= {0, 1}
    assert set(result.object_reliability) == {1}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("place", [(4, 4), (5, 6)], ids=["on the grid", "between its points"])
def test_an_object_of_one_pixel(name: str, place: tuple[int, int]) -> None:
    frames, truth = clip(1)
    mask = np.where(truth[0] == 1, 1, 0).astype(np.uint8)
    mask[mask == 5] = 0
    mask[place] = 5
    for result in run(name, frames, {0: mask}):
        assert set(np.unique(result.label_map)) <= {0, 1, 5}
        assert set(result.object_reliability) == {1, 5}
        assert all(0 <= value <= 1 for value in result.object_reliability.values())


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (2, 40)])
@pytest.mark.parametrize("sizing", ["short-edge", "long-edge"])
def test_a_frame_smaller_than_the_stride(name: str, size: tuple[int, int], sizing: str) -> None:
    rng = np.random.default_rng(3)
    frames = rng.integers(0, 256, (2, *size, 3), dtype=np.uint8)
    mask = np.zeros(size, np.uint8)
    mask[0, 0] = 4
    options = PropagatorOptions(sizing=sizing)
    (result,) = run(name, frames, {0: mask}, (1,), options=options)
    assert result.label_map.shape == result.reliability_map.shape == size
    assert set(np.unique(result.label_map)) <= {0, 4}


@pytest.mark.parametrize("name", NAMES)
def test_chunk_size_and_threads_change_nothing_beyond_rounding(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, truth = clip(2)
    whole = run(name, frames, {0: truth[0]}, (1,))[0]
    monkeypatch.setattr(global_module, "CHUNK_ELEMENTS", 512)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        pieces = run(name, frames, {0: truth[0]}, (1,))[0]
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(whole.label_map, pieces.label_map)
    difference = whole.reliability_map.astype(int) - pieces.reliability_map
    assert np.abs(difference).max() <= 1


def blocky(rng: np.random.Generator, size: tuple[int, int], ids: Sequence[int]) -> torch.Tensor:
    """Random labels in blocks of three pixels, some of nobody."""
    height, width = size
    coarse = rng.choice([0, 0, *ids], (height // 3 + 1, width // 3 + 1))
    labels = coarse.repeat(3, 0).repeat(3, 1)[:height, :width]
    labels[rng.random(size) < 0.03] = 255
    return torch.from_numpy(labels)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("size", "count", "mask_size"),
    [
        ((17, 49), 1, (17, 49)),
        ((49, 33), 2, (100, 71)),  # masks at another size than the input
        ((33, 17), 7, (33, 17)),
        ((17, 17), 0, (5, 5)),
    ],
)
@torch.inference_mode()
def test_fast_equals_plain_on_other_sizes_and_counts(
    name: str, size: tuple[int, int], count: int, mask_size: tuple[int, int]
) -> None:
    """Sizes, counts and labels that no recorded case has.

    AOC's gate that drops the lowest confidences is left open: it jumps where two are almost equal,
    and maps differ by rounding.
    """
    rng = np.random.default_rng(100 * count + size[0])
    network = build_exact(name)
    for module in network.modules():
        if isinstance(module, ConfidenceLinear):
            module.drop_ratio = 0.0
    generator = torch.Generator().manual_seed(count)
    frames = [
        network.encode(torch.randn(1, 3, *size, generator=generator, dtype=torch.float64))
        for _ in range(3)
    ]
    ids = range(1, count + 1)
    labels = [blocky(rng, mask_size, ids) for _ in range(3)]
    found = {}
    for is_fast in (True, False):
        network.primitives = FAST if is_fast else PLAIN
        network.is_folded = is_fast
        digests = [network.digest(frames[i], labels[i], count + 1) for i in (0, 1)]
        previous = PreviousFrame(frames[1], labels[2])
        found[is_fast] = network(frames[2], join_references(digests), previous).logits
    build_exact.cache_clear()  # the network has other switches now
    assert found[True].shape == (count + 1, (size[0] + 3) // 4, (size[1] + 3) // 4)
    torch.testing.assert_close(found[True], found[False], rtol=0, atol=1e-3)

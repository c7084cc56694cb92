"""Decoding objects in windows: equal to the whole where it must be, and nothing is lost."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.support.tiny_network import build_tiny_network, moving_squares, shake_zero_starts
from vos_core.networks.aoc_lite import AocLite, Features, State, stride4_probabilities
from vos_core.networks.aoc_lite.records import ObjectMemory
from vos_core.networks.aoc_lite.statistics import Recorded, Remembered
from vos_core.networks.aoc_lite.window_decoding import (
    Plan,
    WindowRules,
    decode_by_plan,
    make_plan,
)
from vos_core.networks.aoc_lite.windows import Window, crop, equal_sizes, window_around
from vos_core.ops.aggregation import LOG_ODDS_LIMIT

GRID = (21, 21)
SIZE = (16 * 20 + 1, 16 * 20 + 1)
RULES = WindowRules(margin=2)


@pytest.fixture(scope="module")
def network() -> AocLite:
    return shake_zero_starts(build_tiny_network()).eval()


def scene(network: AocLite, ids: tuple[int, ...] = (1, 2, 3)) -> tuple[list[Features], State]:
    """Features of four frames with three squares, and the state at the first."""
    frames, truth = moving_squares(4, objects=3, seed=3, size=SIZE, side=48)
    features = [
        network.encode(torch.from_numpy(frame.copy()).permute(2, 0, 1)[None].float())
        for frame in frames
    ]
    labels = torch.from_numpy(truth[0].astype("int64"))
    reference = network.reference(features[0], labels, ids)
    return features, network.begin([reference], features[0], labels)


def inputs(network: AocLite, target: Features, state: State) -> tuple[Tensor, Tensor, Tensor]:
    stack = network.matching(target, state.references, state.previous, state.probabilities)
    return stack.stride8, stack.stride16, network.guidance(state)


def decoded_whole(
    network: AocLite, target: Features, maps: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    groups = torch.zeros(len(maps[0]), dtype=torch.int64)
    result: Tensor = network.decoder(target, *maps, groups)
    return result


@torch.inference_mode()
def test_recording_changes_nothing(network: AocLite) -> None:
    features, state = scene(network)
    maps = inputs(network, features[1], state)
    plan = Plan((0, 1, 2), {0: Window(1, 2, 5, 6)}, (1.0, 1.0, 1.0))
    logits, memories = decode_by_plan(network.decoder, features[1], *maps, None, plan)
    torch.testing.assert_close(
        logits, decoded_whole(network, features[1], maps), rtol=1e-4, atol=1e-4
    )
    assert len(memories) == 3
    # two norms each in two blocks at stride 8 and three at stride 16; two calibrations
    assert [len(memory.outside) for memory in memories] == [10, 10, 10]
    assert [len(memory.vectors) for memory in memories] == [2, 2, 2]


@torch.inference_mode()
def test_a_window_of_the_whole_frame_equals_the_whole(network: AocLite) -> None:
    features, state = scene(network)
    maps = inputs(network, features[1], state)
    everywhere = {row: Window(0, 0, *GRID) for row in range(3)}
    _, memories = decode_by_plan(
        network.decoder, features[1], *maps, None, Plan((0, 1, 2), everywhere, (1.0,) * 3)
    )
    logits, _ = decode_by_plan(
        network.decoder, features[1], *maps, memories, Plan((0,), everywhere, (1.0,) * 3)
    )
    torch.testing.assert_close(
        logits, decoded_whole(network, features[1], maps), rtol=1e-3, atol=1e-3
    )


@torch.inference_mode()
def test_the_norm_of_a_window_is_that_of_the_frame() -> None:
    generator = torch.Generator().manual_seed(0)
    norm = torch.nn.GroupNorm(4, 16)
    norm.weight.copy_(torch.rand(16, generator=generator))
    norm.bias.copy_(torch.rand(16, generator=generator))
    maps = 3 + torch.randn(2, 16, *GRID, generator=generator)
    window = Window(2, 3, 9, 7)
    maps[(slice(None), slice(None), *window.at(16))] += 5  # unlike the rest of the frame
    recorded = Recorded([], {0: window, 1: window}, GRID)
    whole = recorded.normalise(norm, maps)
    torch.testing.assert_close(whole, norm(maps))
    part = maps[(slice(None), slice(None), *window.at(16))].contiguous()
    found = Remembered(recorded.memories([1.0, 1.0])).normalise(norm, part)
    expected = whole[(slice(None), slice(None), *window.at(16))]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert float((norm(part) - expected).abs().max()) > 1  # its own norm is another


@torch.inference_mode()
def test_outside_its_window_an_object_is_nowhere(network: AocLite) -> None:
    features, state = scene(network)
    maps = inputs(network, features[1], state)
    windows = {row: Window(2, 3, 17, 15) for row in range(3)}
    _, memories = decode_by_plan(
        network.decoder, features[1], *maps, None, Plan((0, 1, 2), windows, (1.0,) * 3)
    )
    logits, after = decode_by_plan(
        network.decoder, features[1], *maps, memories, Plan((), windows, (1.0,) * 3)
    )
    outside = torch.ones(logits.shape[1:], dtype=torch.bool)
    outside[windows[0].at(4)] = False
    assert (logits[:, outside] == -LOG_ODDS_LIMIT).all()
    assert (logits[:, 40, 40] > -LOG_ODDS_LIMIT).all()
    assert [memory.age for memory in after] == [1, 1, 1]


@torch.inference_mode()
def test_permuting_ids_permutes_the_frames_of_a_propagation(network: AocLite) -> None:
    network.window_rules = WindowRules(margin=1, whole_share=0.9, renewal=2, fewest=2)
    try:
        runs = []
        for ids in ((1, 2, 3), (3, 1, 2)):
            features, state = scene(network, ids)
            for target in features[1:]:
                result = network.step(target, state)
                state = network.absorb(target, stride4_probabilities(result.logits), state, result)
            assert state.memories is not None
            runs.append((result.logits, [memory.age for memory in state.memories]))
    finally:
        network.window_rules = WindowRules()
    (first, ages), (second, permuted) = runs
    torch.testing.assert_close(second, first[[2, 0, 1]], rtol=1e-3, atol=1e-3)
    assert permuted == [ages[2], ages[0], ages[1]]


@torch.inference_mode()
def test_few_objects_and_plain_rules_decode_the_whole_frame(network: AocLite) -> None:
    features, state = scene(network)
    try:
        network.window_rules = None
        assert network.step(features[1], state).memories is None
        network.window_rules = WindowRules(fewest=4)
        assert network.step(features[1], state).memories is None
        network.window_rules = WindowRules(fewest=3)
        assert network.step(features[1], state).memories is not None
        network.window_rules = WindowRules(fewest=0)
        _, lone = scene(network, (1,))
        assert network.step(features[1], lone).memories is None
    finally:
        network.window_rules = WindowRules()


BLOCK = (slice(5, 7), slice(5, 7))


def plan_of(maps: Tensor, *, seen: tuple[bool, ...], ages: tuple[int, ...]) -> Plan:
    """The plan for objects that covered four cells when they were last decoded whole."""
    memories = [ObjectMemory((), (), (), area=4.0, age=age) for age in ages]
    return make_plan(maps, torch.tensor(seen)[:, None, None].float(), memories, RULES)


def maps_at_16() -> Tensor:
    """Maps of two objects that nothing matches: far, others, near, others, previous mask."""
    maps = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0])[None, :, None, None]
    maps = maps.repeat(2, 1, *GRID)
    maps[:, 4, *BLOCK] = 1.0
    return maps


def test_an_object_is_decoded_around_its_mask() -> None:
    plan = plan_of(maps_at_16(), seen=(True, True), ages=(1, 1))
    assert plan == Plan((), {0: Window(3, 3, 6, 6), 1: Window(3, 3, 6, 6)}, (4.0, 4.0))


def test_what_matches_nearby_widens_the_window() -> None:
    maps = maps_at_16()
    maps[0, 0, 9, 5] = maps[0, 2, 9, 5] = -1.0
    plan = plan_of(maps, seen=(True, True), ages=(1, 1))
    assert plan.windows[0] == Window(3, 3, 9, 6)
    assert plan.whole == ()


def test_what_was_not_seen_is_looked_for_everywhere() -> None:
    plan = plan_of(maps_at_16(), seen=(False, True), ages=(1, 1))
    assert (plan.whole, list(plan.windows)) == ((0,), [1])


def test_what_shows_itself_elsewhere_is_looked_for_everywhere() -> None:
    maps = maps_at_16()
    maps[1, 0, 15, 15] = -1.0  # one cell is chance
    assert plan_of(maps, seen=(True, True), ages=(1, 1)).whole == ()
    maps[1, 0, 14:17, 14:17] = -1.0
    assert plan_of(maps, seen=(True, True), ages=(1, 1)).whole == (1,)


def test_a_large_object_is_decoded_whole() -> None:
    maps = maps_at_16()
    maps[0, 4, 2:18, 2:18] = 1.0
    assert plan_of(maps, seen=(True, True), ages=(1, 1)).whole == (0,)


def test_the_oldest_memory_is_renewed_first_and_a_grown_object_before_it() -> None:
    ages = (RULES.renewal // 2, RULES.renewal // 2 + 1)
    assert plan_of(maps_at_16(), seen=(True, True), ages=ages).whole == (1,)
    assert plan_of(maps_at_16(), seen=(True, True), ages=(1, 30)).whole == ()  # one at a time
    maps = maps_at_16()
    maps[0, 4, 5:9, 5:9] = 1.0  # four times its area
    assert plan_of(maps, seen=(True, True), ages=ages).whole == (0,)


def test_without_memories_all_are_decoded_whole() -> None:
    probabilities = torch.ones(2, 4, 4)
    assert make_plan(maps_at_16(), probabilities, None, RULES).whole == (0, 1)


def test_windows_by_hand() -> None:
    cells = torch.zeros(GRID, dtype=torch.bool)
    assert window_around(cells, 3) is None
    cells[1, 20] = cells[4, 12] = True
    assert window_around(cells, 0) == Window(1, 12, 4, 9)
    assert window_around(cells, 3) == Window(0, 9, 8, 12)  # cut by the frame
    # the smaller one grows around its middle, and moves off the frame's edge
    assert Window(0, 17, 4, 4).resized(6, 8, GRID) == Window(0, 13, 6, 8)
    assert Window(5, 5, 4, 4).resized(6, 8, GRID) == Window(4, 3, 6, 8)
    groups = equal_sizes([Window(0, 0, 5, 5), Window(9, 9, 2, 2), Window(3, 3, 5, 4)], GRID)
    assert groups == [
        ([0, 2], [Window(0, 0, 5, 5), Window(3, 3, 5, 5)]),
        ([1], [Window(9, 9, 2, 2)]),
    ]


def test_corners_of_windows_lie_on_corners() -> None:
    """Cell (i, j) of stride 16 is cell (4 i, 4 j) of stride 4."""
    maps = torch.arange(81 * 81, dtype=torch.float32).view(1, 1, 81, 81)
    cut = crop(maps, [Window(2, 3, 4, 5)], 4, [0])
    assert cut.shape == (1, 1, 13, 17)
    assert cut[0, 0, 0, 0] == maps[0, 0, 8, 12]
    assert cut[0, 0, -1, -1] == maps[0, 0, 20, 28]

"""A published network in the propagator's terms: laws of the task."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.networks_published.conftest import find_fixture
from tests.networks_published.small_networks import (
    NAMES,
    SIZE,
    build_small,
    random_features,
    random_labels,
)
from vos_core.networks.published import PublishedNetwork, ReleasedBehaviour
from vos_core.networks.published_engine import (
    PublishedEngine,
    PublishedState,
    channels_of,
)
from vos_core.networks.published_presets import build_published
from vos_core.networks.published_records import PreviousFrame
from vos_core.weights.fixture_weights import generate_weights
from vos_core.weights.parity import read_fixture
from vos_core.weights.published import fill_network


def images(count: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(9)
    return [255 * torch.rand(1, 3, *SIZE, generator=generator) for _ in range(count)]


def exact_engine(name: str) -> PublishedEngine:
    """In double precision, so that nothing hides behind rounding."""
    return PublishedEngine(build_small(name), dtype=torch.float64)


@torch.inference_mode()
def propagate(
    engine: PublishedEngine, label_map: Tensor, ids: tuple[int, ...], *, steps: int = 2
) -> list[Tensor]:
    """Probabilities of some frames after the first, whose labels are given."""
    frames = [engine.encode(image) for image in images(steps + 1)]
    reference = engine.reference(frames[0], label_map, ids)
    state = engine.begin([reference], frames[0], label_map)
    found = []
    for frame in frames[1:]:
        result = engine.step(frame, state)
        probabilities = engine.aggregate(result.logits)
        found.append(probabilities)
        state = engine.absorb(frame, probabilities, state, result)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_permuting_ids_permutes_the_result(name: str) -> None:
    labels = random_labels(3, 21)
    moved = labels.clone()
    for old, new in ((1, 30), (2, 7), (3, 11)):
        moved[labels == old] = new
    engine = exact_engine(name)
    plain = propagate(engine, labels, (1, 2, 3))
    permuted = propagate(engine, moved, (7, 11, 30))
    for one, other in zip(plain, permuted, strict=True):
        # channels 1, 2, 3 of the second are the objects 2, 3, 1 of the first
        torch.testing.assert_close(other, one[[0, 2, 3, 1]], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_an_object_that_no_reference_shows_changes_nothing(name: str) -> None:
    labels = random_labels(2, 22)
    labels[labels == 2] = 9
    engine = exact_engine(name)
    alone = propagate(engine, labels, (1, 9))
    among = propagate(engine, labels, (1, 5, 9, 12))
    for one, other in zip(alone, among, strict=True):
        assert torch.equal(other[[0, 1, 3]], one)
        assert not other[[2, 4]].any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "label_map",
    [torch.zeros(SIZE, dtype=torch.uint8), torch.full(SIZE, 255, dtype=torch.uint8)],
    ids=["all background", "all nobody"],
)
def test_a_reference_without_objects_gives_background(name: str, label_map: Tensor) -> None:
    for probabilities in propagate(exact_engine(name), label_map, (1, 2)):
        assert torch.equal(probabilities[0], torch.ones_like(probabilities[0]))


@pytest.mark.parametrize("name", NAMES)
def test_a_single_pixel_that_a_grid_sees_is_an_object(name: str) -> None:
    label_map = torch.zeros(SIZE, dtype=torch.uint8)
    label_map[3, 3] = 4
    (first, _) = propagate(exact_engine(name), label_map, (4,))
    assert torch.isfinite(first).all()
    assert bool((first[1] > 0).all())
    label_map[3, 3], label_map[5, 5] = 0, 4  # between the grid's points
    (first, _) = propagate(exact_engine(name), label_map, (4,))
    assert not first[1].any()


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_the_smallest_input_runs(name: str) -> None:
    """17 x 17 pixels: two cells at stride 16, three in half-resolution matching."""
    engine = exact_engine(name)
    generator = torch.Generator().manual_seed(8)
    first, second = (
        engine.encode(255 * torch.rand(1, 3, 17, 17, generator=generator)) for _ in range(2)
    )
    labels = torch.zeros(17, 17, dtype=torch.uint8)
    labels[:9, :9] = 3
    state = engine.begin([engine.reference(first, labels, (3,))], first, labels)
    logits = engine.step(second, state).logits
    assert logits.shape == (2, 5, 5)
    assert torch.isfinite(logits).all()


@torch.inference_mode()
def test_a_step_changes_no_state() -> None:
    engine = exact_engine("rpcm")
    labels = random_labels(2, 23)
    frames = [engine.encode(image) for image in images(3)]
    state = engine.begin([engine.reference(frames[0], labels, (1, 2))], frames[0], labels)
    first = engine.step(frames[1], state)
    state = engine.absorb(frames[1], engine.aggregate(first.logits), state, first)
    assert state.memory is not None
    kept = [value.clone() for value in state.memory]
    once = engine.step(frames[2], state)
    again = engine.step(frames[2], state)
    assert torch.equal(once.logits, again.logits)
    assert all(torch.equal(one, other) for one, other in zip(state.memory, kept, strict=True))


@torch.inference_mode()
def test_memory_starts_anew_when_an_object_appears() -> None:
    engine = exact_engine("rpcm")
    labels = random_labels(2, 24)
    frames = [engine.encode(image) for image in images(3)]
    without = labels.masked_fill(labels == 2, 0)
    known = engine.reference(frames[0], without, (1, 2))
    state = engine.begin([known], frames[0], without)
    step = engine.step(frames[1], state)
    assert step.memory_channels == (0, 1)
    state = engine.absorb(frames[1], engine.aggregate(step.logits), state, step)
    added = state.with_references(engine.join([known, engine.reference(frames[1], labels, (1, 2))]))
    fresh = PublishedState(added.object_ids, added.references, added.previous, added.channel_map)
    result = engine.step(frames[2], added)
    assert result.memory_channels == (0, 1, 2)
    assert torch.equal(result.logits, engine.step(frames[2], fresh).logits)


@torch.inference_mode()
def test_several_references_are_joined_as_one_pool() -> None:
    """Two copies of one reference are that reference: minima and means do not count copies."""
    engine = exact_engine("cfbi-plus")
    labels = random_labels(3, 25)
    frames = [engine.encode(image) for image in images(2)]
    one = engine.reference(frames[0], labels, (1, 2, 3))
    single = engine.step(frames[1], engine.begin([one], frames[0], labels)).logits
    double = engine.step(frames[1], engine.begin([one, one], frames[0], labels)).logits
    torch.testing.assert_close(double, single, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="share one list"):
        engine.join([one, engine.reference(frames[0], labels, (1, 2))])


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_receives_a_gradient(name: str) -> None:
    network = build_small(name).train()  # away from the start, where some gates are the identity
    labels = random_labels(2, 34)
    frames = [random_features(network, seed) for seed in range(2)]
    reference = network.digest(frames[0], labels, 3)
    result = network(frames[1], reference, PreviousFrame(frames[0], labels))
    assert result.logits.shape == (3, 9, 13)
    truth = torch.randint(0, 3, (1, 9, 13), generator=torch.Generator().manual_seed(1))
    torch.nn.functional.cross_entropy(result.logits[None], truth).backward()
    silent = [
        key
        for key, parameter in network.named_parameters()
        if parameter.grad is None or not bool(parameter.grad.any())
    ]
    assert silent == []


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_the_batched_head_computes_in_half_precision_too(name: str) -> None:
    """What an accelerator runs: all labels at once, in bfloat16."""
    engine = PublishedEngine(build_small(name), dtype=torch.bfloat16)
    folded = propagate(engine, random_labels(2, 27), (1, 2), steps=1)[0]
    engine.network.is_folded = False
    batched = propagate(engine, random_labels(2, 27), (1, 2), steps=1)[0]
    assert torch.isfinite(batched).all()
    assert (batched - folded).abs().mean() < 0.2


def test_ids_become_channels() -> None:
    label_map = torch.tensor([[0, 3, 255], [7, 1, 3]], dtype=torch.uint8)
    assert channels_of(label_map, (3, 7)).tolist() == [[0, 1, -1], [2, 0, 1]]


def normalised(network: PublishedNetwork) -> list[float]:
    """What the backbone's first layer sees of an image of one colour (255, 0, 51)."""
    seen: list[Tensor] = []
    network.backbone.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    colour = torch.tensor([255.0, 0.0, 51.0]).view(1, 3, 1, 1).expand(1, 3, *SIZE)
    with torch.inference_mode():
        PublishedEngine(network).encode(colour)
    return seen[0][0, :, 0, 0].tolist()


def test_planes_are_normalised_in_the_order_that_the_weights_expect() -> None:
    network = build_small("cfbi")
    expected = [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.2 - 0.406) / 0.225]
    assert normalised(network) == pytest.approx(expected)
    network = build_small("cfbi")
    network.behaviour = ReleasedBehaviour(bgr_input=True)
    expected = [(0.2 - 0.485) / 0.229, (0 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    assert normalised(network) == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "largest", "agreeing"),
    [(torch.float32, 1e-3, 1.0), (torch.bfloat16, 0.5, 0.93)],
    ids=["float32", "bfloat16"],
)
@torch.inference_mode()
def test_the_prepared_network_gives_the_recorded_logits(
    dtype: torch.dtype, largest: float, agreeing: float
) -> None:
    """From images of bytes to logits, with norms and gates folded."""
    fixture = read_fixture(find_fixture("cfbi_mnv2_k3_129x161.npz"))
    network = build_published("cfbi-mobilenet", ReleasedBehaviour(largest_window_first=True))
    tensors = generate_weights(find_fixture("cfbi_mnv2_manifest.json"))
    fill_network(network, tensors, "cfbi-mobilenet", "manifest")
    engine = PublishedEngine(network, dtype=dtype)
    reference, target = (
        engine.encode(torch.from_numpy(image.copy()).permute(2, 0, 1)[None])
        for image in fixture.arrays["images"][:2]
    )
    labels = torch.from_numpy(fixture.arrays["masks"][0].copy())
    known = engine.reference(reference, labels, (1, 2, 3))
    logits = engine.step(target, engine.begin([known], reference, labels)).logits
    expected = torch.from_numpy(fixture.arrays["logit_A"])
    assert logits.dtype == torch.float32
    assert float((logits - expected).abs().max()) <= largest
    assert float((logits.argmax(0) == expected.argmax(0)).float().mean()) >= agreeing

"""`aoc-lite`: what learns, independence of objects, join of references, shapes, types."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.tiny_network import build_tiny_network, moving_squares, shake_zero_starts
from vos_core.errors import UserError
from vos_core.networks.aoc_lite import (
    AocLite,
    Features,
    Reference,
    State,
    StepResult,
    stride4_probabilities,
)
from vos_core.networks.aoc_lite.network import known_probabilities
from vos_core.networks.aoc_lite.records import channel_labels
from vos_core.networks.presets import build_network, parameter_count


@pytest.fixture(scope="module")
def network() -> AocLite:
    return shake_zero_starts(build_tiny_network())


def scene(
    network: AocLite, *, objects: int = 2, ids: tuple[int, ...] | None = None
) -> tuple[Features, Features, Features, torch.Tensor, Reference, State]:
    """Features of three frames, the mask of the first, its reference, the state at the second."""
    frames, truth = moving_squares(3, objects=objects, seed=11)
    images = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
    features = network.encode(images)
    labels = torch.from_numpy(truth.astype(np.int64))
    chosen = ids or tuple(range(1, objects + 1))
    reference = network.reference(features.frame(0), labels[0], chosen)
    state = network.begin([reference], features.frame(1), labels[1])
    first, second, third = (features.frame(index) for index in range(3))
    return first, second, third, labels[0], reference, state


def assert_close(first: torch.Tensor, second: torch.Tensor) -> None:
    torch.testing.assert_close(first, second, atol=1e-4, rtol=1e-3)


def test_the_preset_has_the_shipped_size() -> None:
    network = build_network("aoc-lite")
    assert parameter_count(network) == sum(p.numel() for p in network.state_dict().values())
    assert 5.0e6 < parameter_count(network) < 7.0e6
    with pytest.raises(UserError, match="no network named 'aoc'; known: aoc-lite"):
        build_network("aoc")


def test_shapes_of_features_and_logits(network: AocLite) -> None:
    with torch.no_grad():
        _, _, target, _, _, state = scene(network)
        result = network.step(target, state)
    assert [target.grid(stride) for stride in (4, 8, 16)] == [(25, 25), (13, 13), (7, 7)]
    assert result.logits.shape == (2, 25, 25)
    assert result.cluster_index.shape == (3, 13, 13)
    assert result.logits.dtype == torch.float32


def test_a_gradient_reaches_every_parameter_that_learns_and_no_other() -> None:
    network = shake_zero_starts(build_tiny_network()).train()
    *_, target, _, _, state = scene(network)
    network.step(target, state).logits.square().mean().backward()
    frozen = {"backbone.stem"} | {f"backbone.stages.{index}." for index in range(2)}
    for name, parameter in network.named_parameters():
        learns = not name.startswith(tuple(frozen)) and not name.endswith("depthwise_weight")
        assert parameter.requires_grad == learns, name
        if learns:
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name
        else:
            assert parameter.grad is None, name


def test_training_and_inference_compute_the_same(network: AocLite) -> None:
    """With a gradient matching recomputes distances at the winners; the values must agree."""
    *_, learning, _, _, state = scene(network)
    with_gradient = network.step(learning, state).logits.detach()
    with torch.no_grad():
        *_, target, _, _, state = scene(network)
        without = network.step(target, state).logits
    # clusters may differ: training iterates k-means less often
    assert float((with_gradient - without).abs().mean()) < 0.05 * float(without.abs().mean())


def test_permuting_ids_permutes_the_logits(network: AocLite) -> None:
    with torch.no_grad():
        *_, target, _, _, state = scene(network, objects=3)
        logits = network.step(target, state).logits
        *_, target, _, _, state = scene(network, objects=3, ids=(3, 1, 2))
        permuted = network.step(target, state).logits
    assert_close(permuted, logits[[2, 0, 1]])


def test_an_absent_objects_channel_changes_no_matching_map_of_the_others(
    network: AocLite,
) -> None:
    with torch.no_grad():
        *_, target, _, _, state = scene(network)
        alone = network.matching(target, state.references, state.previous, state.probabilities)
        *_, target, _, _, state = scene(network, ids=(1, 2, 9))
        more = network.matching(target, state.references, state.previous, state.probabilities)
    assert_close(more.stride8[:2], alone.stride8)
    assert_close(more.stride16[:2], alone.stride16)
    # the absent object itself: every foreground map says "no such pixel"
    foreground = [0, 2, 3, 4, 8, 10]
    assert (more.stride8[2, foreground] == 1).all()


def test_clips_in_one_batch_do_not_see_each_other(network: AocLite) -> None:
    with torch.no_grad():
        *_, target, _, _, state = scene(network, objects=2)
        *_, other, _, _, other_state = scene(network, objects=1)
        alone = network.step(target, state).logits
        joint = Features(*(torch.cat(pair) for pair in zip(other, target, strict=True)))
        together = network.step_clips(joint, [other_state, state])
    assert [result.logits.shape[0] for result in together] == [1, 2]
    assert_close(together[1].logits, alone)


def test_a_reference_joined_with_itself_changes_nothing(network: AocLite) -> None:
    with torch.no_grad():
        _, _, target, _, reference, state = scene(network)
        twice = state.with_references(network.join([reference, reference]))
        once, doubled = network.step(target, state), network.step(target, twice)
    assert_close(once.logits, doubled.logits)


def test_the_order_of_references_does_not_matter(network: AocLite) -> None:
    with torch.no_grad():
        first, second, target, labels, reference, state = scene(network)
        other = network.reference(second, labels.roll(7, 0), (1, 2))
        one = network.step(target, state.with_references(network.join([reference, other])))
        two = network.step(target, state.with_references(network.join([other, reference])))
    assert_close(one.logits, two.logits)
    del first


def test_an_object_shown_by_one_of_two_references_is_matched_from_it(network: AocLite) -> None:
    with torch.no_grad():
        _, second, _, labels, reference, _ = scene(network)
        only_first = torch.where(labels == 2, 0, labels)
        other = network.reference(second, only_first, (1, 2))
        joined = network.join([other, reference])
    assert_close(joined.means[2], reference.proxies.means[2])
    assert joined.valid[2].sum() == reference.proxies.valid[2].sum()
    bounds = joined.segments8.bounds
    own = reference.segments8.bounds
    assert bounds[3] - bounds[2] == own[3] - own[2]


def test_references_of_different_objects_cannot_be_joined(network: AocLite) -> None:
    with torch.no_grad():
        first, second, _, labels, reference, _ = scene(network)
        other = network.reference(first, labels, (1,))
    for references in ([reference, other], []):
        with pytest.raises(ValueError, match="share one list of object ids"):
            network.begin(references, second, labels)


def test_reference_labels_are_taken_where_the_features_are(network: AocLite) -> None:
    """Sides are 16 n + 1, so the feature at (i, j) of stride s lies on pixel (s i, s j)."""
    features = network.encode(torch.zeros(1, 3, 97, 97))
    labels = torch.zeros(97, 97, dtype=torch.int64)
    labels[96, 96] = 1  # the last feature's own pixel at every stride
    with torch.no_grad():
        reference = network.reference(features, labels, (1,))
    for segments, last in ((reference.segments8, 13 * 13 - 1), (reference.segments16, 48)):
        assert segments.bounds[2] - segments.bounds[1] == 1
        keys = features.key8 if last > 48 else features.key16
        assert_close(segments.keys[-1], keys[0].flatten(1)[:, last])


def test_guidance_sums_count_nobodys_pixels_nowhere(network: AocLite) -> None:
    with torch.no_grad():
        first, _, _, labels, reference, _ = scene(network)
        hidden = labels.clone()
        hidden[labels == 0] = 255
        other = network.reference(first, hidden, (1, 2))
    assert_close(other.foreground_sums, reference.foreground_sums)
    # what is left as background of each object are the pixels of the other one
    assert other.background_counts.tolist() == reference.foreground_counts.flip(0).tolist()
    assert_close(other.background_sums, reference.foreground_sums.flip(0))


def test_bfloat16_stays_close(network: AocLite) -> None:
    with torch.no_grad():
        *_, target, _, _, state = scene(network)
        exact = network.step(target, state).logits
        half = shake_zero_starts(build_tiny_network()).to(torch.bfloat16)
        half.matching.float()
        half.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        *_, target, _, _, state = scene(half)
        rounded = half.step(target, state).logits
    assert rounded.dtype == torch.float32
    assert float((rounded - exact).abs().mean()) < 0.1 * float(exact.abs().mean()) + 0.02


def test_steps_never_change_the_state(network: AocLite) -> None:
    with torch.no_grad():
        *_, target, _, _, state = scene(network)
        tensors = [state.probabilities, state.references.segments8.keys, *state.previous]
        before = [tensor.clone() for tensor in tensors]
        result = network.step(target, state)
        after = network.absorb(target, stride4_probabilities(result.logits), state)
    assert all(torch.equal(old, new) for old, new in zip(before, tensors, strict=True))
    assert after is not state
    assert after.previous is target
    assert after.references is state.references
    assert isinstance(result, StepResult)


def test_channel_labels_by_hand() -> None:
    label_map = torch.tensor([[0, 5, 9], [255, 7, 9]], dtype=torch.uint8)
    expected = [[0, 2, 1], [-1, 0, 1]]
    assert channel_labels(label_map, (9, 5)).tolist() == expected


def test_known_probabilities_by_hand() -> None:
    # 5 x 5 around each fourth pixel, borders counted by the pixels inside: 3 x 3 in the corners
    channels = torch.zeros(5, 5, dtype=torch.int64)
    channels[0, 0] = 1
    channels[4, 4] = -1  # nobody's counts as background
    probabilities = known_probabilities(channels, 2)
    assert probabilities.shape == (2, 2, 2)
    assert_close(probabilities[1], torch.tensor([[1 / 9, 0.0], [0.0, 0.0]]))
    assert_close(probabilities.sum(0), torch.ones(2, 2))

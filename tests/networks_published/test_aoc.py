"""AOC by its paper: proxies at three granularities, six calibrations."""

from __future__ import annotations

import pytest
import torch

from tests.networks_published.small_networks import (
    SIZE,
    build_small,
    random_features,
    random_labels,
)
from vos_core.networks.aoc import Aoc, CalibrationGate
from vos_core.networks.blocks.gates import GuidanceGate
from vos_core.networks.published_matching.reference import join_references
from vos_core.networks.published_records import FrameFeatures, PreviousFrame, TargetMatching


def built() -> Aoc:
    network = build_small("aoc")
    assert isinstance(network, Aoc)
    return network


def matched(network: Aoc, *, objects: int = 3) -> tuple[FrameFeatures, TargetMatching]:
    labels = random_labels(objects, 31)
    frames = [random_features(network, seed) for seed in range(2)]
    reference = network.digest(frames[0], labels, objects + 1)
    matching = network.match(frames[1], reference, PreviousFrame(frames[0], labels))
    return frames[1], matching


def test_six_calibrations_and_one_guidance_gate() -> None:
    network = built()
    kinds = [type(module) for module in network.modules()]
    assert kinds.count(CalibrationGate) == 6
    assert kinds.count(GuidanceGate) == 1
    widths = [
        module.calibration.merge.in_channels
        for module in network.modules()
        if isinstance(module, CalibrationGate)
    ]
    assert widths == [256, 256, 512, 512, 320, 128]


@torch.inference_mode()
def test_the_single_proxy_is_the_mean() -> None:
    """The single proxy is the label's mean: the guidance vector's first part."""
    network = built()
    target, matching = matched(network)
    proxies = matching.proxies
    assert proxies is not None
    assert proxies.clusters.shape == proxies.means.shape == (4, 1, 9, 13)
    assert proxies.local_means.shape == (4, 6, 9, 13)
    embedding = target.embeddings[0][0].flatten(1)
    inside = matching.guidance[:, :100]  # the references' foreground means
    distance = (embedding.T[None] - inside[:, None]).square().sum(2)
    bias = torch.cat([network.background_bias.view(1), network.foreground_bias.view(1).expand(3)])
    expected = 2 * torch.sigmoid(distance + bias[:, None]) - 1
    torch.testing.assert_close(proxies.means.flatten(1), expected, rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_with_as_many_clusters_as_pixels_clusters_are_pixels() -> None:
    network = built()
    network.clusters = 200
    _, matching = matched(network)
    assert matching.proxies is not None
    torch.testing.assert_close(
        matching.proxies.clusters, matching.maps[0].global_foreground, rtol=1e-4, atol=1e-4
    )


@torch.inference_mode()
def test_an_absent_label_is_as_far_as_can_be_at_every_granularity() -> None:
    network = built()
    labels = random_labels(3, 32, absent=(2,))
    frame = random_features(network, 0)
    reference = network.digest(frame, labels, 4)
    proxies = network.match(frame, reference, PreviousFrame(frame, labels)).proxies
    assert proxies is not None
    for maps in proxies:
        assert torch.equal(maps[2], torch.ones_like(maps[2]))
        assert bool((maps[[0, 1, 3]] < 1).any())


@torch.inference_mode()
def test_references_add_their_clusters() -> None:
    network = built()
    labels = random_labels(2, 33)
    frames = [random_features(network, seed) for seed in range(2)]
    parts = [network.digest(frame, labels, 3) for frame in frames]
    joined = join_references(parts)
    assert joined.centroids is not None
    assert joined.centroids.shape[1] == sum(
        part.centroids.shape[1] for part in parts if part.centroids is not None
    )


def test_a_digest_without_proxies_is_refused() -> None:
    network, other = built(), build_small("cfbi")
    frame = random_features(network, 0)
    labels = torch.zeros(SIZE, dtype=torch.long)
    plain = other.digest(frame, labels, 1)
    with pytest.raises(ValueError, match="proxies"):
        network.match(frame, plain, PreviousFrame(frame, labels))

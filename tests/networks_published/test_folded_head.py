"""The fast head equals the plain one, whatever the labels."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.networks_published.small_networks import (
    NAMES,
    SIZE,
    build_exact,
    build_small,
    random_features,
    random_labels,
)
from vos_core.backbones.deeplab import ConvNormRelu, DeepLabDecoder
from vos_core.backbones.frozen_norm import FrozenBatchNorm2d
from vos_core.backbones.mobilenet import MobileNetV2
from vos_core.backbones.resnet import ResNet
from vos_core.matching import global_matching, local_matching
from vos_core.networks.folded_rows import as_rows
from vos_core.networks.published import PublishedNetwork
from vos_core.networks.published_inference import fold_all_norms, prepare_for_inference
from vos_core.networks.published_matching.reference import join_references
from vos_core.networks.published_matching.written_out import WRITTEN_OUT
from vos_core.networks.published_records import PreviousFrame, Segmentation
from vos_core.networks.shared_input import SharedInput
from vos_core.networks.stage_input import StageInput
from vos_core.ops.resize import resize_labels


def one_pixel_labels() -> Tensor:
    labels = torch.zeros(SIZE, dtype=torch.long)
    labels[0, 0] = 1  # sampled at every stride
    labels[3, 3] = 2  # at stride 4 alone
    labels[5, 5] = 3  # at none
    return labels


def test_the_one_pixel_objects_are_where_they_are_said_to_be() -> None:
    seen = {
        grid: set(resize_labels(one_pixel_labels(), grid).unique().tolist())
        for grid in ((9, 13), (5, 7), (3, 4))
    }
    assert seen == {(9, 13): {0, 1, 2}, (5, 7): {0, 1}, (3, 4): {0, 1}}


CASES = {
    "no object": (0, torch.zeros(SIZE, dtype=torch.long)),
    "one object": (1, random_labels(1, 3)),
    "three objects": (3, random_labels(3, 4)),
    "absent objects": (5, random_labels(5, 5, absent=(1, 4))),
    "one pixel objects": (3, one_pixel_labels()),
    "forty objects": (40, random_labels(40, 6)),
    "nobody at all": (2, torch.full(SIZE, 255)),
    "one object everywhere": (2, torch.full(SIZE, 2)),
}


MANY = "forty objects"


def run(network: PublishedNetwork, labels: Tensor, count: int, *, folded: bool) -> list[Tensor]:
    """Two steps, so that memory takes part; logits and memory of both."""
    network.is_folded = folded
    frames = [random_features(network, seed) for seed in range(3)]
    reference = join_references([network.digest(frame, labels, count + 1) for frame in frames[:2]])
    # without memory a second step adds nothing but time
    steps = 1 if labels is CASES[MANY][1] else 2
    first: Segmentation = network(frames[1], reference, PreviousFrame(frames[0], labels))
    if steps == 1:
        return [first.logits]
    second: Segmentation = network(
        frames[2], reference, PreviousFrame(frames[1], labels.flip(0)), first.memory
    )
    return [first.logits, second.logits, *(second.memory or ())]


@pytest.mark.parametrize(
    ("name", "case"),
    [(name, case) for case in CASES for name in NAMES if case != MANY or name == "cfbi-plus"],
)
@torch.inference_mode()
def test_folded_equals_plain(name: str, case: str) -> None:
    """In double precision, where nothing but the order of additions is left to differ."""
    count, labels = CASES[case]
    network = build_exact(name)
    plain = run(network, labels, count, folded=False)
    folded = run(network, labels, count, folded=True)
    assert plain[0].shape == (count + 1, 9, 13)
    for one, other in zip(plain, folded, strict=True):
        assert torch.isfinite(one).all()
        torch.testing.assert_close(other, one, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("trunk", [ResNet(depths=(1, 2, 1, 3)), MobileNetV2()])
@torch.inference_mode()
def test_folded_norms_change_nothing_but_rounding(trunk: nn.Module) -> None:
    generator = torch.Generator().manual_seed(1)
    for module in trunk.modules():
        if isinstance(module, FrozenBatchNorm2d):
            module.weight.copy_(1 + 0.2 * torch.randn(module.channels, generator=generator))
            module.bias.copy_(0.2 * torch.randn(module.channels, generator=generator))
            module.running_mean.copy_(0.2 * torch.randn(module.channels, generator=generator))
            module.running_var.copy_(0.5 + torch.rand(module.channels, generator=generator))
    image = torch.randn(1, 3, 33, 49, generator=generator)
    plain = trunk(image)
    fold_all_norms(trunk)
    assert not any(isinstance(module, FrozenBatchNorm2d) for module in trunk.modules())
    for one, other in zip(plain, trunk(image), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_the_backbone_decoder_joins_without_upsampling() -> None:
    generator = torch.Generator().manual_seed(3)
    decoder = DeepLabDecoder(8, width=6, low_width=4)
    for module in decoder.modules():
        if isinstance(module, FrozenBatchNorm2d):
            module.running_mean.copy_(torch.randn(module.channels, generator=generator))
    aspp = torch.randn(1, 6, 3, 4, generator=generator)
    low = torch.randn(1, 8, 9, 13, generator=generator)
    plain = decoder(aspp, low)
    fold_all_norms(decoder)
    torch.testing.assert_close(decoder(aspp, low), plain, rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_a_prepared_network_segments_the_same() -> None:
    count, labels = CASES["three objects"]
    network = build_small("cfbi-plus").double()
    for module in network.modules():
        if isinstance(module, FrozenBatchNorm2d):
            module.running_mean.normal_()
    plain = run(network, labels, count, folded=False)
    prepared = prepare_for_inference(network)
    assert not any(isinstance(module, FrozenBatchNorm2d) for module in network.modules())
    assert all(
        isinstance(module.norm, nn.Identity)
        for module in network.modules()
        if isinstance(module, ConvNormRelu)
    )
    again = prepare_for_inference(prepared)  # a second time changes nothing
    for one, other in zip(plain, run(again, labels, count, folded=True), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("own_comes_first", [True, False])
@pytest.mark.parametrize("has_previous", [True, False])
def test_a_shared_input_stands_for_the_written_out_one(
    own_comes_first: bool, has_previous: bool
) -> None:
    generator = torch.Generator().manual_seed(3)
    labels = torch.tensor([[0, 0, 0, 1], [0, 0, 0, -1], [0, 0, 0, 0]])
    source = StageInput(
        own=torch.randn(3, 2, 3, 4, generator=generator),
        shared=torch.randn(1, 5, 3, 4, generator=generator),
        previous=torch.randn(1, 6, 3, 4, generator=generator) if has_previous else None,
        labels=labels,
        own_comes_first=own_comes_first,
    )
    written = source.write_out()
    assert written.shape == (3, 19 if has_previous else 7, 3, 4)
    weight = torch.randn(8, written.shape[1], generator=generator)
    shared = SharedInput.of(source)
    for label in range(3):
        own = shared.own_rows(label)
        rows = as_rows(written[label : label + 1])
        torch.testing.assert_close(shared.energy(label, own), rows.square().sum(0))
        torch.testing.assert_close(
            shared.project(label, own, weight), rows @ weight.T, rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_threads_and_chunks_change_only_rounding(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, labels = CASES["absent objects"]
    network = build_small(name)
    expected = run(network, labels, count, folded=True)
    monkeypatch.setattr(global_matching, "CHUNK_ELEMENTS", 1)
    monkeypatch.setattr(global_matching, "BLOCK_ROWS", 7)
    monkeypatch.setattr(local_matching, "BAND_ELEMENTS", 1)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads % 2 + 1)
        found = run(network, labels, count, folded=True)
    finally:
        torch.set_num_threads(threads)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_the_authors_way_of_matching_gives_the_same(name: str) -> None:
    count, labels = CASES["one pixel objects"]
    network = build_small(name)
    fast = run(network, labels, count, folded=True)
    network.primitives = WRITTEN_OUT
    for one, other in zip(run(network, labels, count, folded=False), fast, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-3)

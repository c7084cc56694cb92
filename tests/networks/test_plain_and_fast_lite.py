"""`aoc-lite`: the fast forms equal the plain ones; threads and chunks change only rounding."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.support.tiny_network import build_tiny_network, shake_zero_starts
from vos_core.matching import global_matching, local_matching
from vos_core.networks.aoc_lite import AocLite, Features, State
from vos_core.networks.published_matching.maps import FAST
from vos_core.networks.published_matching.written_out import WRITTEN_OUT

SIZE = (97, 129)


def assert_same(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def scene(network: AocLite, objects: int) -> tuple[Features, State]:
    """Features of a random frame, and the state after another with random blocks as objects."""
    generator = torch.Generator().manual_seed(objects)
    images = [255 * torch.rand(1, 3, *SIZE, generator=generator) for _ in range(2)]
    coarse = torch.randint(0, objects + 1, (13, 17), generator=generator)
    labels = coarse.repeat_interleave(8, 0).repeat_interleave(8, 1)[: SIZE[0], : SIZE[1]].clone()
    labels[:9, :9] = 0
    labels[0, 0] = 1  # an object of one pixel where there is one object
    ids = (*range(1, objects + 1), 99)  # the last one is absent
    known, target = (network.encode(image) for image in images)
    return target, network.begin([network.reference(known, labels, ids)], known, labels)


def logits(network: AocLite, objects: int, *, is_plain: bool) -> Tensor:
    network.matching.primitives = WRITTEN_OUT if is_plain else FAST
    network.decoder.is_plain = is_plain
    target, state = scene(network, objects)
    return network.step(target, state).logits


@pytest.mark.parametrize("objects", [1, 3, 40])
@torch.inference_mode()
def test_fast_equals_plain(objects: int) -> None:
    network = shake_zero_starts(build_tiny_network()).eval()
    fast, plain = (logits(network, objects, is_plain=value) for value in (False, True))
    assert fast.shape == (objects + 1, 25, 33)
    assert_same(fast, plain)


@torch.inference_mode()
def test_the_fast_decoder_leaves_features_alone() -> None:
    network = shake_zero_starts(build_tiny_network()).eval()
    target, state = scene(network, 2)
    before = [maps.clone() for maps in target]
    first = network.step(target, state).logits
    assert all(torch.equal(old, new) for old, new in zip(before, target, strict=True))
    assert torch.equal(first, network.step(target, state).logits)


@torch.inference_mode()
def test_threads_and_chunks_change_only_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    network = shake_zero_starts(build_tiny_network()).eval()
    expected = logits(network, 3, is_plain=False)
    monkeypatch.setattr(global_matching, "CHUNK_ELEMENTS", 1)
    monkeypatch.setattr(global_matching, "BLOCK_ROWS", 7)
    monkeypatch.setattr(local_matching, "BAND_ELEMENTS", 1)
    assert_same(logits(network, 3, is_plain=False), expected)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads % 2 + 1)
        assert_same(logits(network, 3, is_plain=False), expected)
    finally:
        torch.set_num_threads(threads)

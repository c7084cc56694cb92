"""Convolving an enlarged map without forming it."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from vos_core.ops.upsampled_convolution import convolve_upsampled, shifted_upsampling


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
@pytest.mark.parametrize(
    ("size", "target"),
    [((2, 3), (5, 9)), ((4, 6), (13, 21)), ((1, 1), (1, 1))],
)
def test_the_upsampled_map_is_convolved_without_being_formed(
    size: tuple[int, int], target: tuple[int, int], mode: str
) -> None:
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(1, 7, *size, generator=generator)
    weight = torch.randn(5, 7, 3, 3, generator=generator)
    up = F.interpolate(x, size=target, mode=mode, align_corners=True)
    expected = F.conv2d(up, weight, padding=1)
    found = convolve_upsampled(x, weight, *target, mode=mode)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_taps_beyond_the_border_are_zero() -> None:
    taps = shifted_upsampling(2, 5, torch.float32, torch.device("cpu"))
    assert taps.shape == (3, 5, 2)
    assert not taps[0, 0].any()
    assert not taps[2, -1].any()
    assert torch.equal(taps[1, 0], torch.tensor([1.0, 0.0]))
    assert torch.equal(taps[0, 1:], taps[1, :-1])

"""The depthwise convolution's own backward pass against autograd's."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from vos_core.ops.depthwise import frozen_depthwise


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(9, 17), (17, 9), (1, 5), (8, 10)])
@pytest.mark.parametrize("channels_last", [False, True])
def test_value_and_gradient_equal_autograds(
    stride: int, kernel: int, size: tuple[int, int], channels_last: bool
) -> None:
    layout = torch.channels_last if channels_last else torch.contiguous_format
    maps = torch.randn(2, 6, *size, dtype=torch.float64).contiguous(memory_format=layout)
    weight = torch.randn(6, 1, kernel, kernel, dtype=torch.float64)
    ours = maps.clone().requires_grad_(True)
    theirs = maps.clone().requires_grad_(True)
    result = frozen_depthwise(ours, weight, stride)
    expected = F.conv2d(theirs, weight, stride=stride, padding=kernel // 2, groups=6)
    torch.testing.assert_close(result, expected)
    upstream = torch.randn_like(expected)
    result.backward(upstream)
    expected.backward(upstream)
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_taps_receive_no_gradient() -> None:
    maps = torch.randn(1, 2, 5, 5, requires_grad=True)
    weight = torch.randn(2, 1, 3, 3, requires_grad=True)
    frozen_depthwise(maps, weight).sum().backward()
    assert maps.grad is not None
    assert weight.grad is None


def test_one_tap_at_the_centre_is_the_identity_and_stride_two_takes_every_other() -> None:
    weight = torch.zeros(3, 1, 3, 3)
    weight[:, :, 1, 1] = 1
    maps = torch.randn(1, 3, 7, 9)
    assert torch.equal(frozen_depthwise(maps, weight), maps)
    assert torch.equal(frozen_depthwise(maps, weight, 2), maps[..., ::2, ::2])


def test_autocast_computes_in_its_own_type() -> None:
    maps, weight = torch.randn(1, 4, 5, 5), torch.randn(4, 1, 3, 3)
    with torch.autocast("cpu", torch.bfloat16):
        result = frozen_depthwise(maps, weight)
    assert result.dtype == torch.bfloat16
    torch.testing.assert_close(result.float(), frozen_depthwise(maps, weight), atol=0.1, rtol=0.05)

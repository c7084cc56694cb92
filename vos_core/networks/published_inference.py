"""Prepares a published network for inference: folded norms, channels-last memory."""

from __future__ import annotations

import torch
from torch import nn

from vos_core.backbones.deeplab import ConvNormRelu
from vos_core.backbones.frozen_norm import FrozenBatchNorm2d, fold_frozen_norm
from vos_core.backbones.resnet import Bottleneck, ResNet
from vos_core.networks.published import PublishedNetwork, at_least_single
from vos_core.networks.published_matching.written_out import WRITTEN_OUT


def prepare_for_inference(
    network: PublishedNetwork,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
) -> PublishedNetwork:
    """Fold frozen norms into convolutions and order weights channels-last, in place.

    The result is the same up to rounding. It has another state dict, so weights are loaded before
    and never saved after. Does nothing to a network that is prepared already.

    Args:
        network: Filled with weights.
        device: Where it will compute.
        dtype: Type of the weights, None to leave it; the two biases of matching keep at least
            single precision.

    Returns:
        The same network, in evaluation mode.
    """
    network.eval().requires_grad_(False)
    fold_all_norms(network)
    if torch.device(device).type != "cpu":
        # all labels in one batch keep an accelerator busier than fewer operations label by label
        network.is_folded = False
    _move(network, device, dtype)
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            part.weight.data = part.weight.data.contiguous(memory_format=torch.channels_last)
    return network


def prepare_plain(
    network: PublishedNetwork,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
) -> PublishedNetwork:
    """Let a network run in the authors' way, in place: the stand-in for comparisons of speed.

    Args:
        network: Filled with weights.
        device: Where it will compute.
        dtype: Type of the weights, None to leave it.

    Returns:
        The same network, in evaluation mode.
    """
    network.eval().requires_grad_(False)
    network.is_folded = False
    network.primitives = WRITTEN_OUT
    _move(network, device, dtype)
    return network


def _move(network: PublishedNetwork, device: torch.device | str, dtype: torch.dtype | None) -> None:
    network.to(device=device)
    if dtype is not None:
        network.to(dtype=dtype)
    for bias in (network.foreground_bias, network.background_bias):
        bias.data = at_least_single(bias.data)


def fold_all_norms(module: nn.Module) -> None:
    """Fold every frozen norm below ``module`` into the convolution before it."""
    for part in module.modules():
        if isinstance(part, ConvNormRelu):
            _fold_pair(part, "conv", "norm")
        elif isinstance(part, Bottleneck):
            for index in "123":
                _fold_pair(part, f"conv{index}", f"norm{index}")
        elif isinstance(part, ResNet):
            _fold_pair(part, "conv1", "norm1")
        elif isinstance(part, nn.Sequential):
            for position in range(1, len(part)):
                if isinstance(part[position], FrozenBatchNorm2d):
                    _fold_pair(part, str(position - 1), str(position))


def _fold_pair(parent: nn.Module, conv_name: str, norm_name: str) -> None:
    conv, norm = parent.get_submodule(conv_name), parent.get_submodule(norm_name)
    if isinstance(conv, nn.Conv2d) and isinstance(norm, FrozenBatchNorm2d):
        parent.set_submodule(conv_name, fold_frozen_norm(conv, norm))
        parent.set_submodule(norm_name, nn.Identity())

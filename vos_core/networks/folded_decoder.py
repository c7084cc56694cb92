"""The decoder one label at a time, without the upsampled map: same result, less work.

The plain form is :class:`vos_core.networks.blocks.object_decoder.ObjectDecoder`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from vos_core.networks.blocks.object_decoder import ObjectDecoder, ObjectLogits
from vos_core.networks.folded_head import gate_scale
from vos_core.networks.folded_rows import as_map, as_rows, energies, matrix
from vos_core.ops.product import product
from vos_core.ops.upsampled_convolution import convolve_upsampled


class SharedSkip:
    """The backbone's low-level features as every label's decoder needs them.

    Args:
        low: ``[1, C, h4, w4]``.
    """

    def __init__(self, low: Tensor) -> None:
        self.rows = as_rows(low)
        self.energy = energies(self.rows)
        self.size = (low.shape[-2], low.shape[-1])


def run_decoder(
    decoder: ObjectDecoder,
    x: Tensor,
    ensembler_low: Tensor,
    low: SharedSkip,
    guidance: Tensor,
) -> ObjectLogits:
    """Decode one label.

    Args:
        decoder: The decoder's weights.
        x: ``[1, C, h, w]``, the ensembler's output.
        ensembler_low: ``[1, 256, h4, w4]``.
        low: Backbone features.
        guidance: The label's ``[1, G]``.

    Returns:
        Foreground and background logits, each ``[h4, w4]``.
    """
    skip = run_skip(decoder, ensembler_low, low)
    y = run_first_convolution(decoder, x, skip, gate_scale(decoder.gate1, guidance))
    y = run_second_convolution(decoder, y, gate_scale(decoder.gate2, guidance))
    return apply_filters(decoder, y, guidance)


def run_skip(decoder: ObjectDecoder, ensembler_low: Tensor, low: SharedSkip) -> Tensor:
    """Join the backbone's and the ensembler's stride-4 maps: ``[1, skip_width, h4, w4]``."""
    own = as_rows(ensembler_low)
    scale = decoder.skip_gate.scale(torch.cat([low.energy, energies(own)])[None])[0]
    weight = (matrix(decoder.skip_conv.weight) * scale).to(own.dtype)
    split = low.rows.shape[1]
    rows = product(low.rows, weight[:, :split]).add_(product(own, weight[:, split:]))
    return F.relu_(decoder.skip_norm(as_map(rows, *low.size)))


def run_first_convolution(decoder: ObjectDecoder, x: Tensor, skip: Tensor, scale: Tensor) -> Tensor:
    """Upsample one label's map, join it with its skip, gate both and convolve.

    Args:
        decoder: The decoder's weights.
        x: ``[1, C, h, w]``.
        skip: ``[1, skip_width, h4, w4]``.
        scale: ``[C + skip_width]`` factors of the gate.
    """
    gated = decoder.conv1.weight * scale.view(1, -1, 1, 1).to(x.dtype)
    count = x.shape[1]
    y = F.conv2d(skip, gated[:, count:].contiguous(memory_format=torch.channels_last), padding=1)
    y = y.add_(convolve_upsampled(x, gated[:, :count], *skip.shape[-2:]))
    return F.relu_(decoder.norm1(y))


def run_second_convolution(decoder: ObjectDecoder, y: Tensor, scale: Tensor) -> Tensor:
    """Gate one label's ``[1, width, h4, w4]`` by ``scale`` ``[width]`` and convolve it."""
    weight = decoder.conv2.weight * scale.view(1, -1, 1, 1).to(y.dtype)
    return F.relu_(decoder.norm2(F.conv2d(y, weight, padding=1)))


def apply_filters(decoder: ObjectDecoder, y: Tensor, guidance: Tensor) -> ObjectLogits:
    """Apply one label's two generated filters: ``[1, width, h4, w4]`` to two ``[h4, w4]``."""
    filters = torch.cat([decoder.foreground_filter(guidance), decoder.background_filter(guidance)])
    logits = F.linear(as_rows(y), filters[:, :-1], filters[:, -1])
    maps = logits.T.reshape(-1, *y.shape[-2:])
    return ObjectLogits(foreground=maps[0], background=maps[1])

"""The decoder one label at a time, without the upsampled map: same result, less work.

Bicubic upsampling followed by a 3x3 convolution is linear and separable in rows and columns. The
convolution's nine taps are applied to the small map, and the nine results are upsampled, shifted
and added by two small matrix products. The plain form is
:class:`vos_core.networks.blocks.object_decoder.ObjectDecoder`.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from vos_core.networks.blocks.object_decoder import ObjectDecoder, ObjectLogits
from vos_core.networks.folded_head import gate_scale
from vos_core.networks.folded_rows import as_map, as_rows, energies, matrix
from vos_core.ops.product import product


@lru_cache(maxsize=32)
def shifted_upsampling(size: int, target: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Bicubic upsampling of a line, read at each tap of a 3-tap convolution with zero padding.

    Returns:
        ``[3, target, size]``: matrix ``t`` gives the upsampled value at ``position + t - 1``, 0
        outside the line.
    """
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    basis = torch.eye(size, dtype=exact).view(1, size, size, 1)
    up = F.interpolate(basis, size=(target, 1), mode="bicubic", align_corners=True)
    up = up[0, :, :, 0].T
    padded = F.pad(up, (0, 0, 1, 1))
    taps = torch.stack([padded[tap : tap + target] for tap in range(3)])
    return taps.to(device=device, dtype=dtype)


def convolve_upsampled(x: Tensor, weight: Tensor, height: int, width: int) -> Tensor:
    """Bicubic upsampling (aligned corners), then a 3x3 convolution with padding 1.

    Args:
        x: ``[1, C, h, w]``.
        weight: ``[out, C, 3, 3]``.
        height: Rows of the result.
        width: Columns of the result.

    Returns:
        ``[out, height, width]``.
    """
    rows, columns = x.shape[-2:]
    out = weight.shape[0]
    down = shifted_upsampling(rows, height, x.dtype, x.device)
    across = shifted_upsampling(columns, width, x.dtype, x.device)
    taps = weight.permute(0, 2, 3, 1).reshape(out * 9, -1, 1, 1)
    small = F.conv2d(x, taps)[0].view(out, 3, 3, rows, columns)
    # [out, 3 (row tap), rows, 3 (column tap), columns] x [3, columns, width]
    lines = small.permute(0, 1, 3, 2, 4).reshape(out * 3 * rows, 3 * columns)
    lines = lines @ across.transpose(1, 2).reshape(3 * columns, width)
    grown: Tensor = down.permute(1, 0, 2).reshape(height, 3 * rows) @ lines.view(
        out, 3 * rows, width
    )
    return grown


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
    y = y.add_(convolve_upsampled(x, gated[:, :count], *skip.shape[-2:])[None])
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

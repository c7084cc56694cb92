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

from vos_core.networks.blocks.object_decoder import ObjectDecoder
from vos_core.networks.folded_head import as_map, as_rows, energies, gate_scale, matrix


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
    *,
    has_background: bool = True,
) -> tuple[Tensor, Tensor | None]:
    """Decode one label.

    Args:
        decoder: The decoder's weights.
        x: ``[1, C, h, w]``, the ensembler's output.
        ensembler_low: ``[1, 256, h4, w4]``.
        low: Backbone features.
        guidance: The label's ``[1, G]``.
        has_background: Whether the label's background opinion is wanted (label 0's is unused).

    Returns:
        Foreground and background logits, each ``[h4, w4]``.
    """
    height, width = low.size
    own = as_rows(ensembler_low)
    scale = decoder.skip_gate.scale(torch.cat([low.energy, energies(own)])[None])[0]
    weight = (matrix(decoder.skip_conv.weight) * scale).to(x.dtype)
    split = low.rows.shape[1]
    skip_rows = F.linear(low.rows, weight[:, :split]).addmm_(own, weight[:, split:].T)
    skip = F.relu_(decoder.skip_norm(as_map(skip_rows, height, width)))

    gated = decoder.conv1.weight * gate_scale(decoder.gate1, guidance).view(1, -1, 1, 1)
    count = x.shape[1]
    y = F.conv2d(skip, gated[:, count:].contiguous(memory_format=torch.channels_last), padding=1)
    y = y.add_(convolve_upsampled(x, gated[:, :count], height, width)[None])
    y = F.relu_(decoder.norm1(y))
    weight = decoder.conv2.weight * gate_scale(decoder.gate2, guidance).view(1, -1, 1, 1)
    y = F.relu_(decoder.norm2(F.conv2d(y, weight, padding=1)))
    filters = decoder.foreground_filter(guidance)
    if has_background:
        filters = torch.cat([filters, decoder.background_filter(guidance)])
    logits = F.linear(as_rows(y), filters[:, :-1], filters[:, -1])
    maps = logits.T.reshape(-1, height, width)
    return maps[0], maps[1] if has_background else None

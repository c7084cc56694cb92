"""The ensembler one label at a time, with gates folded into weights: same result, less work.

Exact up to the order of additions:

* a guidance gate and an energy gate scale channels, so they scale the columns of the 1x1
  convolutions behind them and no gated map is ever formed;
* the parts of a stage's input that labels share are multiplied where they lie, without a copy per
  label, and their energies are computed once;
* the previous embedding inside and outside a label are two halves of one map: one product covers
  the larger half everywhere, and the pixels of the smaller half are corrected.

The plain form is :class:`vos_core.networks.blocks.ensembler.Ensembler`. For inference only; maps
are kept in channels-last order, so that pixels are rows of a matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vos_core.networks.blocks.bottleneck import EnsemblerBottleneck
from vos_core.networks.blocks.ensembler import Ensembler, EnsemblerOutput, Modulator
from vos_core.networks.blocks.ensembler_aspp import AsppBranch, EnsemblerAspp
from vos_core.networks.blocks.gates import GuidanceGate, NoGate
from vos_core.networks.folded_rows import as_map, as_rows, energies, matrix
from vos_core.networks.shared_input import SharedInput
from vos_core.ops.product import product


def gate_scale(gate: nn.Module, guidance: Tensor) -> Tensor:
    """Factors ``[C]`` of a guidance gate for one label's guidance ``[1, G]``.

    Raises:
        TypeError: If the gate needs more than the guidance vector, so that it cannot be folded.
    """
    if isinstance(gate, NoGate):
        return guidance.new_ones(1)
    if not isinstance(gate, GuidanceGate):
        raise TypeError(f"{type(gate).__name__} cannot be folded into the weights behind it")
    return gate.scale(guidance)[0]


def energy_scale(block: EnsemblerBottleneck | AsppBranch | EnsemblerAspp, energy: Tensor) -> Tensor:
    """Factors ``[C]`` of a block's energy gate for energies ``[C]``."""
    return block.gate.scale(energy[None])[0]


def run_block(block: EnsemblerBottleneck, scale: Tensor, x: Tensor) -> Tensor:
    """Gate a map and run one bottleneck on it: ``[1, C, h, w]`` to ``[1, C', h', w']``.

    Args:
        block: The bottleneck.
        scale: ``[C]`` (or one for all) factors of the gate before it.
        x: ``[1, C, h, w]``.
    """
    folded = scale * energy_scale(block, energies(as_rows(x)) * _wide(scale).square())
    first = F.conv2d(x, _fold(block.conv1.weight, folded))
    first = F.relu_(block.norm1(first))
    middle = F.relu_(block.norm2(block.conv2(first)))
    last = block.norm3(block.conv3(middle))
    if block.shortcut is None:
        return F.relu_(last.addcmul_(x, scale.view(1, -1, 1, 1).to(x.dtype)))
    conv, norm = block.projection()
    projected = F.conv2d(x, _fold(conv.weight, scale), stride=conv.stride)
    return F.relu_(last.add_(norm(projected)))


def run_joined_block(
    block: EnsemblerBottleneck,
    scale: Tensor,
    x: Tensor | None,
    joined: SharedInput,
    label: int,
) -> Tensor:
    """Run a stride-1 bottleneck on ``x`` joined with a stage's input, without joining them.

    Args:
        block: A bottleneck with a projection in its shortcut.
        scale: Factors of the gate before it, for ``x`` and the input together.
        x: ``[1, C, h, w]`` that comes before the stage's input, None for the first stage.
        joined: The stage's input.
        label: Whose input.
    """
    conv, norm = block.projection()
    own = joined.own_rows(label)
    energy = joined.energy(label, own)
    if x is not None:
        energy = torch.cat([energies(as_rows(x)), energy])
    folded = scale * energy_scale(block, energy * _wide(scale).square())
    # both convolutions see the same pixels: one product serves the two
    weight = torch.cat([matrix(block.conv1.weight) * folded, matrix(conv.weight) * scale])
    weight = weight.to(own.dtype)
    count = 0 if x is None else x.shape[1]
    both = joined.project(label, own, weight[:, count:])
    if x is not None:
        both = both.add_(product(as_rows(x), weight[:, :count]))
    height, width = joined.source.shared.shape[-2:]
    inner = block.conv1.out_channels
    first = F.relu_(block.norm1(as_map(both[:, :inner].contiguous(), height, width)))
    residual = norm(as_map(both[:, inner:].contiguous(), height, width))
    middle = F.relu_(block.norm2(block.conv2(first)))
    return F.relu_(block.norm3(block.conv3(middle)).add_(residual))


def run_aspp(aspp: EnsemblerAspp, scale: Tensor, x: Tensor) -> Tensor:
    """Gate a map and run the pyramid on it; the image branch is a constant of the last layer."""
    energy = energies(as_rows(x)) * _wide(scale).square()
    parts = []
    for branch in aspp.typed_branches():
        weight = _fold(branch.conv.weight, scale * energy_scale(branch, energy))
        y = F.conv2d(x, weight, padding=branch.padding, dilation=branch.dilation)
        parts.append(F.relu_(branch.norm(y)))
    mean = as_rows(x).mean(dim=0) * scale
    image = torch.relu(matrix(aspp.image_conv.weight) @ mean.to(x.dtype))
    pixels = x.shape[-2] * x.shape[-1]
    energy = torch.cat(
        [energies(as_rows(part)) for part in parts] + [_wide(image).square() * pixels]
    )
    folded = energy_scale(aspp, energy)
    weight = matrix(aspp.conv.weight) * folded
    width = image.shape[0]
    y = F.conv2d(
        torch.cat(parts, dim=1),
        weight[:, :-width, None, None].to(x.dtype),
        bias=weight[:, -width:].to(x.dtype) @ image,
    )
    return F.relu_(aspp.norm(y))


def run_ensembler(
    ensembler: Ensembler,
    inputs: Sequence[SharedInput | None],
    label: int,
    guidance: Tensor,
) -> EnsemblerOutput:
    """Run the ensembler for one label; ``guidance`` is the label's ``[1, G]``."""
    first = inputs[0]
    if first is None:
        raise ValueError("the first stage of the ensembler needs an input")
    pairs = [(block, gate_scale(gate, guidance)) for block, gate in ensembler.gated_blocks()]
    low = run_joined_block(*pairs[0], None, first, label)
    low = run_block(*pairs[1], low)
    x = low
    for stage in range(1, ensembler.stage_count):
        start = 3 * stage - 1
        x = run_block(*pairs[start], x)
        joined = inputs[stage]
        if joined is None:
            x = run_block(*pairs[start + 1], x)
        else:
            x = run_joined_block(*pairs[start + 1], x, joined, label)
        x = run_block(*pairs[start + 2], x)
    scale = gate_scale(ensembler.aspp_gate, guidance)
    return EnsemblerOutput(low=low, out=run_aspp(ensembler.aspp, scale, x))


def run_modulator(modulator: Modulator, x: Tensor, memory: Tensor, guidance: Tensor) -> Tensor:
    """Run RPCM's modulator for one label; the plain form is :class:`Modulator`."""
    z = torch.cat([x, memory], dim=1)
    for block, gate in modulator.gated_blocks():
        z = run_block(block, gate_scale(gate, guidance), z)
    return z


def _wide(x: Tensor) -> Tensor:
    """Bring half precision to single precision; leave the others."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _fold(weight: Tensor, scale: Tensor) -> Tensor:
    """Scale a convolution's input channels, keeping the weight's memory order."""
    return weight * scale.view(1, -1, 1, 1).to(weight.dtype)

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
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vos_core.networks.blocks.bottleneck import EnsemblerBottleneck
from vos_core.networks.blocks.ensembler import Ensembler, EnsemblerOutput, Modulator
from vos_core.networks.blocks.ensembler_aspp import AsppBranch, EnsemblerAspp
from vos_core.networks.blocks.gates import GuidanceGate
from vos_core.networks.stage_input import StageInput

CACHED_ROWS = 1024


def as_rows(x: Tensor) -> Tensor:
    """View a channels-last ``[1, C, h, w]`` as ``[h * w, C]`` (a copy in any other order)."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def as_map(rows: Tensor, height: int, width: int) -> Tensor:
    """View ``[h * w, C]`` as a channels-last ``[1, C, h, w]``."""
    return rows.view(1, height, width, -1).permute(0, 3, 1, 2)


def energies(rows: Tensor) -> Tensor:
    """Sum of squares of each column, ``[C]`` in at least single precision."""
    wide = torch.float64 if rows.dtype == torch.float64 else torch.float32
    # a processor squares pieces that stay in its cache; other devices like one large piece
    pieces = rows.split(CACHED_ROWS) if rows.device.type == "cpu" else (rows,)
    sums = [(piece * piece).sum(dim=0, dtype=wide) for piece in pieces]
    return sums[0] if len(sums) == 1 else torch.stack(sums).sum(dim=0)


def matrix(weight: Tensor) -> Tensor:
    """View a 1x1 convolution's weight as ``[out, in]``."""
    return weight.flatten(1)


@dataclass(frozen=True)
class SharedInput:
    """A stage's input with everything that labels share worked out.

    Attributes:
        source: The input.
        shared_rows: ``[P, C2]``, or ``[P, C2 + C3]`` when there is a previous embedding.
        previous_rows: ``[P, C3]`` or None.
        members: Per label, the pixels of the previous frame that it owns.
        shared_energy: ``[C2]``.
        inside_energy: ``[L, C3]`` or None.
        total_energy: ``[C3]`` or None.
    """

    source: StageInput
    shared_rows: Tensor
    previous_rows: Tensor | None
    members: tuple[Tensor, ...]
    shared_energy: Tensor
    inside_energy: Tensor | None
    total_energy: Tensor | None

    @classmethod
    def of(cls, source: StageInput) -> SharedInput:
        """Work out what labels share."""
        shared = as_rows(source.shared)
        shared_energy = energies(shared)
        if source.previous is None:
            return cls(source, shared, None, (), shared_energy, None, None)
        previous = as_rows(source.previous)
        flat = source.labels.flatten()
        members = tuple(
            torch.nonzero(flat == label).squeeze(1) for label in range(source.label_count)
        )
        return cls(
            source=source,
            shared_rows=torch.cat([shared, previous], dim=1),
            previous_rows=previous,
            members=members,
            shared_energy=shared_energy,
            inside_energy=torch.stack([energies(previous[own]) for own in members]),
            total_energy=energies(previous),
        )

    def own_rows(self, label: int) -> Tensor:
        """Return the label's own maps as ``[P, C1]``."""
        return as_rows(self.source.own[label : label + 1])

    def energy(self, label: int, own_rows: Tensor) -> Tensor:
        """Return the energies of the label's written-out input, ``[C]``."""
        parts = [self.shared_energy]
        if self.inside_energy is not None and self.total_energy is not None:
            inside = self.inside_energy[label]
            parts += [inside, (self.total_energy - inside).clamp(min=0)]
        parts.insert(0 if self.source.own_comes_first else len(parts), energies(own_rows))
        return torch.cat(parts)

    def project(self, label: int, own_rows: Tensor, weight: Tensor) -> Tensor:
        """Multiply the label's written-out input with ``weight`` ``[out, C]``: ``[P, out]``."""
        own_count, shared_count = own_rows.shape[1], self.source.shared.shape[1]
        if self.source.own_comes_first:
            own_weight, rest = weight[:, :own_count], weight[:, own_count:]
        else:
            rest, own_weight = weight[:, :-own_count], weight[:, -own_count:]
        if self.previous_rows is None:
            out = F.linear(self.shared_rows, rest)
            return out.addmm_(own_rows, own_weight.T)
        current = rest[:, :shared_count]
        inside, outside = rest[:, shared_count:].chunk(2, dim=1)
        pixels = self.members[label]
        smaller, larger = inside, outside
        if 2 * len(pixels) > len(self.previous_rows):
            # the label owns most of the frame: cover everything with "inside", correct the rest
            is_outside = torch.ones(len(self.previous_rows), dtype=torch.bool, device=pixels.device)
            is_outside[pixels] = False
            pixels = torch.nonzero(is_outside).squeeze(1)
            smaller, larger = outside, inside
        out = F.linear(self.shared_rows, torch.cat([current, larger], dim=1))
        if len(pixels):
            out.index_add_(0, pixels, F.linear(self.previous_rows[pixels], smaller - larger))
        return out.addmm_(own_rows, own_weight.T)


def gate_scale(gate: nn.Module, guidance: Tensor) -> Tensor:
    """Factors ``[C]`` of a guidance gate for one label's guidance ``[1, G]``.

    Raises:
        TypeError: If the gate needs more than the guidance vector, so that it cannot be folded.
    """
    if not isinstance(gate, GuidanceGate):
        raise TypeError(f"{type(gate).__name__} cannot be folded into the weights behind it")
    return gate.scale(guidance)[0]


def energy_scale(block: EnsemblerBottleneck | AsppBranch | EnsemblerAspp, energy: Tensor) -> Tensor:
    """Factors ``[C]`` of a block's energy gate for energies ``[C]``."""
    return block.gate.scale(energy[None])[0]


def run_block(block: EnsemblerBottleneck, gate: nn.Module, x: Tensor, guidance: Tensor) -> Tensor:
    """Gate a map and run one bottleneck on it: ``[1, C, h, w]`` to ``[1, C', h', w']``."""
    scale = gate_scale(gate, guidance)
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
    gate: nn.Module,
    x: Tensor | None,
    joined: SharedInput,
    label: int,
    guidance: Tensor,
) -> Tensor:
    """Run a stride-1 bottleneck on ``x`` joined with a stage's input, without joining them.

    Args:
        block: A bottleneck with a projection in its shortcut.
        gate: The guidance gate before it.
        x: ``[1, C, h, w]`` that comes before the stage's input, None for the first stage.
        joined: The stage's input.
        label: Whose input.
        guidance: ``[1, G]``.
    """
    conv, norm = block.projection()
    own = joined.own_rows(label)
    energy = joined.energy(label, own)
    if x is not None:
        energy = torch.cat([energies(as_rows(x)), energy])
    scale = gate_scale(gate, guidance)
    folded = scale * energy_scale(block, energy * _wide(scale).square())
    # both convolutions see the same pixels: one product serves the two
    weight = torch.cat([matrix(block.conv1.weight) * folded, matrix(conv.weight) * scale])
    weight = weight.to(own.dtype)
    count = 0 if x is None else x.shape[1]
    both = joined.project(label, own, weight[:, count:])
    if x is not None:
        both = both.addmm_(as_rows(x), weight[:, :count].T)
    height, width = joined.source.shared.shape[-2:]
    inner = block.conv1.out_channels
    first = F.relu_(block.norm1(as_map(both[:, :inner].contiguous(), height, width)))
    residual = norm(as_map(both[:, inner:].contiguous(), height, width))
    middle = F.relu_(block.norm2(block.conv2(first)))
    return F.relu_(block.norm3(block.conv3(middle)).add_(residual))


def run_aspp(aspp: EnsemblerAspp, gate: nn.Module, x: Tensor, guidance: Tensor) -> Tensor:
    """Gate a map and run the pyramid on it; the image branch is a constant of the last layer."""
    scale = gate_scale(gate, guidance)
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
    pairs = ensembler.gated_blocks()
    low = run_joined_block(*pairs[0], None, first, label, guidance)
    low = run_block(*pairs[1], low, guidance)
    x = low
    for stage in range(1, ensembler.stage_count):
        start = 3 * stage - 1
        x = run_block(*pairs[start], x, guidance)
        joined = inputs[stage]
        if joined is None:
            x = run_block(*pairs[start + 1], x, guidance)
        else:
            x = run_joined_block(*pairs[start + 1], x, joined, label, guidance)
        x = run_block(*pairs[start + 2], x, guidance)
    return EnsemblerOutput(low=low, out=run_aspp(ensembler.aspp, ensembler.aspp_gate, x, guidance))


def run_modulator(modulator: Modulator, x: Tensor, memory: Tensor, guidance: Tensor) -> Tensor:
    """Run RPCM's modulator for one label; the plain form is :class:`Modulator`."""
    z = torch.cat([x, memory], dim=1)
    for block, gate in modulator.gated_blocks():
        z = run_block(block, gate, z, guidance)
    return z


def _wide(x: Tensor) -> Tensor:
    """Bring half precision to single precision; leave the others."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _fold(weight: Tensor, scale: Tensor) -> Tensor:
    """Scale a convolution's input channels, keeping the weight's memory order."""
    return weight * scale.view(1, -1, 1, 1).to(weight.dtype)

"""Collaborative ensembler (CFBI, section 3.5; CFBI+, section 3.4) and RPCM's modulators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from vos_core.networks.blocks.bottleneck import EnsemblerBottleneck
from vos_core.networks.blocks.ensembler_aspp import EnsemblerAspp
from vos_core.networks.blocks.gates import GuidanceGate


class Place(Enum):
    """Where a gate stands: AOC has other gates than CFBI in some places."""

    INPUT = "input"
    BLOCK = "block"
    PYRAMID = "pyramid"
    DECODER = "decoder"


GateFactory = Callable[[Place, int], nn.Module]
"""Builds the gate of one place for a number of channels; called with ``(x, guidance)``."""


class EnsemblerOutput(NamedTuple):
    """Result of the ensembler.

    Attributes:
        low: ``[O, 256, h4, w4]``, the first stage's output, for the decoder's skip.
        out: ``[O, 256, h, w]`` at the last stage's stride.
    """

    low: Tensor
    out: Tensor


class Ensembler(nn.Module):
    """Stages of gated bottlenecks, each stage at half the resolution of the one before.

    The first stage has two blocks at stride 4. Every later stage has three blocks: one of stride
    2, then dilations 2 and 4; where the stage has inputs of its own (CFBI+), they are joined
    before its second block. A gated pyramid ends the last stage.

    Args:
        guidance_channels: Length of the guidance vector.
        input_channels: Channels that enter each stage from outside; 0 where nothing does. Three
            stages for CFBI and CFBI+, two for RPCM and AOC.
        build_gate: Builds each gate; guidance gates everywhere when None.
    """

    def __init__(
        self,
        *,
        guidance_channels: int,
        input_channels: Sequence[int],
        build_gate: GateFactory | None = None,
    ) -> None:
        super().__init__()
        build = build_gate or (lambda _, count: GuidanceGate(guidance_channels, count))
        first, *later = input_channels
        self.stage_count = len(input_channels)
        blocks = [
            EnsemblerBottleneck(first, 256),
            EnsemblerBottleneck(256, 256, dilation=2),
        ]
        gated = [first, 256]
        width = 256
        for joined in later:
            blocks += [
                EnsemblerBottleneck(width, 512, stride=2),
                EnsemblerBottleneck(512 + joined, 512, dilation=2),
                EnsemblerBottleneck(512, 512, dilation=4),
            ]
            gated += [width, 512 + joined, 512]
            width = 512
        self.blocks = nn.ModuleList(blocks)
        places = [Place.INPUT] + [Place.BLOCK] * (len(gated) - 1)
        self.gates = nn.ModuleList(
            [build(place, count) for place, count in zip(places, gated, strict=True)]
        )
        self.aspp_gate = build(Place.PYRAMID, width)
        self.aspp = EnsemblerAspp(in_channels=width)

    def forward(self, inputs: Sequence[Tensor | None], guidance: Tensor) -> EnsemblerOutput:
        """Run all stages.

        Args:
            inputs: One map ``[O, input_channels[i], h_i, w_i]`` per stage, None where the stage
                takes nothing from outside.
            guidance: ``[O, guidance_channels]``.
        """
        x = inputs[0]
        if x is None:
            raise ValueError("the first stage of the ensembler needs an input")
        for index in range(2):
            x = self.run_block(index, x, guidance)
        return self.finish(x, inputs, guidance)

    def finish(
        self, low: Tensor, inputs: Sequence[Tensor | None], guidance: Tensor
    ) -> EnsemblerOutput:
        """Run what follows the first stage, whose output is ``low``."""
        x = low
        for stage in range(1, self.stage_count):
            start = 3 * stage - 1
            x = self.run_block(start, x, guidance)
            joined = inputs[stage]
            if joined is not None:
                x = torch.cat([x, joined], dim=1)
            x = self.run_block(start + 1, x, guidance)
            x = self.run_block(start + 2, x, guidance)
        return EnsemblerOutput(low=low, out=self.aspp(self.aspp_gate(x, guidance)))

    def gated_blocks(self) -> list[tuple[EnsemblerBottleneck, nn.Module]]:
        """Return every bottleneck with the gate before it, in order."""
        return _pairs(self.blocks, self.gates)

    def run_block(self, index: int, x: Tensor, guidance: Tensor) -> Tensor:
        """Gate ``x`` and run one bottleneck."""
        gated: Tensor = self.gates[index](x, guidance)
        result: Tensor = self.blocks[index](gated)
        return result


class Modulator(nn.Module):
    """RPCM's modulator: a map is corrected with the help of a memorised one (RPCM, section 3.2).

    ``z = concat(x, memory)``, then three gated bottlenecks 512, 256 and 256 wide.
    """

    def __init__(self, *, guidance_channels: int, channels: int = 256) -> None:
        super().__init__()
        joined = 2 * channels
        self.gates = nn.ModuleList(
            [GuidanceGate(guidance_channels, count) for count in (joined, joined, channels)]
        )
        self.blocks = nn.ModuleList(
            [
                EnsemblerBottleneck(joined, joined),
                EnsemblerBottleneck(joined, channels),
                EnsemblerBottleneck(channels, channels),
            ]
        )

    def gated_blocks(self) -> list[tuple[EnsemblerBottleneck, nn.Module]]:
        """Return every bottleneck with the gate before it, in order."""
        return _pairs(self.blocks, self.gates)

    def forward(self, x: Tensor, memory: Tensor, guidance: Tensor) -> Tensor:
        """Return the modulated map; all maps are ``[O, channels, h8, w8]``."""
        z = torch.cat([x, memory], dim=1)
        for gate, block in zip(self.gates, self.blocks, strict=True):
            z = block(gate(z, guidance))
        return z


def _pairs(
    blocks: nn.ModuleList, gates: nn.ModuleList
) -> list[tuple[EnsemblerBottleneck, nn.Module]]:
    return [
        (cast(EnsemblerBottleneck, block), gate) for block, gate in zip(blocks, gates, strict=True)
    ]

"""RPCM: Reliable Propagation-Correction Modulation for video object segmentation (AAAI 2022)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

from torch import Tensor, nn

from vos_core.networks.blocks.ensembler import Modulator
from vos_core.networks.folded_head import run_modulator
from vos_core.networks.published_records import Memory
from vos_core.networks.single_scale import (
    EMBEDDING_CHANNELS,
    SingleScaleNetwork,
    SingleScaleOptions,
)


class Rpcm(SingleScaleNetwork):
    """RPCM on any trunk.

    The encoder's code at stride 8 is modulated twice: by the previous frame's code
    (propagation), then by a code that stays the same for the whole video (correction).

    Departures from the paper's text that follow its code, because weights depend on them: the
    previous embedding does not enter the encoder; the correction memory is the propagation
    modulator's output on the first propagated frame, not a code of the reference; one guidance
    vector drives all gates. Departure from the code: memory starts empty for every video.

    Args:
        trunk: Backbone trunk at output stride 16.
        options: See :class:`SingleScaleOptions`.
    """

    def __init__(self, trunk: nn.Module, **options: Unpack[SingleScaleOptions]) -> None:
        super().__init__(trunk, **options)
        guidance_channels = 4 * EMBEDDING_CHANNELS
        self.propagation = Modulator(guidance_channels=guidance_channels)
        self.correction = Modulator(guidance_channels=guidance_channels)

    def modulate(
        self, code: Tensor, memory: Memory | None, guidance: Tensor
    ) -> tuple[Tensor, Memory | None]:
        """Propagate, then correct (RPCM, equations 3 to 6).

        Memory of another shape (a new object, another size) counts as empty: then the code and
        its modulated form stand in. No gradient flows into memory, those stand-ins included.
        """
        return self._modulate(code, memory, guidance, Modulator.__call__)

    def modulate_folded(
        self, code: Tensor, memory: Memory | None, guidance: Tensor
    ) -> tuple[Tensor, Memory | None]:
        """Do what :meth:`modulate` does, for one label with folded gates."""
        return self._modulate(code, memory, guidance, run_modulator)

    def _modulate(
        self,
        code: Tensor,
        memory: Memory | None,
        guidance: Tensor,
        run: Callable[[Modulator, Tensor, Tensor, Tensor], Tensor],
    ) -> tuple[Tensor, Memory | None]:
        if memory is None or memory.propagation.shape != code.shape:
            propagated = run(self.propagation, code, code.detach(), guidance)
            fixed = propagated.detach()
        else:
            propagated = run(self.propagation, code, memory.propagation, guidance)
            fixed = memory.correction
        corrected = run(self.correction, propagated, fixed, guidance)
        return corrected, Memory(propagation=code.detach(), correction=fixed)

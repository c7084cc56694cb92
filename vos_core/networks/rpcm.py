"""RPCM: Reliable Propagation-Correction Modulation for video object segmentation (AAAI 2022)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from vos_core.networks.blocks.ensembler import Modulator
from vos_core.networks.folded_head import run_modulator
from vos_core.networks.published import ReleasedBehaviour
from vos_core.networks.published_records import (
    FrameFeatures,
    Memory,
    PreviousFrame,
    TargetMatching,
)
from vos_core.networks.single_scale import (
    EMBEDDING_CHANNELS,
    HEAD_CHANNELS,
    SingleScaleNetwork,
)
from vos_core.networks.stage_input import StageInput


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
        global_atrous: Atrous factor of global matching.
        dropout: Rate in the backbone's pyramid while training.
        behaviour: Switches for released weights.
    """

    def __init__(
        self,
        trunk: nn.Module,
        *,
        global_atrous: int = 1,
        dropout: float = 0.1,
        behaviour: ReleasedBehaviour | None = None,
    ) -> None:
        super().__init__(
            trunk,
            input_channels=(EMBEDDING_CHANNELS + HEAD_CHANNELS, 0),
            global_atrous=global_atrous,
            dropout=dropout,
            behaviour=behaviour,
        )
        guidance_channels = 4 * EMBEDDING_CHANNELS
        self.propagation = Modulator(guidance_channels=guidance_channels)
        self.correction = Modulator(guidance_channels=guidance_channels)

    def stage_inputs(
        self, target: FrameFeatures, previous: PreviousFrame, matching: TargetMatching
    ) -> tuple[StageInput | None, ...]:
        """Gather 164 channels for the first stage; the second takes nothing."""
        first = StageInput(
            own=self.head_features(matching),
            shared=target.embeddings[0],
            previous=None,
            labels=matching.previous_labels[0],
            own_comes_first=False,
        )
        return first, None

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

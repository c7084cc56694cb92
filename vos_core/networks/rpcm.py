"""RPCM: Reliable Propagation-Correction Modulation for video object segmentation (AAAI 2022)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vos_core.networks.blocks.ensembler import Modulator
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

    def ensembler_inputs(
        self, target: FrameFeatures, previous: PreviousFrame, matching: TargetMatching
    ) -> tuple[Tensor | None, ...]:
        """Stack ``[L, 164, h4, w4]`` for the first stage; the second takes nothing."""
        label_count = matching.guidance.shape[0]
        shared = target.embeddings[0].expand(label_count, -1, -1, -1)
        return torch.cat([shared, self.head_features(matching)], dim=1), None

    def modulate(
        self, code: Tensor, memory: Memory | None, guidance: Tensor
    ) -> tuple[Tensor, Memory | None]:
        """Propagate, then correct (RPCM, equations 3 to 6).

        Memory of another shape (a new object, another size) counts as empty: then the code and
        its modulated form stand in. No gradient flows into memory, those stand-ins included.
        """
        is_empty = memory is None or memory.propagation.shape != code.shape
        if memory is None or is_empty:
            propagated = self.propagation(code, code.detach(), guidance)
            fixed = propagated.detach()
        else:
            propagated = self.propagation(code, memory.propagation, guidance)
            fixed = memory.correction
        corrected = self.correction(propagated, fixed, guidance)
        return corrected, Memory(propagation=code.detach(), correction=fixed)

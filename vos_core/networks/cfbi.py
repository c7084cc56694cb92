"""CFBI: collaborative video object segmentation by foreground-background integration (2020)."""

from __future__ import annotations

from torch import nn

from vos_core.networks.published import ReleasedBehaviour
from vos_core.networks.published_records import FrameFeatures, PreviousFrame, TargetMatching
from vos_core.networks.single_scale import (
    EMBEDDING_CHANNELS,
    HEAD_CHANNELS,
    SingleScaleNetwork,
)
from vos_core.networks.stage_input import StageInput


class Cfbi(SingleScaleNetwork):
    """CFBI on any trunk.

    The ensembler sees, per label: the target's embedding, the previous embedding inside and
    outside the label, and the matching head's features (100 + 100 + 100 + 64 channels).

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
            input_channels=(3 * EMBEDDING_CHANNELS + HEAD_CHANNELS, 0, 0),
            global_atrous=global_atrous,
            dropout=dropout,
            behaviour=behaviour,
        )

    def stage_inputs(
        self, target: FrameFeatures, previous: PreviousFrame, matching: TargetMatching
    ) -> tuple[StageInput | None, ...]:
        """Gather 364 channels for the first stage; the others take nothing."""
        first = StageInput(
            own=self.head_features(matching),
            shared=target.embeddings[0],
            previous=previous.features.embeddings[0],
            labels=matching.previous_labels[0],
            own_comes_first=False,
        )
        return first, None, None

"""CFBI: collaborative video object segmentation by foreground-background integration (2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vos_core.networks.published import ReleasedBehaviour, label_members, split_previous
from vos_core.networks.published_records import FrameFeatures, PreviousFrame, TargetMatching
from vos_core.networks.single_scale import (
    EMBEDDING_CHANNELS,
    HEAD_CHANNELS,
    SingleScaleNetwork,
)


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

    def ensembler_inputs(
        self, target: FrameFeatures, previous: PreviousFrame, matching: TargetMatching
    ) -> tuple[Tensor | None, ...]:
        """Stack ``[L, 364, h4, w4]`` for the first stage; the others take nothing."""
        embedding = target.embeddings[0]
        label_count = matching.guidance.shape[0]
        members = label_members(matching.previous_labels[0], label_count, embedding.dtype)
        inside, outside = split_previous(previous.features.embeddings[0], members)
        stack = torch.cat(
            [
                embedding.expand(label_count, -1, -1, -1),
                inside,
                outside,
                self.head_features(matching),
            ],
            dim=1,
        )
        return stack, None, None

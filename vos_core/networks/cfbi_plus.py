"""CFBI+: multi-scale foreground-background integration (TPAMI 2021)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from vos_core.backbones.deeplab import DeepLab
from vos_core.networks.blocks.embedding import FeaturePyramid
from vos_core.networks.published import (
    PublishedNetwork,
    ReleasedBehaviour,
    matching_stack,
)
from vos_core.networks.published_matching.reference import ScaleMatching
from vos_core.networks.published_records import FrameFeatures, PreviousFrame, TargetMatching
from vos_core.networks.stage_input import StageInput, label_members

EMBEDDING_CHANNELS = 256


class CfbiPlus(PublishedNetwork):
    """CFBI+ on any trunk.

    Every stage of the ensembler receives its scale's matching maps and embeddings; all gates are
    driven by the stride-4 guidance vector, the only one of three that the authors' code uses.

    Args:
        trunk: Backbone trunk at output stride 16.
        scales: How strides 4, 8 and 16 are matched.
        dropout: Rate in the backbone's pyramid while training.
        behaviour: Switches for released weights.
    """

    def __init__(
        self,
        trunk: nn.Module,
        *,
        scales: Sequence[ScaleMatching],
        dropout: float = 0.1,
        behaviour: ReleasedBehaviour | None = None,
    ) -> None:
        backbone = DeepLab(trunk, dropout=dropout)
        super().__init__(
            backbone,
            scales=scales,
            embedding_channels=EMBEDDING_CHANNELS,
            input_channels=[
                3 + 2 * scale.window_count + 3 * EMBEDDING_CHANNELS for scale in scales
            ],
            behaviour=behaviour,
        )
        self.pyramid = FeaturePyramid(mid_channels=backbone.mid_channels, width=EMBEDDING_CHANNELS)

    def encode(self, image: Tensor) -> FrameFeatures:
        """Extract three embeddings and the low-level features of ``[1, 3, H, W]``."""
        features = self.extract(image)
        pyramid = self.pyramid(features.decoded, features.mid, features.aspp)
        return FrameFeatures(embeddings=tuple(pyramid), low=features.low)

    def stage_inputs(
        self, target: FrameFeatures, previous: PreviousFrame, matching: TargetMatching
    ) -> tuple[StageInput | None, ...]:
        """Gather 783, 783 and 781 channels for the three stages."""
        label_count = matching.guidance.shape[0]
        stages = []
        for index, maps in enumerate(matching.maps):
            embedding = target.embeddings[index]
            labels = matching.previous_labels[index]
            members = label_members(labels, label_count, embedding.dtype)
            stages.append(
                StageInput(
                    own=matching_stack(maps, members),
                    shared=embedding,
                    previous=previous.features.embeddings[index],
                    labels=labels,
                    own_comes_first=True,
                )
            )
        return tuple(stages)

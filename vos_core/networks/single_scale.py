"""The part that CFBI, RPCM and AOC share: one embedding at stride 4, matching head of 64 maps."""

from __future__ import annotations

from torch import Tensor, nn

from vos_core.backbones.deeplab import DeepLab
from vos_core.networks.blocks.embedding import MatchingEmbedding, MatchingHead
from vos_core.networks.blocks.ensembler import GateFactory
from vos_core.networks.published import (
    PublishedNetwork,
    ReleasedBehaviour,
    matching_stack,
)
from vos_core.networks.published_matching.reference import ScaleMatching
from vos_core.networks.published_records import FrameFeatures, TargetMatching
from vos_core.networks.stage_input import label_members

EMBEDDING_CHANNELS = 100
HEAD_CHANNELS = 64
HALF_WINDOWS = (2, 4, 6, 8, 10, 12)


class SingleScaleNetwork(PublishedNetwork):
    """Backbone, one embedding of 100 channels, matching with local search at half resolution.

    Args:
        trunk: Backbone trunk at output stride 16.
        input_channels: Channels that enter each stage of the ensembler.
        global_atrous: Atrous factor of global matching (1; 2 with MobileNet and in "fast" mode).
        dropout: Rate in the backbone's pyramid while training.
        behaviour: Switches for released weights.
        matching_channels: Matching maps per label that enter the matching head.
        build_gate: Builds the gates of ensembler and decoder; guidance gates when None.
    """

    def __init__(
        self,
        trunk: nn.Module,
        *,
        input_channels: tuple[int, ...],
        global_atrous: int = 1,
        dropout: float = 0.1,
        behaviour: ReleasedBehaviour | None = None,
        matching_channels: int = 3 + 2 * len(HALF_WINDOWS),
        build_gate: GateFactory | None = None,
    ) -> None:
        backbone = DeepLab(trunk, dropout=dropout)
        scale = ScaleMatching(
            channels=EMBEDDING_CHANNELS,
            half_windows=HALF_WINDOWS,
            global_atrous=global_atrous,
            halve_local=True,
        )
        super().__init__(
            backbone,
            scales=(scale,),
            embedding_channels=EMBEDDING_CHANNELS,
            input_channels=input_channels,
            behaviour=behaviour,
            build_gate=build_gate,
        )
        self.embedding = MatchingEmbedding(out_channels=EMBEDDING_CHANNELS)
        self.matching_head = MatchingHead(in_channels=matching_channels, out_channels=HEAD_CHANNELS)

    def encode(self, image: Tensor) -> FrameFeatures:
        """Extract the embedding and the low-level features of ``[1, 3, H, W]``."""
        features = self.extract(image)
        return FrameFeatures(embeddings=(self.embedding(features.decoded),), low=features.low)

    def head_features(self, matching: TargetMatching) -> Tensor:
        """Turn the matching maps into ``[L, 64, h4, w4]``."""
        maps = matching.maps[0]
        members = label_members(
            matching.previous_labels[0],
            maps.global_foreground.shape[0],
            self.matching_head.conv.weight.dtype,
        )
        result: Tensor = self.matching_head(self.stack_maps(matching, members))
        return result

    def stack_maps(self, matching: TargetMatching, members: Tensor) -> Tensor:
        """Stack what enters the matching head, ``[L, matching_channels, h4, w4]``."""
        return matching_stack(matching.maps[0], members)

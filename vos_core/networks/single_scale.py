"""The part that CFBI, RPCM and AOC share: one embedding at stride 4, matching head of 64 maps."""

from __future__ import annotations

from typing import TypedDict, Unpack

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
from vos_core.networks.published_records import FrameFeatures, PreviousFrame, TargetMatching
from vos_core.networks.stage_input import StageInput, label_members

EMBEDDING_CHANNELS = 100
HEAD_CHANNELS = 64
HALF_WINDOWS = (2, 4, 6, 8, 10, 12)


class SingleScaleOptions(TypedDict, total=False):
    """What the constructors of CFBI, RPCM and AOC have in common.

    Attributes:
        half_windows: Half sizes of the local windows at half resolution, ascending.
        global_atrous: Atrous factor of global matching (1; 2 with MobileNet and in "fast" mode).
        dropout: Rate in the backbone's pyramid while training.
        behaviour: Switches for released weights.
    """

    half_windows: tuple[int, ...]
    global_atrous: int
    dropout: float
    behaviour: ReleasedBehaviour | None


class SingleScaleNetwork(PublishedNetwork):
    """Backbone, one embedding of 100 channels, matching with local search at half resolution.

    Args:
        trunk: Backbone trunk at output stride 16.
        build_gate: Builds the gates of ensembler and decoder; guidance gates when None.
        options: See :class:`SingleScaleOptions`.

    Attributes:
        uses_previous_embedding: Whether the ensembler sees the previous frame's embedding, inside
            and outside each label, beside the target's.
        later_stages: Stages of the ensembler after the one at stride 4.
    """

    uses_previous_embedding = False
    later_stages = 1

    def __init__(
        self,
        trunk: nn.Module,
        *,
        build_gate: GateFactory | None = None,
        **options: Unpack[SingleScaleOptions],
    ) -> None:
        backbone = DeepLab(trunk, dropout=options.get("dropout", 0.1))
        scale = ScaleMatching(
            channels=EMBEDDING_CHANNELS,
            half_windows=options.get("half_windows", HALF_WINDOWS),
            global_atrous=options.get("global_atrous", 1),
            halve_local=True,
        )
        embeddings = 3 if self.uses_previous_embedding else 1
        first = embeddings * EMBEDDING_CHANNELS + HEAD_CHANNELS
        super().__init__(
            backbone,
            scales=(scale,),
            embedding_channels=EMBEDDING_CHANNELS,
            input_channels=(first, *(0,) * self.later_stages),
            behaviour=options.get("behaviour"),
            build_gate=build_gate,
        )
        self.embedding = MatchingEmbedding(out_channels=EMBEDDING_CHANNELS)
        self.matching_head = MatchingHead(
            in_channels=self.count_maps(scale.window_count), out_channels=HEAD_CHANNELS
        )

    @staticmethod
    def count_maps(windows: int) -> int:
        """Count the maps per label that enter the matching head."""
        return 3 + 2 * windows

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

    def stage_inputs(
        self, target: FrameFeatures, previous: PreviousFrame, matching: TargetMatching
    ) -> tuple[StageInput | None, ...]:
        """Gather what enters the first stage of the ensembler; the others take nothing."""
        before = previous.features.embeddings[0] if self.uses_previous_embedding else None
        first = StageInput(
            own=self.head_features(matching),
            shared=target.embeddings[0],
            previous=before,
            labels=matching.previous_labels[0],
            own_comes_first=False,
        )
        return (first, *(None,) * self.later_stages)

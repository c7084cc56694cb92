"""CFBI: collaborative video object segmentation by foreground-background integration (2020)."""

from __future__ import annotations

from vos_core.networks.single_scale import SingleScaleNetwork


class Cfbi(SingleScaleNetwork):
    """CFBI on any trunk.

    The ensembler sees, per label: the target's embedding, the previous embedding inside and
    outside the label, and the matching head's features (100 + 100 + 100 + 64 channels).
    """

    uses_previous_embedding = True
    later_stages = 2

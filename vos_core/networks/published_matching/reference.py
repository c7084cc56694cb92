"""What a reference frame is digested into: built once, joined when references are added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vos_core.matching.global_matching import (
    LabelSegments,
    atrous_mask,
    build_segments,
    join_segments,
)
from vos_core.networks.published_matching.guidance import LabelSums, add_sums, sum_labels
from vos_core.ops.resize import resize_labels


@dataclass(frozen=True)
class ScaleMatching:
    """How one scale is matched.

    Attributes:
        channels: How many leading channels of the embedding enter matching.
        half_windows: Half sizes of the local windows, ascending, in pixels of the matching grid.
        global_atrous: Atrous factor of global matching.
        local_atrous: Atrous factor of local matching.
        halve_local: Whether local matching runs at half the embedding's resolution.
    """

    channels: int
    half_windows: tuple[int, ...]
    global_atrous: int = 1
    local_atrous: int = 1
    halve_local: bool = False

    @property
    def window_count(self) -> int:
        """Number of local windows."""
        return len(self.half_windows)


@dataclass(frozen=True)
class ReferenceDigest:
    """One or several reference frames, ready to be matched.

    Attributes:
        segments: Per scale, the kept pixels' embeddings sorted by label.
        sums: Embedding sums at stride 4 for the guidance vector.
        label_count: Number of labels L, background included.
        centroids: AOC's proxies ``[L, K, C]`` of all frames, None for the other networks.
        valid: bool ``[L, K]``, which of them exist.
    """

    segments: tuple[LabelSegments, ...]
    sums: LabelSums
    label_count: int
    centroids: Tensor | None = None
    valid: Tensor | None = None


def digest_reference(
    embeddings: Sequence[Tensor],
    channel_map: Tensor,
    label_count: int,
    scales: Sequence[ScaleMatching],
    *,
    min_matching_pixels: int = 0,
    guidance_uses_atrous_labels: bool = False,
    nobody_is_background: bool = False,
) -> ReferenceDigest:
    """Digest one reference frame.

    Args:
        embeddings: Per scale ``[C_s, h_s, w_s]``, finest first.
        channel_map: int64 ``[H, W]`` at any size; values outside 0..L-1 belong to nobody.
        label_count: Number of labels L.
        scales: Per scale, how it is matched.
        min_matching_pixels: A label with at most this times the squared atrous factor pixels
            keeps all of them in global matching.
        guidance_uses_atrous_labels: Whether the guidance vector sees only the pixels that
            survive the atrous grid. The authors' code does this by an in-place side effect in
            training, and in testing when ``min_matching_pixels`` is positive; off is the
            definition of the paper.
        nobody_is_background: Whether pixels of nobody count in the guidance vector's background
            means.
    """
    segments = []
    sums: LabelSums | None = None
    for embedding, scale in zip(embeddings, scales, strict=True):
        labels = _known(resize_labels(channel_map, _size(embedding)), label_count)
        kept = atrous_mask(labels, scale.global_atrous, label_count, min_pixels=min_matching_pixels)
        keys = embedding[: scale.channels].flatten(1).T
        # pixels off the grid belong to nobody and are dropped by the sort
        kept_labels = labels.masked_fill(~kept, -1)
        segments.append(build_segments(keys, kept_labels.flatten(), label_count))
        if sums is None:
            sums = sum_labels(
                embedding,
                labels,
                label_count,
                kept=kept if guidance_uses_atrous_labels else None,
                nobody_is_background=nobody_is_background,
            )
    if sums is None:
        raise ValueError("a network needs at least one scale")
    return ReferenceDigest(segments=tuple(segments), sums=sums, label_count=label_count)


def join_references(digests: Sequence[ReferenceDigest]) -> ReferenceDigest:
    """Join the digests of several reference frames; all must know the same labels.

    Raises:
        ValueError: If there is no digest, or label counts differ.
    """
    if not digests:
        raise ValueError("matching needs at least one reference frame")
    counts = {digest.label_count for digest in digests}
    if len(counts) > 1:
        raise ValueError(f"references disagree on the number of labels: {sorted(counts)}")
    if len(digests) == 1:
        return digests[0]
    return ReferenceDigest(
        segments=tuple(
            join_segments(parts)
            for parts in zip(*(digest.segments for digest in digests), strict=True)
        ),
        sums=add_sums([digest.sums for digest in digests]),
        label_count=digests[0].label_count,
        centroids=_join([digest.centroids for digest in digests]),
        valid=_join([digest.valid for digest in digests]),
    )


def _join(parts: Sequence[Tensor | None]) -> Tensor | None:
    """Join the proxies of several frames side by side."""
    known = [part for part in parts if part is not None]
    return torch.cat(known, dim=1) if known else None


def _known(labels: Tensor, label_count: int) -> Tensor:
    """Send labels outside 0..L-1 to -1."""
    labels = labels.long()
    return labels.masked_fill((labels < 0) | (labels >= label_count), -1)


def _size(embedding: Tensor) -> tuple[int, int]:
    return embedding.shape[-2], embedding.shape[-1]

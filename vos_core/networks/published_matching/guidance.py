"""Guidance vectors: masked means of embeddings (CFBI, section 3.4, "instance-level attention").

A frame enters as sums and counts per channel, so that several reference frames are added before
the division and a reference's sums are computed once.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vos_core.ops.pooling import means_in_and_out


class LabelSums(NamedTuple):
    """Sums of one or more frames' embeddings under each label.

    Attributes:
        sums: ``[L, C]``, sum of the embedding over the label's pixels.
        counts: ``[L]``, number of these pixels.
        total: ``[C]``, sum over all pixels that count, whatever their label.
        pixels: Number of these.
    """

    sums: Tensor
    counts: Tensor
    total: Tensor
    pixels: Tensor


def sum_labels(
    embedding: Tensor,
    labels: Tensor,
    label_count: int,
    *,
    kept: Tensor | None = None,
    nobody_is_background: bool = False,
) -> LabelSums:
    """Sum an embedding under each label with one matrix product.

    Args:
        embedding: ``[C, h, w]``.
        labels: int64 ``[h, w]``; values outside 0..L-1 belong to nobody.
        label_count: Number of labels L, background included.
        kept: bool ``[h, w]``; pixels where it is false belong to no label, and are outside all.
        nobody_is_background: Whether pixels of nobody are outside every label; else they do not
            count at all.
    """
    own = labels.reshape(1, -1) == torch.arange(label_count, device=labels.device)[:, None]
    flat = embedding.flatten(1)
    somebody = own.any(dim=0).to(embedding.dtype)
    if kept is not None:
        own = own & kept.reshape(1, -1)
    members = own.to(embedding.dtype)
    return LabelSums(
        sums=members @ flat.T,
        counts=own.sum(dim=1).to(embedding.dtype),
        total=flat.sum(dim=1) if nobody_is_background else flat @ somebody,
        pixels=somebody.new_tensor(flat.shape[1]) if nobody_is_background else somebody.sum(),
    )


def add_sums(parts: list[LabelSums]) -> LabelSums:
    """Add the sums of several frames."""
    if len(parts) == 1:
        return parts[0]
    return LabelSums(
        sums=torch.stack([part.sums for part in parts]).sum(dim=0),
        counts=torch.stack([part.counts for part in parts]).sum(dim=0),
        total=torch.stack([part.total for part in parts]).sum(dim=0),
        pixels=torch.stack([part.pixels for part in parts]).sum(),
    )


def mean_pair(frame: LabelSums) -> Tensor:
    """Return ``[L, 2C]``: the mean inside each label, then the mean outside it.

    An absent label has a zero inside mean.
    """
    return torch.cat(means_in_and_out(*frame), dim=1)


def guidance_vector(reference: LabelSums, previous: LabelSums) -> Tensor:
    """Return ``[L, 4C]``: reference inside and outside, previous inside and outside."""
    return torch.cat([mean_pair(reference), mean_pair(previous)], dim=1)

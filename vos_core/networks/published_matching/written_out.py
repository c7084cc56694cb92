"""Matching as the authors' code arranges it: the stand-in that the fast forms are timed against.

Every pair of pixels is masked once per label, and local windows are written out. Same results as
:mod:`vos_core.matching`, far more memory traffic.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from vos_core.matching.distance import FAR
from vos_core.matching.global_matching import LabelSegments
from vos_core.networks.published_matching.maps import Primitives

CHUNK = 6443
"""Target pixels that are compared with all reference pixels at once, a quarter of 481 x 849."""


def masked_global(query: Tensor, reference: LabelSegments) -> Tensor:
    """Global matching with a ``[chunk, L, R]`` volume of masked distances.

    Args:
        query: ``[P, C]`` target keys.
        reference: Sorted reference keys.

    Returns:
        float32 ``[L, P]``; ``FAR`` for a label without reference pixels.
    """
    label_count = reference.label_count
    if not len(reference.squared):
        return query.new_full((label_count, len(query)), FAR, dtype=torch.float32)
    sizes = torch.tensor(reference.bounds, device=query.device).diff()
    labels = torch.arange(label_count, device=query.device)
    owners = torch.repeat_interleave(labels, sizes)
    wrong = (owners[None] != labels[:, None]).to(query.dtype) * FAR
    found = []
    for part in query.split(CHUNK):
        distances = part.square().sum(1, keepdim=True) + reference.squared[None]
        distances = distances - 2 * part @ reference.keys.T
        found.append((distances[:, None] + wrong[None]).amin(2))
    return torch.cat(found).T.clamp(max=FAR).float()


def unfolded_local(
    query: Tensor,
    keys: Tensor,
    labels: Tensor,
    label_count: int,
    half_windows: tuple[int, ...],
    *,
    atrous: int = 1,
) -> Tensor:
    """Local matching with all windows written out, ``[C, P, n * n]`` and ``[P, n * n, L]``.

    Args:
        query: ``[C, h, w]`` target keys.
        keys: ``[C, h, w]`` keys of the previous frame.
        labels: int64 ``[h, w]``; -1 belongs to nobody.
        label_count: Number of labels L.
        half_windows: Chebyshev half sizes, multiples of ``atrous``.
        atrous: Offsets are multiples of this around the target pixel.

    Returns:
        ``[L, len(half_windows), h, w]``; ``FAR`` where a window holds no pixel of the label.
    """
    height, width = query.shape[-2:]
    radius = max(half_windows)
    side = 2 * radius // atrous + 1

    def windows(maps: Tensor, fill: float) -> Tensor:
        padded = F.pad(maps[None], (radius,) * 4, value=fill)
        return F.unfold(padded, (height, width), stride=atrous).view(
            len(maps), height * width, side * side
        )

    written = windows(keys, 0.0)
    products = torch.bmm(query.flatten(1).T[:, None], written.permute(1, 0, 2))[:, 0]
    norms = windows(keys.square().sum(0, keepdim=True), 0.0)[0]
    distances = query.square().sum(0).flatten()[:, None] + norms - 2 * products
    owners = windows(labels[None].to(query.dtype), -1.0)[0]
    wrong = owners[..., None] != torch.arange(label_count, device=query.device)
    masked = (distances[..., None] + wrong * FAR).view(-1, side, side, label_count)
    found = []
    for half in half_windows:
        kept = slice((radius - half) // atrous, (radius + half) // atrous + 1)
        found.append(masked[:, kept, kept].amin((1, 2)))
    return (
        torch.stack(found, 1)
        .permute(2, 1, 0)
        .reshape(label_count, len(half_windows), height, width)
        .clamp(max=FAR)
    )


WRITTEN_OUT = Primitives(masked_global, unfolded_local)

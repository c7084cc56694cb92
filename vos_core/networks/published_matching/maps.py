"""Matching maps of one scale: global and multi-local, foreground and background."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from vos_core.matching.distance import background_maps, matching_transform
from vos_core.matching.global_matching import LabelSegments, global_matching, plain_global_matching
from vos_core.matching.local_matching import local_matching, plain_local_matching
from vos_core.networks.published_matching.reference import ScaleMatching
from vos_core.ops.resize import resize_bilinear, resize_labels


class MatchingMaps(NamedTuple):
    """Transformed distances in [0, 1] per label, lower is closer.

    Attributes:
        global_foreground: ``[L, 1, h, w]``.
        local_foreground: ``[L, n, h, w]``, in the order of :func:`order_windows`.
        local_background: ``[L, n, h, w]``, the same order.
        global_background: ``[L, 1, h, w]``.
    """

    global_foreground: Tensor
    local_foreground: Tensor
    local_background: Tensor
    global_background: Tensor


class Primitives(NamedTuple):
    """The two searches that matching is made of, so that a plain pair can stand in."""

    find_global: Callable[[Tensor, LabelSegments], Tensor]
    find_local: Callable[..., Tensor]


def _plain_global(query: Tensor, reference: LabelSegments) -> Tensor:
    sizes = [high - low for low, high in zip(reference.bounds, reference.bounds[1:], strict=False)]
    labels = torch.repeat_interleave(torch.arange(reference.label_count), torch.tensor(sizes)).to(
        query.device
    )
    return plain_global_matching(query, reference.keys, labels, reference.label_count)


FAST = Primitives(global_matching, local_matching)
PLAIN = Primitives(_plain_global, plain_local_matching)


def order_windows(half_windows: tuple[int, ...], *, largest_first: bool) -> tuple[int, ...]:
    """Return the windows in channel order: ascending, or the largest and then the others.

    Released weights depend on the second (the authors' code computes the largest window and then
    the nested ones).
    """
    ascending = sorted(half_windows)
    return (ascending[-1], *ascending[:-1]) if largest_first else tuple(ascending)


def match_scale(
    query: Tensor,
    reference: LabelSegments,
    previous: Tensor,
    previous_labels: Tensor,
    scale: ScaleMatching,
    *,
    foreground_bias: Tensor,
    background_bias: Tensor,
    primitives: Primitives = FAST,
    largest_first: bool = False,
) -> MatchingMaps:
    """Match a target frame against references and the previous frame at one scale.

    CFBI, sections 3.2 and 3.3; CFBI+, equations 2 to 5 and 9.

    Args:
        query: ``[C, h, w]`` embedding of the target frame.
        reference: Sorted reference pixels of this scale.
        previous: ``[C, h, w]`` embedding of the previous frame.
        previous_labels: int64 ``[h, w]`` on the same grid; -1 belongs to nobody.
        scale: Channels, windows and atrous factors.
        foreground_bias: Scalar, added for labels > 0.
        background_bias: Scalar, added for label 0.
        primitives: Fast or plain searches.
        largest_first: Order of the local windows, see :func:`order_windows`.
    """
    label_count = reference.label_count
    height, width = query.shape[-2:]
    query, previous = query[: scale.channels], previous[: scale.channels]
    found = primitives.find_global(query.flatten(1).T.contiguous(), reference)
    global_foreground = matching_transform(
        found.view(label_count, 1, height, width), foreground_bias, background_bias
    )

    local_foreground = match_local(
        query,
        previous,
        previous_labels,
        label_count,
        scale,
        foreground_bias=foreground_bias,
        background_bias=background_bias,
        primitives=primitives,
        largest_first=largest_first,
    )
    return MatchingMaps(
        global_foreground=global_foreground,
        local_foreground=local_foreground,
        # after the transform, because the two biases reorder labels, and after the upsampling,
        # because a minimum does not commute with interpolation
        local_background=background_maps(local_foreground),
        global_background=background_maps(global_foreground),
    )


def match_local(
    query: Tensor,
    previous: Tensor,
    labels: Tensor,
    label_count: int,
    scale: ScaleMatching,
    *,
    foreground_bias: Tensor,
    background_bias: Tensor,
    primitives: Primitives = FAST,
    largest_first: bool = False,
) -> Tensor:
    """Match a target frame against windows of the previous frame.

    Where the scale says so, at half resolution: embeddings are shrunk and the transformed maps
    enlarged, both bilinearly with aligned corners.

    Args:
        query: ``[C, h, w]``, the channels that enter matching.
        previous: ``[C, h, w]``.
        labels: int64 ``[h, w]``; -1 belongs to nobody.
        label_count: Number of labels L.
        scale: Windows, atrous factor, resolution.
        foreground_bias: Scalar, added for labels > 0.
        background_bias: Scalar, added for label 0.
        primitives: Fast or plain searches.
        largest_first: Order of the local windows, see :func:`order_windows`.

    Returns:
        ``[L, n, h, w]`` in [0, 1].
    """
    size = (query.shape[-2], query.shape[-1])
    if scale.halve_local:
        small = (size[0] // 2 + 1, size[1] // 2 + 1)
        query = resize_bilinear(query[None], small)[0]
        previous = resize_bilinear(previous[None], small)[0]
        labels = resize_labels(labels, small)
    near = primitives.find_local(
        query,
        previous,
        labels,
        label_count,
        order_windows(scale.half_windows, largest_first=largest_first),
        atrous=scale.local_atrous,
    )
    maps = matching_transform(near, foreground_bias, background_bias)
    return resize_bilinear(maps, size) if scale.halve_local else maps

"""One target frame between the network's logits and its own resolution: branches joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vos_core.inference.records import PropagatorOptions
from vos_core.networks.contract import PropagationNetwork, StepResult
from vos_core.ops.aggregation import entropy_map
from vos_core.ops.resize import resize_bilinear

NOBODY = 255


class Segmented(NamedTuple):
    """One target frame before it is laid out at native resolution.

    Attributes:
        logits: float32 [O, h4, w4], one per object; None where several branches were averaged.
        probabilities: float32 [O + 1, h4, w4], aggregated.
        cluster_index: int64 [O + 1, h8, w8] nearest proxy of each label; None where a network has
            no proxies.
        joins_objects: Whether the logits are [O + 1, h4, w4] and their softmax is the answer.
        reference_frames: Frames of the joined references, in the order of their proxies.
        at_frame: float32 [O + 1, H, W], where probabilities are made at the frame's own size.
    """

    logits: Tensor | None
    probabilities: Tensor
    cluster_index: Tensor | None
    joins_objects: bool = False
    reference_frames: tuple[int, ...] = ()
    at_frame: Tensor | None = None

    @property
    def finest(self) -> Tensor:
        """Probabilities at the finest size at which they were made."""
        return self.probabilities if self.at_frame is None else self.at_frame


def join_branches(
    network: PropagationNetwork,
    results: Sequence[StepResult],
    *,
    grid: tuple[int, int],
    frame_size: tuple[int, int] | None,
    reference_frames: tuple[int, ...],
) -> Segmented:
    """Average what the branches, one for each scale and mirroring, say of a frame.

    Args:
        network: Theirs.
        results: One for each branch, unmirrored.
        grid: (h4, w4) of the first branch.
        frame_size: (H, W) to make probabilities at, as the authors do; None makes them on the
            first branch's grid.
        reference_frames: Passed on.
    """
    first = results[0]
    logits = first.logits.float() if len(results) == 1 else None
    if frame_size is not None:
        at_frame = _mean(
            network.aggregate(resize_bilinear(result.logits.float()[None], frame_size)[0])
            for result in results
        )
        return Segmented(
            logits,
            resize_bilinear(at_frame[None], grid)[0],
            first.cluster_index,
            network.joins_objects,
            reference_frames,
            at_frame,
        )
    probabilities = _mean(
        resize_bilinear(network.aggregate(result.logits.float())[None], grid)[0]
        for result in results
    )
    return Segmented(
        logits, probabilities, first.cluster_index, network.joins_objects, reference_frames
    )


def own_reference(
    probabilities: Tensor, object_ids: Sequence[int], options: PropagatorOptions
) -> np.ndarray:
    """Turn a result into a reference map: doubtful pixels belong to nobody.

    Doubtful is what has an entropy above `max_entropy` (RPCM, reliability filter; with one object
    the entropy never exceeds log 2), or a probability below `min_probability`.

    Args:
        probabilities: float32 [O + 1, h, w].
        object_ids: Ids of channels 1..O.
        options: The two thresholds.

    Returns:
        uint8 [h, w] of ids, 255 for nobody.
    """
    best, channels = probabilities.max(0)
    if options.max_entropy is None:
        doubtful = best < options.min_probability
    else:
        doubtful = entropy_map(probabilities) > options.max_entropy
    table = torch.tensor([0, *object_ids], device=channels.device)
    labels = table[channels].masked_fill(doubtful, NOBODY)
    result: np.ndarray = labels.to(torch.uint8).cpu().numpy()
    return result


def _mean(parts: Iterable[Tensor]) -> Tensor:
    """Mean of maps, made one after the other; a single one is passed on as it is."""
    total, count = None, 0
    for part in parts:
        total = part if total is None else total + part
        count += 1
    if total is None:
        raise ValueError("there is no branch to average")
    return total if count == 1 else total / count

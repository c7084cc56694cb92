"""What enters one stage of the ensembler, before it is written out once per label."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class StageInput(NamedTuple):
    """The parts of one stage's input.

    Written out, a label's input is ``own``, ``shared``, ``previous`` inside the label and
    ``previous`` outside it, in this order (``own`` last unless ``own_comes_first``). Kept apart,
    the shared parts exist once for all labels, and the two halves of ``previous`` are one map.

    Attributes:
        own: ``[L, C1, h, w]``, differs between labels.
        shared: ``[1, C2, h, w]``, the same for all labels.
        previous: ``[1, C3, h, w]`` or None where the network does not use it.
        labels: int64 ``[h, w]`` of the previous frame, -1 for nobody.
        own_comes_first: Whether ``own`` comes before ``shared``.
    """

    own: Tensor
    shared: Tensor
    previous: Tensor | None
    labels: Tensor
    own_comes_first: bool

    @property
    def label_count(self) -> int:
        """Number of labels L."""
        return self.own.shape[0]

    def write_out(self) -> Tensor:
        """Return ``[L, C, h, w]``, one full input per label."""
        parts = [self.shared.expand(self.label_count, -1, -1, -1)]
        if self.previous is not None:
            members = label_members(self.labels, self.label_count, self.previous.dtype)
            parts += [self.previous * members, self.previous * (1 - members)]
        parts.insert(0 if self.own_comes_first else len(parts), self.own)
        return torch.cat(parts, dim=1)


def label_members(labels: Tensor, label_count: int, dtype: torch.dtype) -> Tensor:
    """One-hot ``[L, 1, h, w]`` of int64 ``[h, w]``; a pixel of nobody is zero in every row."""
    own = labels[None] == torch.arange(label_count, device=labels.device)[:, None, None]
    return own.unsqueeze(1).to(dtype)

"""What the propagator asks of a network; every family answers in its own records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

# A network's features, references and states are its own; the propagator stores and hands them
# back without looking inside. Only these are asked of them: features have ``grid(stride)``, a
# state has ``with_references(joined)``, and a step's result has ``logits`` and ``cluster_index``
# (``[O + 1, h8, w8]``, or None for a network without proxies).
Features = Any
Reference = Any
State = Any
StepResult = Any


class PropagationNetwork(Protocol):
    """A network that segments frame by frame; it holds nothing of a video.

    Attributes:
        joins_objects: Whether ``step`` gives ``[O + 1, h4, w4]`` logits whose softmax is the
            segmentation, instead of one logit map per object.
        samples_masks: Whether ``reference`` and ``begin`` take label maps of any size, which the
            network samples at its grids, instead of the input's size alone.
    """

    joins_objects: bool
    samples_masks: bool

    def encode(self, images: Tensor) -> Features:
        """Extract features, without objects, of ``[1, 3, H, W]`` RGB in 0..255."""
        ...

    def reference(
        self, features: Features, label_map: Tensor, object_ids: Sequence[int]
    ) -> Reference:
        """Digest a reference frame with its integer ``[H, W]`` map of ids (255: nobody's)."""
        ...

    def join(self, references: Sequence[Any]) -> Any:
        """Join the digests of several reference frames."""
        ...

    def begin(
        self, references: Sequence[Any], previous: Features, previous_labels: Tensor
    ) -> State:
        """Return the state at a frame whose mask is known."""
        ...

    def step(self, target: Features, state: State) -> StepResult:
        """Segment one frame."""
        ...

    def aggregate(self, logits: Tensor) -> Tensor:
        """Turn a step's logits into ``[O + 1, h4, w4]`` probabilities."""
        ...

    def absorb(
        self,
        target: Features,
        probabilities: Tensor,
        state: State,
        step: StepResult | None = None,
    ) -> State:
        """Return the state after a frame; ``step`` is this network's own result for it."""
        ...

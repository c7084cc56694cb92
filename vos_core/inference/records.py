"""What goes into a propagation and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vos_core.errors import UserError

MODES = ("base", "mf")
SIZINGS = ("short-edge", "long-edge")
PLACES = ("grid", "frame")
LARGEST_SCALE = 4.0
SHORTEST_EDGE = 65


@dataclass(frozen=True)
class FrameResult:
    """One segmented frame; its arrays are read-only.

    Attributes:
        index: Frame index.
        label_map: uint8 [H, W] object ids at the frame's own resolution.
        reliability_map: uint8 [H, W], 255 = certain, ``1 - entropy / log L`` (RPCM).
        object_reliability: Mean reliability in [0, 1] over each object's pixels; for an object that
            the frame does not show, the certainty that it is absent.
        cluster_map: uint8 [h8, w8] or None: 0 nobody's, else
            ``1 + (16 * channel + nearest proxy) % 255`` of the pixel's label.
        seconds: Time the frame took.
        reference_map: uint8 [h8, w8] or None: place in `reference_frames` of the reference whose
            proxy that is.
        reference_frames: Frames of the references matched against.
        stage_seconds: The same by stage: read, encode, segment, finish.
    """

    index: int
    label_map: np.ndarray
    reliability_map: np.ndarray
    object_reliability: dict[int, float]
    cluster_map: np.ndarray | None
    seconds: float
    stage_seconds: dict[str, float] = field(default_factory=dict)
    reference_map: np.ndarray | None = None
    reference_frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class PropagatorOptions:
    """How a propagation runs.

    Attributes:
        mode: "base" matches the person's references and the previous frame; "mf" adds own results
            as references every `interval` frames (AOC, RPCM "patch pool").
        interval: Frames between automatic references (tau).
        max_automatic: Automatic references kept; the oldest leaves first, which bounds memory.
            None keeps all, as the authors do.
        max_references: References matched against at once, the nearest in time, and beyond these
            one for each object that they do not show; the cost of a frame grows with them. None
            takes all.
        min_probability: Pixels of an automatic reference below this belong to nobody.
        max_entropy: Instead of that, pixels whose entropy in nats is above this belong to nobody
            (RPCM, alpha); None leaves it to `min_probability`.
        keeps_backgrounds: Whether the background of a reference counts as background for objects
            too that the reference does not speak of, and own results stay references when an
            object comes, as in the authors' protocol.
        sizing: "short-edge" bounds the shorter side and never enlarges at scale 1; "long-edge" is
            the authors' rule: longer side at most 1040 with one scale and 800 times the scale with
            several, frames resampled bicubically, masks handed to networks that sample them
            themselves at the frame's own size.
        short_edge: Shorter side of the network's input at scale 1, where that is bounded.
        decide_at: Where logits become probabilities, are averaged over scales and mirrored inputs,
            and their entropy is taken: on the network's "grid", or at the size of the "frame", as
            the authors do.
        scales: Scales of the input whose probabilities are averaged, each above 0 and at most 4.
        flip: Average with the mirrored input too.
    """

    mode: str = "base"
    interval: int = 5
    max_automatic: int | None = 4
    max_references: int | None = 8
    min_probability: float = 0.8
    max_entropy: float | None = None
    keeps_backgrounds: bool = False
    sizing: str = "short-edge"
    decide_at: str = "grid"
    short_edge: int = 480
    scales: tuple[float, ...] = (1.0,)
    flip: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot run.

        Raises:
            UserError: Naming the option and what would be right.
        """
        for name, known in (("mode", MODES), ("sizing", SIZINGS), ("decide_at", PLACES)):
            if getattr(self, name) not in known:
                raise UserError(
                    f"unknown {name} {getattr(self, name)!r}; choose one of {', '.join(known)}"
                )
        if not self.scales or not all(0 < scale <= LARGEST_SCALE for scale in self.scales):
            raise UserError(
                f"scales must be numbers above 0 and at most {LARGEST_SCALE:g}, at least one: "
                f"{', '.join(map(str, self.scales)) or 'none given'}"
            )
        for name, least in (("interval", 1), ("max_automatic", 0), ("max_references", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UserError(f"{name} must be at least {least}, not {value}")
        if self.max_entropy is not None and self.max_entropy < 0:
            raise UserError(f"max_entropy must be at least 0, not {self.max_entropy:g}")
        if self.short_edge < SHORTEST_EDGE:
            raise UserError(f"short_edge must be at least {SHORTEST_EDGE}, not {self.short_edge}")


def published_protocol(**changes: Any) -> PropagatorOptions:
    """The authors' test-time protocol (CFBI, CFBI+, RPCM code): everything as they do it.

    Mode "base" is CFBI, CFBI+ and AOC Base; mode "mf" is RPCM's patch pool (tau 5, alpha 1) and
    AOC MF.

    Args:
        changes: Options that differ.
    """
    settings: dict[str, Any] = {
        "sizing": "long-edge",
        "decide_at": "frame",
        "max_entropy": 1.0,
        "max_automatic": None,
        "max_references": None,
        "keeps_backgrounds": True,
    }
    return PropagatorOptions(**settings | changes)

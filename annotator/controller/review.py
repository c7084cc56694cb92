"""Which frames need a person most: plain functions on the cell table."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from annotator.model.cells import CellState
from annotator.model.suggestion import correction_gains, reference_distances

SUPPRESSED_FRAMES = 5
"""So many neighbours on each side are left out: they are doubtful for the same reason."""


def frame_reliability(states: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Lowest reliability code among a frame's propagated cells.

    Args:
        states: uint8 [T, 256] of `CellState`.
        codes: uint8 [T, 256], 0 unknown, else 1 + 254 * reliability.

    Returns:
        int16 [T]: 1..255, or 256 where no propagated cell of known reliability is.
    """
    used = np.flatnonzero(codes.any(axis=0))  # few of the 256 columns hold anything
    lowest = np.full(len(states), 256, np.int16)
    for column in used:
        own = codes[:, column].astype(np.int16)
        own[(states[:, column] != CellState.PROPAGATED) | (own == 0)] = 256
        np.minimum(lowest, own, out=lowest)
    return lowest


def reliability_curve(states: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """`frame_reliability` as float64 [T] in [0, 1], NaN where nothing is in doubt."""
    lowest = frame_reliability(states, codes)
    return np.where(lowest > 255, np.nan, (lowest - 1) / 254)


def doubtful_frames(
    states: np.ndarray, codes: np.ndarray, *, checked: Iterable[int] = ()
) -> list[int]:
    """List frames from the most doubtful on, each standing for its neighbours.

    Args:
        states: uint8 [T, 256] of `CellState`.
        codes: uint8 [T, 256], 0 unknown, else 1 + 254 * reliability.
        checked: Frames that a person has looked at; they and their neighbours are left out.
    """
    reliability = frame_reliability(states, codes)
    taken = np.zeros(len(reliability), bool)
    for frame in checked:
        taken[max(frame - SUPPRESSED_FRAMES, 0) : frame + SUPPRESSED_FRAMES + 1] = True
    chosen = []
    doubted = np.flatnonzero(reliability <= 255)
    for frame in doubted[np.argsort(reliability[doubted], kind="stable")].tolist():
        if not taken[frame]:
            chosen.append(frame)
            taken[max(frame - SUPPRESSED_FRAMES, 0) : frame + SUPPRESSED_FRAMES + 1] = True
    return chosen


@dataclass(frozen=True)
class Suggestion:
    """The frame whose correction should help most, and why.

    Attributes:
        frame: Frame index.
        object_id: Object that is in doubt most there.
        reliability: Its reliability in that frame, in [0, 1].
        reference: Nearest reference frame, ``None`` without any.
        reach: First and last frame that lie nearer to it than to any reference.
        worst_frame: Frame of the least reliability within reach.
        worst_reliability: That reliability.
    """

    frame: int
    object_id: int
    reliability: float
    reference: int | None
    reach: tuple[int, int]
    worst_frame: int
    worst_reliability: float

    def reason(self, object_name: str) -> str:
        """Say in one or two sentences why this frame."""
        first, last = self.reach
        parts = [f"Frame {self.frame}: {object_name} has reliability {self.reliability:.2f}"]
        if self.reference is not None:
            away = abs(self.frame - self.reference)
            plural = "" if away == 1 else "s"
            parts.append(f", {away} frame{plural} from the nearest reference ({self.reference})")
        text = "".join(parts) + f". Correcting it should mend frames {first} to {last}"
        if self.worst_frame != self.frame and self.worst_reliability < self.reliability - 0.05:
            text += f", among them frame {self.worst_frame} at {self.worst_reliability:.2f}"
        return text + "."


def suggest_correction(
    states: np.ndarray,
    codes: np.ndarray,
    references: Collection[int],
) -> Suggestion | None:
    """Choose the frame whose correction should help most.

    Args:
        states: uint8 [T, 256] of `CellState`.
        codes: uint8 [T, 256], 0 unknown, else 1 + 254 * reliability.
        references: Frames that the network learns from.

    Returns:
        The suggestion, ``None`` when nothing is in doubt.
    """
    ids = np.flatnonzero(codes.any(axis=0))
    own = (states[:, ids] == CellState.PROPAGATED) & (codes[:, ids] > 0)
    if not own.any():
        return None
    reliability = np.where(own, (codes[:, ids] - 1.0) / 254, np.nan)
    doubt = np.where(own, 1.0 - reliability, 0.0).max(axis=1)
    gains = correction_gains(doubt, references)
    gains[~own.any(axis=1)] = 0.0  # nothing to correct there
    frame = int(np.argmax(gains))
    if gains[frame] <= 0:
        return None
    channel = int(np.nanargmin(reliability[frame]))
    distances = reference_distances(len(doubt), references)
    frames = np.arange(len(doubt))
    within = frames[np.abs(frames - frame) < distances]
    least = np.where(own.any(axis=1), np.nanmin(np.where(own, reliability, 2.0), axis=1), 2.0)
    worst = int(within[np.argmin(least[within])])
    return Suggestion(
        frame,
        int(ids[channel]),
        float(reliability[frame, channel]),
        min(references, key=lambda r: abs(r - frame), default=None),
        (int(within[0]), int(within[-1])),
        worst,
        float(least[worst]),
    )


def checked_frames(states: np.ndarray) -> tuple[int, int]:
    """Count frames with masks, and those of them in which no cell is only propagated.

    Args:
        states: uint8 [T, 256] of `CellState`.

    Returns:
        (checked, all).
    """
    has_masks = (states != CellState.EMPTY).any(axis=1)
    waits = (states == CellState.PROPAGATED).any(axis=1)
    return int((has_masks & ~waits).sum()), int(has_masks.sum())

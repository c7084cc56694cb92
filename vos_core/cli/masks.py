"""What ``vos propagate`` is asked to do: which masks, which frames, in which order."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vos_core.errors import UserError
from vos_core.media import FrameSource, read_label_map

Direction = Literal["forward", "backward", "both"]


@dataclass(frozen=True)
class Plan:
    """The references and the frames to visit.

    Attributes:
        references: Frame index -> uint8 [H, W] label map given for it.
        passes: One sequence of frame indices, in visiting order, for each propagation; it
            holds a reference frame only where its mask leaves objects to be predicted.
        known: Reference frame -> the ids that its mask speaks of; None where each mask speaks of
            all objects.
        both_ways: First and last frame of a run both ways, which visits the frames between two
            references from both sides and fuses the answers; there are no ``passes`` then.
    """

    references: dict[int, NDArray[np.uint8]]
    passes: tuple[tuple[int, ...], ...]
    known: dict[int, frozenset[int]] | None = None
    both_ways: tuple[int, int] | None = None

    @property
    def object_ids(self) -> list[int]:
        """The ids in all references, ascending."""
        return sorted(frozenset().union(*map(_ids, self.references.values())))


def make_plan(
    frames: FrameSource,
    masks: Sequence[str],
    *,
    start: int | None = None,
    end: int | None = None,
    direction: Direction = "forward",
    is_partial: bool = False,
) -> Plan:
    """Read the masks and lay out the frames to visit.

    Forward goes from the first mask to ``end``, backward from the last mask to ``start``; both goes
    to both ends of the range, and between two masks from both.

    Args:
        frames: The video.
        masks: ``FRAME=PNG``, or ``PNG`` alone for the frame ``start``.
        start: First frame of the range, 0 when None.
        end: Last frame of the range, which is part of it; the video's last when None.
        direction: Which way to go.
        is_partial: Whether a mask speaks only of the objects that it shows: the others are
            predicted in its frame too.

    Raises:
        UserError: The range or a frame number does not fit the video.
        LabelMapError: A mask cannot be used.
    """
    first, last = _range(frames, start, end)
    references: dict[int, NDArray[np.uint8]] = {}
    for text in masks:
        index, path = parse_mask(text, first)
        if not first <= index <= last:
            raise UserError(
                f"the mask {path} is for frame {index}, outside the frames {first} to {last}"
            )
        if index in references:
            raise UserError(
                f"two masks for frame {index}; write --mask FRAME=PNG for masks of other frames"
            )
        size = (frames.height, frames.width)
        references[index] = read_label_map(path, size, require_object=True)
    if not references:
        raise UserError("give at least one --mask [FRAME=]PNG")
    known = {index: _ids(label_map) for index, label_map in references.items()}
    skipped = set(references) if not is_partial else _whole(known, direction)
    passes = _passes(sorted(references), first, last, direction, skipped)
    if not any(passes):
        raise UserError(
            f"there is no frame to segment going {direction} from the masks within "
            f"frames {first} to {last}"
        )
    passes = [targets for targets in passes if targets]
    spoken = known if is_partial else None
    if direction == "both":
        return Plan(references, (), spoken, (first, last))
    return Plan(references, tuple(passes), spoken)


def parse_mask(text: str, default_frame: int) -> tuple[int, Path]:
    """Split ``FRAME=PNG``; a text without a number before the sign is a path as it stands.

    Args:
        text: What was given for ``--mask``.
        default_frame: The frame of a mask without a number.
    """
    match = re.fullmatch(r"(\d+)=(.+)", text)
    return (int(match[1]), Path(match[2])) if match else (default_frame, Path(text))


def _range(frames: FrameSource, start: int | None, end: int | None) -> tuple[int, int]:
    last_frame = frames.frame_count - 1
    first, last = start or 0, last_frame if end is None else end
    if not 0 <= first <= last <= last_frame:
        raise UserError(
            f"frames {first} to {last} do not exist: {frames.path} has frames 0 to {last_frame}"
        )
    return first, last


def _ids(label_map: NDArray[np.uint8]) -> frozenset[int]:
    return frozenset(np.unique(label_map).tolist()) - {0}


def _whole(known: dict[int, frozenset[int]], direction: Direction) -> set[int]:
    """The reference frames that show every object which arrives there."""
    seen: frozenset[int] = frozenset()
    whole = set()
    for index in sorted(known, reverse=direction == "backward"):
        if seen <= known[index]:
            whole.add(index)
        seen |= known[index]
    return whole


def _passes(
    references: Sequence[int],
    first: int,
    last: int,
    direction: Direction,
    skipped: Collection[int],
) -> list[tuple[int, ...]]:
    if direction == "backward":
        order = [range(references[-1] - 1, first - 1, -1)]
    else:
        order = [range(references[0] + 1, last + 1)]
        if direction == "both":
            order.append(range(references[0] - 1, first - 1, -1))
    return [tuple(index for index in way if index not in skipped) for way in order]

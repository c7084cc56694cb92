"""What a reader finds in files, before anything is judged or changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

RawMask = npt.NDArray[Any]
"""What a file says: uint8 or int32 [H, W] of values, or uint8 [H, W, 3] of colours."""


@dataclass(frozen=True)
class ImportQuery:
    """What a reader may need to know of the project.

    Attributes:
        frame_count, height, width: of its frames.
        sequence: which video to take where the files hold several; any when empty.
        frame_names: names of the frames, without suffix, for formats that name pictures.
        frame_index: frame of a single picture.
    """

    frame_count: int
    height: int
    width: int
    sequence: str = ""
    frame_names: tuple[str, ...] = ()
    frame_index: int = 0


@dataclass(frozen=True)
class FoundObject:
    """What files say of an object, where they say more than its id."""

    name: str = ""
    category: str = ""


@dataclass(frozen=True)
class FoundMasks:
    """Masks in files.

    Attributes:
        format_key: which reader found them.
        path: where.
        masks: frame number, as the files say it -> reads the mask; any thread may call it.
        objects: object id -> what the files say of it.
        notes: what the reader left out, each a sentence.
        sidecar: provenance file beside them; None when there is none.
    """

    format_key: str
    path: Path
    masks: Mapping[int, Callable[[], RawMask]]
    objects: Mapping[int, FoundObject] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sidecar: Path | None = None

    @property
    def declared_ids(self) -> frozenset[int]:
        """Ids that the files themselves announce."""
        return frozenset(self.objects)

"""Records of the clip generator: what to make (``ClipSpec``) and what comes out (``Clip``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vos_core.data.errors import ClipSpecError

CLIP_KINDS = ("video", "video_composite", "static", "look_alikes")

# networks.md section 8: an object counts when it has more than 100 px of a 465 x 465 crop.
_REFERENCE_CROP_AREA = 465 * 465


@dataclass(frozen=True)
class Clip:
    """One training clip.

    Attributes:
        images: uint8 [T, H, W, 3] RGB; order reference, previous, target 1, target 2, ...
        label_maps: uint8 [T, H, W]; 0 background, 1..object_count, 255 belongs to nobody.
        object_count: Number of ids; each has more than ``ClipSpec.min_object_pixels`` in the
            reference.
        kind: Which generator made it, one of ``CLIP_KINDS``.
    """

    images: np.ndarray
    label_maps: np.ndarray
    object_count: int
    kind: str


@dataclass(frozen=True)
class ClipSpec:
    """What clips to make. Shares are probabilities in [0, 1]; lengths are pixels of the crop.

    Attributes:
        crop_size: Side of the square crop, of the form 16 n + 1.
        frame_count: Frames of a clip, at least 3 (reference, previous, one target).
        max_objects: Largest object count of a clip.
        video: Weight of plain one-object video clips in the mix.
        video_composite: Weight of multi-object video by pasting.
        static: Weight of moved single pictures.
        look_alikes: Weight of several copies of one cut-out.
        static_groups: (group, weight) of the picture groups; groups the cache lacks are left out.
        max_gap: Largest distance in frames between neighbours of a clip at the start of training.
        final_max_gap: The same at the end.
        reverse: Share of clips played backwards.
        random_reference: Share of clips whose reference is any frame of the sequence; the others
            take the frame one gap before the previous frame, or the previous frame itself.
        zoom_range: Size of the picture relative to "its short side fills the crop", log-uniform.
        zoom_change_share: Share of clips whose camera moves in or out by ``zoom_change`` along the
            clip.
        zoom_change: Smallest and largest relative change.
        flip: Share of clips mirrored left to right.
        perturbed: Share of clips with blur, motion blur, Gaussian noise or salt-and-pepper.
        grayscale: Share of clips without colour.
        unlabelled: Share of pasted objects that get no id (distractors).
        look_alike_copy: Share of pasted objects that are altered copies of one already in the
            scene.
        pasted_copies: Share of those copies that repeat an object pasted before, not the
            backdrop's.
        travel: Share of pasted objects that cross the scene, or leave it and come back.
        max_look_alikes: Largest number of copies in a clip of look-alikes; they get smaller as they
            get more than four.
        crossing: Share of look-alike clips on crossing tracks.
        max_draws: Scenes tried before another kind is taken because no object is large enough.
    """

    crop_size: int = 353
    frame_count: int = 4
    max_objects: int = 3
    video: float = 0.35
    video_composite: float = 0.20
    static: float = 0.30
    look_alikes: float = 0.15
    static_groups: tuple[tuple[str, float], ...] = (
        ("coco482", 0.35),
        ("bsds_regions", 0.25),
        ("ccp_person", 0.15),
        ("human290", 0.12),
        ("horses", 0.13),
    )
    max_gap: int = 4
    final_max_gap: int = 10
    reverse: float = 0.5
    random_reference: float = 0.65
    zoom_range: tuple[float, float] = (0.6, 1.7)
    zoom_change_share: float = 0.3
    zoom_change: tuple[float, float] = (0.25, 0.5)
    flip: float = 0.5
    perturbed: float = 0.12
    grayscale: float = 0.02
    unlabelled: float = 0.2
    look_alike_copy: float = 0.3
    pasted_copies: float = 0.0
    travel: float = 0.0
    max_look_alikes: int = 4
    crossing: float = 0.6
    max_draws: int = 5

    def __post_init__(self) -> None:
        if self.crop_size < 65 or self.crop_size % 16 != 1:
            raise ClipSpecError(
                f"crop_size is {self.crop_size}; it must be 16 n + 1 and at least 65, such as 353."
            )
        if self.frame_count < 3:
            raise ClipSpecError(
                f"frame_count is {self.frame_count}; a clip needs a reference, a previous "
                "frame and a target, so at least 3."
            )
        if not 1 <= self.max_objects <= 254:
            raise ClipSpecError(f"max_objects is {self.max_objects}; it must lie in 1..254.")
        if self.max_look_alikes < 2:
            raise ClipSpecError(
                f"max_look_alikes is {self.max_look_alikes}; fewer than 2 are not alike."
            )
        weights = (self.video, self.video_composite, self.static, self.look_alikes)
        if min(weights) < 0 or sum(weights) <= 0:
            raise ClipSpecError(
                f"The mix {dict(zip(CLIP_KINDS, weights, strict=True))} needs weights of at least "
                "0, one of them above 0."
            )
        if not 1 <= self.max_gap <= self.final_max_gap:
            raise ClipSpecError(
                f"The gaps {self.max_gap} to {self.final_max_gap} must be at least 1 and not "
                "shrink."
            )
        if not 0 < self.zoom_range[0] <= self.zoom_range[1]:
            raise ClipSpecError(
                f"zoom_range is {self.zoom_range}; it must be positive, small first."
            )
        if not 0 <= self.zoom_change[0] <= self.zoom_change[1]:
            raise ClipSpecError(
                f"zoom_change is {self.zoom_change}; it must be 0 or more, small first."
            )
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ClipSpecError(f"{name} is {getattr(self, name)}; a share lies in 0..1.")

    @property
    def mix(self) -> np.ndarray:
        """float64 [4], probabilities in the order of ``CLIP_KINDS``."""
        weights = np.array([self.video, self.video_composite, self.static, self.look_alikes])
        return weights / weights.sum()

    @property
    def min_object_pixels(self) -> int:
        """Pixels an object must exceed in the reference crop: 100 of 465 x 465, scaled by area."""
        return round(100 * self.crop_size**2 / _REFERENCE_CROP_AREA)

    def gap_limit(self, progress: float) -> int:
        """Largest gap at this share of the training done, growing linearly."""
        share = min(max(progress, 0.0), 1.0)
        return round(self.max_gap + (self.final_max_gap - self.max_gap) * share)

    @classmethod
    def from_mapping(cls, values: dict[str, Any]) -> ClipSpec:
        """Build a specification from a table of a TOML file; lists become tuples.

        Raises:
            ClipSpecError: A key is unknown or a value is out of range.
        """
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown:
            raise ClipSpecError(
                f"Unknown clip setting: {', '.join(unknown)}. "
                f"Known: {', '.join(sorted(cls.__dataclass_fields__))}."
            )
        converted = {key: _as_tuple(value) for key, value in values.items()}
        if isinstance(values.get("static_groups"), dict):
            converted["static_groups"] = tuple(sorted(values["static_groups"].items()))
        return cls(**converted)


_SHARES = (
    "reverse",
    "random_reference",
    "zoom_change_share",
    "flip",
    "perturbed",
    "grayscale",
    "unlabelled",
    "look_alike_copy",
    "pasted_copies",
    "travel",
    "crossing",
)


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list | tuple) else value

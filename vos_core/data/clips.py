"""The clip generator: draws a kind and a scene with large enough objects, renders, colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from vos_core.data.appearance import ColourChange, draw_effect
from vos_core.data.errors import DataError
from vos_core.data.pieces import SourcePool
from vos_core.data.scene import Scene
from vos_core.data.scenes_static import look_alike_scene, static_scene
from vos_core.data.scenes_video import composite_scene, video_scene
from vos_core.data.spec import CLIP_KINDS, Clip, ClipSpec
from vos_core.data.store import ImageStore, open_cache

SceneMaker = Callable[[np.random.Generator, SourcePool, ClipSpec, float], Scene]

_MAKERS: dict[str, SceneMaker] = {
    "video": video_scene,
    "video_composite": composite_scene,
    "static": static_scene,
    "look_alikes": look_alike_scene,
}
# Kinds tried in a row before the data must be unusable: each one fails rarely.
_MAX_KINDS = 40
# Share dropped of the scenes in which the previous frame shows none of the reference's objects:
# little can be learned from most of them, but objects do come back.
_SKIP_UNSEEN = 0.8


class ClipDataset:
    """Draws training clips from an opened cache; holds no random state of its own."""

    def __init__(
        self, store: ImageStore | str | Path, spec: ClipSpec, exclude_sequences: Sequence[str] = ()
    ) -> None:
        """Prepare the sources.

        Args:
            store: An opened cache or its folder.
            spec: What to make.
            exclude_sequences: Sequences that must not be seen in any form, neither as video, nor as
                backdrop, nor as a source of cut-outs.

        Raises:
            CacheError: The cache cannot be opened or lacks an excluded sequence.
            ClipSpecError: The cache has nothing for a kind that the mix asks for.
        """
        opened = store if isinstance(store, ImageStore) else open_cache(store)
        self.spec = spec
        self._pool = SourcePool(opened.without(exclude_sequences), spec)

    def sample(self, rng: np.random.Generator, progress: float = 0.0) -> Clip:
        """Draw a clip of the mix.

        Args:
            rng: The only source of randomness: equal states give equal clips.
            progress: Share of the training done, 0 to 1; gaps between frames grow with it.

        Raises:
            DataError: No scene with a large enough object came up.
        """
        for _ in range(_MAX_KINDS):
            kind = CLIP_KINDS[int(rng.choice(len(CLIP_KINDS), p=self.spec.mix))]
            clip = self.sample_kind(rng, kind, progress)
            if clip is not None:
                return clip
        raise DataError(
            f"No clip with an object above {self.spec.min_object_pixels} px came up in "
            f"{_MAX_KINDS} tries. Widen zoom_range or look at the label maps of the data."
        )

    def sample_kind(
        self, rng: np.random.Generator, kind: str, progress: float = 0.0
    ) -> Clip | None:
        """Draw a clip of one kind; None when ``spec.max_draws`` scenes had too small objects.

        Raises:
            DataError: The kind is unknown.
        """
        if kind not in _MAKERS:
            raise DataError(f"There is no clip kind '{kind}'. Known: {', '.join(CLIP_KINDS)}.")
        for _ in range(self.spec.max_draws):
            scene = _MAKERS[kind](rng, self._pool, self.spec, progress)
            reference = scene.render(0)
            ids = self._large_objects(rng, reference[1])
            if not ids:
                continue
            previous = scene.render(1)
            if not np.isin(previous[1], ids).any() and rng.random() < _SKIP_UNSEEN:
                continue
            targets = [scene.render(i) for i in range(2, len(scene.times))]
            return self._finish(rng, kind, [reference, previous, *targets], ids)
        return None

    def _large_objects(self, rng: np.random.Generator, label_map: np.ndarray) -> list[int]:
        """Scene ids above the pixel limit in the reference, shuffled, at most ``max_objects``."""
        counts = np.bincount(label_map.reshape(-1), minlength=256)[1:255]
        ids = np.flatnonzero(counts > self.spec.min_object_pixels) + 1
        return [int(i) for i in rng.permutation(ids)[: self.spec.max_objects]]

    def _finish(
        self,
        rng: np.random.Generator,
        kind: str,
        rendered: list[tuple[np.ndarray, np.ndarray]],
        ids: list[int],
    ) -> Clip:
        renumber = np.zeros(256, np.uint8)
        renumber[255] = 255
        renumber[ids] = np.arange(1, len(ids) + 1)
        colour = ColourChange.draw(rng, gray=rng.random() < self.spec.grayscale)
        effect = draw_effect(rng) if rng.random() < self.spec.perturbed else None
        size = self.spec.crop_size
        images = np.empty((len(rendered), size, size, 3), np.uint8)
        label_maps = np.empty((len(rendered), size, size), np.uint8)
        for index, (image, labels) in enumerate(rendered):
            changed = colour.apply(image)
            images[index] = changed if effect is None else effect(changed, rng)
            cv2.LUT(labels, renumber, dst=label_maps[index])
        return Clip(images, label_maps, len(ids), kind)

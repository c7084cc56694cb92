"""A scene: one backdrop and pasted sprites, each with a matrix per frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from vos_core.data.layers import CutOut, paste, warp_picture
from vos_core.data.motion import ElasticField
from vos_core.data.store import StoredImage


@dataclass(frozen=True)
class Backdrop:
    """What fills the crop.

    Attributes:
        pictures: One picture per frame of the clip (the same one for a moved still).
        matrices: float64 [3, 3] per frame, picture to crop.
        relabel: uint8 [256], scene id of each label of the pictures.
        bend: Elastic motion in crop pixels, or None.
        filled: uint8 [H, W, 3] to show instead of the picture (object lifted off), or None.
    """

    pictures: list[StoredImage]
    matrices: list[np.ndarray]
    relabel: np.ndarray
    bend: ElasticField | None = None
    filled: np.ndarray | None = None


@dataclass(frozen=True)
class Sprite:
    """A moving cut-out.

    Attributes:
        pieces: One per frame; None where the object is not to be seen.
        matrices: float64 [3, 3] per frame, pixels of the picture it was cut from to the crop.
        object_id: Scene id; 0 is a distractor without label.
        bend: Elastic motion in crop pixels, or None.
        behind: True puts it behind the labelled objects of the backdrop.
    """

    pieces: list[CutOut | None]
    matrices: list[np.ndarray]
    object_id: int
    bend: ElasticField | None = None
    behind: bool = False


@dataclass
class Scene:
    """Everything that a clip shows, back to front.

    Attributes:
        times: float64 [T], frames relative to the previous frame (index 1).
        size: Side of the crop.
        backdrop: The lowest layer.
        sprites: Pasted in this order.
        camera: float64 [3, 3] per frame, applied to all layers last (jitter, zoom, mirror).
    """

    times: np.ndarray
    size: int
    backdrop: Backdrop
    sprites: list[Sprite] = field(default_factory=list)
    camera: list[np.ndarray] = field(default_factory=list)

    def render(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Compose one frame.

        Returns:
            uint8 [size, size, 3] and uint8 [size, size] of scene ids (255: nobody's).
        """
        back, camera, time = self.backdrop, self.camera[index], float(self.times[index])
        picture = back.pictures[index]
        bend = None if back.bend is None else back.bend.displacement(time, self.size, self.size)
        image, labels = warp_picture(
            picture.image if back.filled is None else back.filled,
            picture.label_map,
            camera @ back.matrices[index],
            self.size,
            displacement=bend,
            relabel=back.relabel,
        )
        front = None
        if any(sprite.behind for sprite in self.sprites):
            solid = cv2.inRange(labels, 1, 254)
            front = cv2.GaussianBlur(solid, (3, 3), 0.8)
        for sprite in self.sprites:
            piece = sprite.pieces[index]
            if piece is not None:
                paste(
                    image,
                    labels,
                    piece,
                    camera @ sprite.matrices[index],
                    sprite.object_id,
                    field=sprite.bend,
                    time=time,
                    front=front if sprite.behind else None,
                )
        return image, labels

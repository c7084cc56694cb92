"""Scenes made of video: one sequence, and several sequences pasted on one another."""

from __future__ import annotations

import numpy as np

from vos_core.data.appearance import ColourChange
from vos_core.data.camera import camera_path, frame_picture
from vos_core.data.motion import AffineMotion, ElasticField, sample_frame_indices, shift_by
from vos_core.data.pieces import SourceObject, SourcePool, play
from vos_core.data.scene import Backdrop, Scene, Sprite
from vos_core.data.spec import ClipSpec
from vos_core.data.store import StoredImage, StoredSequence

_MAX_ENLARGEMENT = 2.0
# Slowest and fastest travelling sprite, in sides of the crop a frame.
_TRAVEL_SPEEDS = (0.005, 0.04)


def draw_times(rng: np.random.Generator, spec: ClipSpec, progress: float) -> np.ndarray:
    """Draw times for a clip without a sequence of its own: float64 [T], 0 at the previous frame."""
    indices = sample_frame_indices(
        rng,
        30 + spec.frame_count * spec.gap_limit(progress),
        spec.frame_count,
        spec.gap_limit(progress),
        random_reference=spec.random_reference,
        reverse=spec.reverse,
    )
    return (indices - indices[1]).astype(np.float64)


def identity_labels(mapping: dict[int, int]) -> np.ndarray:
    """uint8 [256] that sends the given labels to scene ids, 255 to 255 and all others to 0."""
    table = np.zeros(256, np.uint8)
    table[255] = 255
    for label, scene_id in mapping.items():
        table[label] = scene_id
    return table


def video_scene(
    rng: np.random.Generator, pool: SourcePool, spec: ClipSpec, progress: float
) -> Scene:
    """Draw a clip of one sequence with its object."""
    scene, _ = _filmed(rng, pool.sequence(rng), spec, progress, object_id=1)
    return scene


def composite_scene(
    rng: np.random.Generator, pool: SourcePool, spec: ClipSpec, progress: float
) -> Scene:
    """Draw a sequence with the moving objects of others pasted on it, each with its own id.

    Some sprites pass behind the object of the sequence, some have no id, some are altered copies of
    an object that is already in the scene, at about the same place of its sequence.
    """
    sequence = pool.sequence(rng)
    keep_own = spec.max_objects < 2 or rng.random() < 0.85
    scene, indices = _filmed(rng, sequence, spec, progress, object_id=1 if keep_own else 0)
    next_id = 2 if keep_own else 1
    wanted = int(rng.integers(1, max(2, spec.max_objects)))
    lenders: list[tuple[StoredSequence, int]] = []
    for _ in range(wanted):
        copy = rng.random() < spec.look_alike_copy
        if copy and lenders and spec.pasted_copies > 0 and rng.random() < spec.pasted_copies:
            lender, start = lenders[int(rng.integers(0, len(lenders)))]
            chosen = play(lender, scene.times, start + int(rng.integers(-6, 7)))
        elif copy and keep_own:
            start = int(indices[1]) + int(rng.integers(-6, 7))
            chosen = play(sequence, np.sign(_direction(indices)) * scene.times, start)
        elif rng.random() < 0.75:
            lenders.append(pool.lender(rng, avoid=sequence.name))
            chosen = play(lenders[-1][0], scene.times, lenders[-1][1])
        else:
            chosen = pool.still_object(rng, spec.frame_count)
        unlabelled = rng.random() < spec.unlabelled
        sprite = place_sprite(
            rng,
            chosen,
            scene,
            object_id=0 if unlabelled else next_id,
            centre=tuple(rng.uniform(0.08, 0.92, size=2) * spec.crop_size),
            length=_draw_length(rng, spec),
            colour=ColourChange.draw(rng, 0.6 if not copy else 0.35),
            behind=rng.random() < 0.35,
            path=_travel(rng, scene.times, spec) if spec.travel > 0 else None,
        )
        if sprite is None:
            continue
        scene.sprites.append(sprite)
        next_id += 0 if unlabelled else 1
    return scene


def _travel(rng: np.random.Generator, times: np.ndarray, spec: ClipSpec) -> np.ndarray | None:
    """float64 [T, 2], way of a travelling sprite in crop pixels, 0 at time 0; None: it rests.

    Half go straight on, half to and fro, so that those that leave the scene come back to it.
    """
    if rng.random() >= spec.travel:
        return None
    speed = spec.crop_size * float(np.exp(rng.uniform(*np.log(_TRAVEL_SPEEDS))))
    angle = float(rng.uniform(0, 2 * np.pi))
    along = np.array([np.cos(angle), 0.7 * np.sin(angle)])
    if rng.random() < 0.5:
        distance = speed * times
    else:
        turn, phase = 2 * np.pi / float(rng.uniform(24, 72)), float(rng.uniform(0, 2 * np.pi))
        distance = speed / turn * (np.sin(turn * times + phase) - np.sin(phase))
    return distance[:, None] * along


def _direction(indices: np.ndarray) -> float:
    return float(indices[-1] - indices[1]) or 1.0


def _draw_length(rng: np.random.Generator, spec: ClipSpec) -> float:
    """Longest side of a sprite in the crop, log-uniform from an eighth to two thirds of it."""
    return spec.crop_size * float(np.exp(rng.uniform(np.log(0.13), np.log(0.65))))


def _filmed(
    rng: np.random.Generator,
    sequence: StoredSequence,
    spec: ClipSpec,
    progress: float,
    *,
    object_id: int,
) -> tuple[Scene, np.ndarray]:
    indices = sample_frame_indices(
        rng,
        len(sequence),
        spec.frame_count,
        spec.gap_limit(progress),
        random_reference=spec.random_reference,
        reverse=spec.reverse,
    )
    pictures = [sequence.frames[int(i)] for i in indices]
    direction = np.sign(_direction(indices))
    times = direction * (indices - indices[1]).astype(np.float64)
    matrix = frame_picture(
        rng, spec, pictures[0].height, pictures[0].width, object_centre(rng, pictures[0])
    )
    backdrop = Backdrop(pictures, [matrix] * len(pictures), identity_labels({1: object_id}))
    scene = Scene(times, spec.crop_size, backdrop, camera=camera_path(rng, spec, times))
    return scene, indices


def object_centre(rng: np.random.Generator, picture: StoredImage) -> tuple[float, float] | None:
    """(x, y) of the middle of a random object of a picture, None when it has none."""
    if not picture.boxes:
        return None
    box = picture.boxes[int(rng.integers(0, len(picture.boxes)))]
    return ((box.left + box.right) / 2, (box.top + box.bottom) / 2)


def place_sprite(
    rng: np.random.Generator,
    source: SourceObject,
    scene: Scene,
    *,
    object_id: int,
    centre: tuple[float, float],
    length: float,
    colour: ColourChange | None,
    behind: bool = False,
    path: np.ndarray | None = None,
    mirrored: bool | None = None,
    strength: float | None = None,
) -> Sprite | None:
    """Put a source of cut-outs into a scene.

    Args:
        rng: Source of randomness.
        source: Its pieces.
        scene: Gives times and size.
        object_id: Scene id, 0 for a distractor.
        centre: (x, y) in the crop of the middle of the object in the previous frame.
        length: Longest side in the crop, limited so that the cut-out is not enlarged beyond
            twofold.
        colour: Its change of colour.
        behind: Whether it passes behind the objects of the backdrop.
        path: float64 [T, 2] added to the position, or None.
        mirrored: Mirror left to right; None draws it.
        strength: Of its own affine walk; None draws it, stills getting more than video.

    Returns:
        The sprite, or None when the source shows no object in the previous frame.
    """
    box = source.box(1)
    if box is None or min(box.height, box.width) < 8:
        return None
    scale = min(length / max(box.height, box.width), _MAX_ENLARGEMENT)
    anchor = ((box.left + box.right - 1) / 2, (box.top + box.bottom - 1) / 2)
    flip = rng.random() < 0.5 if mirrored is None else mirrored
    local = np.diag([-scale if flip else scale, scale, 1.0]) @ shift_by(-anchor[0], -anchor[1])
    if strength is None:
        strength = float(rng.uniform(0.1, 0.6) if source.is_moving else rng.uniform(0.4, 1.2))
    motion = AffineMotion.draw(rng, max(60.0, scale * max(box.height, box.width)), strength)
    matrices = []
    for index, time in enumerate(scene.times):
        moved = motion.matrix(float(time), (0.0, 0.0))
        extra = (0.0, 0.0) if path is None else tuple(path[index])
        matrices.append(shift_by(centre[0] + extra[0], centre[1] + extra[1]) @ moved @ local)
    bend = None
    if not source.is_moving and rng.random() < 0.6:
        bend = _gentle_bend(rng, scale * max(box.height, box.width))
    return Sprite(source.pieces(colour), matrices, object_id, bend, behind)


def _gentle_bend(rng: np.random.Generator, length: float) -> ElasticField:
    return ElasticField(rng, float(rng.uniform(0.01, 0.045)) * length, cells=4)

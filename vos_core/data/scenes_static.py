"""Scenes made of single pictures: moved stills with pasted objects, and look-alikes that cross."""

from __future__ import annotations

import numpy as np

from vos_core.data.appearance import ColourChange
from vos_core.data.camera import camera_path, frame_picture
from vos_core.data.layers import cut_out, fill_hole
from vos_core.data.motion import AffineMotion, ElasticField
from vos_core.data.pieces import SourcePool, play
from vos_core.data.scene import Backdrop, Scene, Sprite
from vos_core.data.scenes_video import draw_times, identity_labels, object_centre, place_sprite
from vos_core.data.spec import ClipSpec
from vos_core.data.store import ObjectBox, StoredImage

_REGION_GROUP = "bsds_regions"
_LIFT_SHARE = 0.5
# Look-alikes up to this many keep their size; more share its room.
_ROOMY_COPIES = 4


def static_scene(
    rng: np.random.Generator, pool: SourcePool, spec: ClipSpec, progress: float
) -> Scene:
    """Draw a moved still: camera walk, elastic field, some objects lifted off to move alone."""
    times = draw_times(rng, spec, progress)
    picture, group = pool.still(rng)
    chosen = _choose_objects(rng, picture, spec.max_objects, regions=group == _REGION_GROUP)
    scene = _moved_still(rng, picture, chosen, times, spec, may_lift=group != _REGION_GROUP)
    next_id = len(chosen) + 1
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.3, 0.35, 0.22, 0.13]))):
        moving = pool.has_video and rng.random() < 0.25
        source = (
            pool.moving_object(rng, times) if moving else pool.still_object(rng, spec.frame_count)
        )
        sprite = place_sprite(
            rng,
            source,
            scene,
            object_id=0 if rng.random() < spec.unlabelled else next_id,
            centre=tuple(rng.uniform(0.05, 0.95, size=2) * spec.crop_size),
            length=spec.crop_size * float(np.exp(rng.uniform(np.log(0.12), np.log(0.6)))),
            colour=ColourChange.draw(rng, 0.5),
            behind=rng.random() < 0.2,
        )
        if sprite is not None:
            scene.sprites.append(sprite)
            next_id += int(sprite.object_id > 0)
    return scene


def look_alike_scene(
    rng: np.random.Generator, pool: SourcePool, spec: ClipSpec, progress: float
) -> Scene:
    """Draw several copies of one cut-out with own ids, most of them on crossing tracks."""
    times = draw_times(rng, spec, progress)
    if pool.has_video and rng.random() < 0.4:
        scene = _filmed_backdrop(rng, pool, times, spec)
    else:
        picture, _ = pool.still(rng)
        scene = _moved_still(rng, picture, [], times, spec, may_lift=False)
    moving = pool.has_video and rng.random() < 0.35
    start = int(rng.integers(0, 1000))
    sequence = pool.sequence(rng) if moving else None
    still = pool.still_object(rng, spec.frame_count)
    count = int(rng.integers(2, max(3, min(spec.max_look_alikes, spec.max_objects) + 1)))
    length = spec.crop_size * float(np.exp(rng.uniform(np.log(0.14), np.log(0.5))))
    length *= min(1.0, _ROOMY_COPIES / count)
    starts, paths = _tracks(rng, count, length, times, spec)
    alike_facing = rng.random() < 0.6
    mirrored = rng.random() < 0.5
    next_id = 1
    for copy in range(count):
        source = still
        if sequence is not None:
            source = play(sequence, times, start % len(sequence) + int(rng.integers(-3, 4)))
        unlabelled = copy >= 2 and rng.random() < spec.unlabelled
        sprite = place_sprite(
            rng,
            source,
            scene,
            object_id=0 if unlabelled or next_id > spec.max_objects else next_id,
            centre=(float(starts[copy, 0]), float(starts[copy, 1])),
            length=length * float(rng.uniform(0.85, 1.15)),
            colour=ColourChange.draw(rng, float(rng.uniform(0.0, 0.4))),
            path=paths[copy],
            mirrored=mirrored if alike_facing else None,
            strength=float(rng.uniform(0.1, 0.5)),
        )
        if sprite is not None:
            scene.sprites.append(sprite)
            next_id += int(sprite.object_id > 0)
    scene.sprites = [scene.sprites[i] for i in rng.permutation(len(scene.sprites))]
    return scene


def _choose_objects(
    rng: np.random.Generator, picture: StoredImage, limit: int, *, regions: bool
) -> list[ObjectBox]:
    """Pick one to ``limit`` labelled objects of sensible size; the others become background."""
    area = picture.height * picture.width
    low, high = (0.006, 0.35) if regions else (0.004, 0.75)
    fit = [box for box in picture.boxes if low <= box.area / area <= high]
    if not fit:
        return []
    count = int(rng.integers(1, min(limit, len(fit)) + 1))
    return [fit[int(i)] for i in rng.permutation(len(fit))[:count]]


def _moved_still(
    rng: np.random.Generator,
    picture: StoredImage,
    chosen: list[ObjectBox],
    times: np.ndarray,
    spec: ClipSpec,
    *,
    may_lift: bool,
) -> Scene:
    """Build the backdrop of a still and, where feasible, lift chosen objects off it."""
    size = spec.crop_size
    target = object_centre(rng, picture)
    if chosen:
        box = chosen[int(rng.integers(0, len(chosen)))]
        target = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    base = frame_picture(rng, spec, picture.height, picture.width, target)
    walk = AffineMotion.draw(rng, size, float(rng.uniform(0.1, 0.7)))
    middle = (size / 2, size / 2)
    matrices = [walk.matrix(float(time), middle) @ base for time in times]
    lifted = [
        box
        for box in chosen
        if may_lift
        and not box.touches_border(picture.height, picture.width)
        and box.area < 0.3 * picture.height * picture.width
        and rng.random() < _LIFT_SHARE
    ]
    ids = {box.object_id: number for number, box in enumerate(chosen, start=1)}
    resting = {label: i for label, i in ids.items() if label not in {b.object_id for b in lifted}}
    filled = None
    if lifted:
        hole = np.isin(picture.label_map, [box.object_id for box in lifted])
        filled = fill_hole(picture.image, hole)
    amplitude = float(rng.uniform(0.0, 0.022)) * size if not lifted else 0.008 * size
    bend = ElasticField(rng, amplitude, cells=int(rng.integers(3, 6)))
    backdrop = Backdrop([picture] * len(times), matrices, identity_labels(resting), bend, filled)
    scene = Scene(times, size, backdrop, camera=camera_path(rng, spec, times))
    for box in lifted:
        scene.sprites.append(_lifted_sprite(rng, picture, box, ids[box.object_id], matrices, times))
    return scene


def _lifted_sprite(
    rng: np.random.Generator,
    picture: StoredImage,
    box: ObjectBox,
    object_id: int,
    matrices: list[np.ndarray],
    times: np.ndarray,
) -> Sprite:
    """The object of a still, moving by itself on top of the camera's walk."""
    edges = (box.top, box.left, box.bottom, box.right)
    piece = cut_out(picture.image, picture.label_map, box.object_id, edges)
    scale = float(np.sqrt(abs(np.linalg.det(matrices[1][:2, :2]))))
    length = scale * max(box.height, box.width)
    anchor = np.array([(box.left + box.right - 1) / 2, (box.top + box.bottom - 1) / 2, 1.0])
    motion = AffineMotion.draw(rng, length, float(rng.uniform(0.3, 1.0)))
    placed = []
    for time, matrix in zip(times, matrices, strict=True):
        x, y = (matrix @ anchor)[:2]
        placed.append(motion.matrix(float(time), (float(x), float(y))) @ matrix)
    bend = ElasticField(rng, float(rng.uniform(0.0, 0.04)) * length, cells=4)
    return Sprite([piece] * len(times), placed, object_id, bend)


def _filmed_backdrop(
    rng: np.random.Generator, pool: SourcePool, times: np.ndarray, spec: ClipSpec
) -> Scene:
    """A sequence in step with the times whose own object is not labelled."""
    sequence = pool.sequence(rng)
    source = play(sequence, times, int(rng.integers(0, len(sequence))))
    first = source.pictures[0]
    matrix = frame_picture(rng, spec, first.height, first.width, None)
    backdrop = Backdrop(source.pictures, [matrix] * len(times), identity_labels({}))
    return Scene(times, spec.crop_size, backdrop, camera=camera_path(rng, spec, times))


def _tracks(
    rng: np.random.Generator, count: int, length: float, times: np.ndarray, spec: ClipSpec
) -> tuple[np.ndarray, np.ndarray]:
    """Places and paths of look-alikes: float64 [count, 2] and [count, T, 2].

    On crossing tracks each copy moves towards the place of the next one, at most 6 % of the crop a
    frame.
    """
    size = spec.crop_size
    span = float(times.max() - times[1]) or 1.0
    crossing = rng.random() < spec.crossing
    distance = length * float(rng.uniform(0.55, 1.2))
    if crossing:
        distance = float(np.clip(distance, 0.2 * length, 0.06 * size * span))
        distance = max(distance, 0.35 * length)
    angle = float(rng.normal(0.0, 0.5)) if rng.random() < 0.75 else float(rng.uniform(0, np.pi))
    along = np.array([np.cos(angle), np.sin(angle)])
    spacing = (np.arange(count) - (count - 1) / 2) * distance
    middle = rng.uniform(0.3, 0.7, size=2) * size
    starts = middle + spacing[:, None] * along + rng.normal(0, 0.12 * length, size=(count, 2))
    share = np.clip(times / span, -0.4, 1.2)
    paths = np.zeros((count, len(times), 2))
    if crossing:
        ends = starts[rng.permutation(count)] if count > 2 else starts[::-1]
        reach = float(rng.uniform(0.9, 1.5))
        paths = share[None, :, None] * (ends - starts)[:, None, :] * reach
    return starts, paths

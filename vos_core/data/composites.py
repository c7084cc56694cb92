"""Held-out video of many objects: moving foregrounds of some sequences on the frames of another.

A composite can be solved: every object is whole where it is first shown and mostly to be seen
there, and look-alikes never go out of sight, since nobody could tell which of them comes back.

python -m vos_core.data.composites --cache CACHE --sequences dev_val.txt --out FOLDER
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vos_core.data.sequences import write_sequence
from vos_core.data.store import ImageStore, StoredSequence, open_cache
from vos_core.media.atomic import write_text_atomic

OBJECT_COUNTS = (2, 3, 4, 5, 6, 7)
FRAME_COUNT = 60
LOOK_ALIKES = 0.4
# Longest side of a pasted object in its first frame, as a share of the frame's height.
LENGTHS = (0.25, 0.5)
SEED = 20
# Least share of an object's area that its first frame shows, and that every frame shows of an
# object that has a look-alike.
FIRST_SHOWN, ALIKE_SHOWN = 0.7, 0.1
# Visibility is judged on every so many rows and columns.
_THINNING = 4
_DRAWS_A_TRACK, _DRAWS_A_SCENE = 60, 60


@dataclass(frozen=True)
class Track:
    """One pasted object.

    Attributes:
        source: Sequence that lends its object, frame by frame.
        start: First frame of it; it is played back and forth from there.
        scale: Size relative to the source.
        is_mirrored: Whether left and right change places.
        is_behind: Whether the object of the backdrop covers it.
        centre: float64 [2], (x, y) of its middle at the start, as shares of the frame.
        drift: float64 [2], how far it moves along the video, as shares of the frame.
        sway: float64 [4]: amplitude (x, y) as shares of the frame, turns, phase.
    """

    source: StoredSequence
    start: int
    scale: float
    is_mirrored: bool
    is_behind: bool
    centre: np.ndarray
    drift: np.ndarray
    sway: np.ndarray

    def place(self, share: float) -> np.ndarray:
        """(x, y) as shares of the frame at a share of the video."""
        turns, phase = self.sway[2:]
        angle = 2 * np.pi * (turns * share + phase)
        wave = np.array([np.sin(angle) - np.sin(2 * np.pi * phase), np.cos(angle)])
        return self.centre + self.drift * share + self.sway[:2] * wave


def draw_tracks(
    rng: np.random.Generator,
    base: StoredSequence,
    others: Sequence[StoredSequence],
    count: int,
) -> list[Track]:
    """Draw what is pasted on a sequence: objects of others, some of them twice (look-alikes).

    Args:
        rng: Source of randomness.
        base: The sequence below.
        others: Sequences that may lend their object.
        count: Objects to paste.
    """
    tracks: list[Track] = []
    sources = list(rng.permutation(len(others)))
    while len(tracks) < count:
        source = others[int(sources[len(tracks) % len(others)])]
        tracks.append(_draw_track(rng, base, source, tracks))
    return tracks


def _draw_track(
    rng: np.random.Generator,
    base: StoredSequence,
    source: StoredSequence,
    tracks: Sequence[Track],
) -> Track:
    """One more object: of `source`, or a look-alike of the last one; whole where it starts."""
    height = base.frames[0].height
    is_alike = bool(tracks) and rng.random() < LOOK_ALIKES
    while True:
        if is_alike:
            source, start = tracks[-1].source, tracks[-1].start + int(rng.integers(-8, 9))
        else:
            start = int(rng.integers(0, len(source)))
        picture = source.frames[_bounced(start, len(source))]
        box = max(picture.boxes, key=lambda b: b.area, default=None)
        if box is None:
            is_alike = is_alike and rng.random() < 0.9  # hidden there; look elsewhere in the end
            continue
        length = float(rng.uniform(*LENGTHS)) * height
        return Track(
            source=source,
            start=start,
            scale=min(1.5, length / max(box.height, box.width)),
            is_mirrored=bool(rng.random() < 0.5),
            is_behind=bool(rng.random() < 0.4),
            centre=rng.uniform(0.15, 0.85, 2),
            drift=rng.uniform(-0.35, 0.35, 2),
            sway=np.concatenate([rng.uniform(0, 0.08, 2), rng.uniform(0.5, 2, 1), rng.random(1)]),
        )


def compose(
    base: StoredSequence, tracks: Sequence[Track], index: int, frame_count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Render one frame.

    Args:
        base: The sequence below; its object is id 1.
        tracks: Pasted objects, ids 2, 3, ...; later ones cover earlier ones.
        index: Frame of the base.
        frame_count: Length of the video.

    Returns:
        (uint8 [H, W, 3] RGB, uint8 [H, W] label map).
    """
    picture = base.frames[index]
    image = picture.image.astype(np.float32)
    own = picture.label_map == 1
    labels = own.astype(np.uint8)
    for object_id, track in enumerate(tracks, start=2):
        colours, cover = _pasted(track, index, frame_count, labels.shape)
        if track.is_behind:
            cover = np.where(own, 0.0, cover)
        image += (colours - image) * cover[..., None]
        labels[cover > 0.5] = object_id
    return image.round().clip(0, 255).astype(np.uint8), labels


def _pasted(
    track: Track, index: int, frame_count: int, size: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """float32 [H, W, 3] colours and float32 [H, W] cover of one object in the frame."""
    height, width = size
    picture = track.source.frames[_bounced(track.start + index, len(track.source))]
    matrix = _placement(track, index, frame_count, size)
    mask = np.where(picture.label_map == 1, 255, 0).astype(np.uint8)
    cover = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)
    colours = cv2.warpAffine(picture.image, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return colours.astype(np.float32), cover.astype(np.float32) / 255


def _placement(track: Track, index: int, frame_count: int, size: tuple[int, ...]) -> np.ndarray:
    """float64 [2, 3], pixels of the lending sequence to those of the frame of `size` (H, W)."""
    first = track.source.frames[_bounced(track.start, len(track.source))]
    box = max(first.boxes, key=lambda b: b.area)
    middle = np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2])
    place = track.place(index / max(1, frame_count - 1)) * (size[1], size[0])
    turn = np.diag([-track.scale if track.is_mirrored else track.scale, track.scale])
    return np.column_stack([turn, place - turn @ middle])


def shown_shares(
    base: StoredSequence, tracks: Sequence[Track], indices: Sequence[int], frame_count: int
) -> np.ndarray:
    """Shares of the objects' areas that are to be seen: not covered and inside of the frame.

    Args:
        base: The sequence below; its object comes first.
        tracks: Pasted objects.
        indices: Frames to look at.
        frame_count: Length of the video.

    Returns:
        float64 [frames, objects]; 0 where the source shows no object. Areas are counted on every
        fourth row and column.
    """
    size = base.frames[0].label_map.shape
    small = (len(range(0, size[1], _THINNING)), len(range(0, size[0], _THINNING)))
    shares = np.zeros((len(indices), len(tracks) + 1))
    for row, index in enumerate(indices):
        own = base.frames[index].label_map[::_THINNING, ::_THINNING] == 1
        labels, areas = own.astype(np.uint8), [int(own.sum())]
        for object_id, track in enumerate(tracks, start=2):
            picture = track.source.frames[_bounced(track.start + index, len(track.source))]
            matrix = _placement(track, index, frame_count, size) / _THINNING
            mask = (picture.label_map == 1).astype(np.uint8)
            cover = cv2.warpAffine(mask, matrix, small, flags=cv2.INTER_NEAREST) > 0
            if track.is_behind:
                cover &= ~own
            labels[cover] = object_id
            areas.append(mask.sum() * (track.scale / _THINNING) ** 2)
        counts = np.bincount(labels.ravel(), minlength=len(areas) + 1)[1 : len(areas) + 1]
        shares[row] = counts / np.maximum(areas, 1)
    return shares


def _bounced(index: int, length: int) -> int:
    """Play a sequence back and forth without end."""
    place = index % max(1, 2 * length - 2)
    return place if place < length else 2 * length - 2 - place


def export_composites(
    cache: ImageStore | str | Path, names: Sequence[str], out_dir: str | Path
) -> tuple[Path, Path]:
    """Write one composite a sequence, with two to seven objects, as a DAVIS tree.

    What is pasted is drawn again until the composite can be solved (`can_be_solved`).

    Args:
        cache: An opened cache or its folder.
        names: Sequences to use, as backdrop and as lenders, and no others.
        out_dir: Root of the tree.

    Returns:
        The folders of frames and of annotations.

    Raises:
        CacheError: The cache lacks a sequence.
        OutputError: A file cannot be written.
    """
    store = cache if isinstance(cache, ImageStore) else open_cache(cache)
    root = Path(out_dir)
    sequences = [store.sequence(name) for name in names]
    written = []
    folders = root, root
    for number, base in enumerate(sequences):
        objects = OBJECT_COUNTS[number % len(OBJECT_COUNTS)]
        frame_count = min(FRAME_COUNT, len(base))
        others = [sequence for sequence in sequences if sequence is not base]
        tracks = _visible_tracks(base, others, objects, frame_count, number)
        name = f"{base.name}-{objects}"
        pairs = (compose(base, tracks, index, frame_count) for index in range(frame_count))
        folders = write_sequence(root, name, pairs)
        written.append(name)
    write_text_atomic(root / "ImageSets" / "2017" / "val.txt", "".join(f"{n}\n" for n in written))
    return folders


def _visible_tracks(
    base: StoredSequence,
    others: Sequence[StoredSequence],
    objects: int,
    frame_count: int,
    number: int,
) -> list[Track]:
    """Tracks of a composite that can be solved, one after the other, each drawn until it fits."""
    for attempt in range(_DRAWS_A_SCENE):
        rng = np.random.default_rng([SEED, number, attempt])
        sources = rng.permutation(len(others))
        tracks: list[Track] = []
        while len(tracks) < objects - 1:
            source = others[int(sources[len(tracks) % len(others)])]
            for _ in range(_DRAWS_A_TRACK):
                track = _draw_track(rng, base, source, tracks)
                if can_be_solved(base, [*tracks, track], frame_count):
                    tracks.append(track)
                    break
            else:
                break
        else:
            return tracks
    raise ValueError(f"{base.name}: no scene with {objects} visible objects came up")


def can_be_solved(base: StoredSequence, tracks: Sequence[Track], frame_count: int) -> bool:
    """Whether the first frame shows every object, and look-alikes stay in sight.

    Args:
        base: The sequence below.
        tracks: Pasted objects.
        frame_count: Length of the video.
    """
    for track in tracks:
        first = track.source.frames[_bounced(track.start, len(track.source))]
        box = max(first.boxes, key=lambda b: b.area)
        if box.touches_border(first.height, first.width):
            return False
        if box.area < FIRST_SHOWN * np.median(_areas(track, frame_count)):
            return False  # half hidden in its own sequence
    if shown_shares(base, tracks, [0], frame_count).min() < FIRST_SHOWN:
        return False
    names = [track.source.name for track in tracks]
    alike = [False, *(names.count(name) > 1 for name in names)]
    if not any(alike):
        return True
    shares = shown_shares(base, tracks, range(frame_count), frame_count)
    return bool(shares[:, alike].min() >= ALIKE_SHOWN)


def _areas(track: Track, frame_count: int) -> list[int]:
    """Pixels of a track's object in its source, frame by frame."""
    places = [_bounced(track.start + index, len(track.source)) for index in range(frame_count)]
    return [sum(box.area for box in track.source.frames[place].boxes) for place in places]


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``python -m vos_core.data.composites``."""
    parser = argparse.ArgumentParser(description="Write many-object composites as a DAVIS tree.")
    parser.add_argument("--cache", type=Path, required=True, help="cache folder")
    parser.add_argument("--sequences", type=Path, required=True, help="file of names, one a line")
    parser.add_argument("--out", type=Path, required=True, help="root of the tree")
    options = parser.parse_args(arguments)
    names = options.sequences.read_text(encoding="utf-8").split()
    export_composites(options.cache, names, options.out)


if __name__ == "__main__":
    main()

"""Contact sheets of training clips, to be looked at before a long run.

    python -m vos_core.data.preview --cache CACHE_FOLDER --out sheet.png [--kind static] [--seed 1]

One row a clip: reference, previous, targets, with label maps laid over (255 in grey) and contours.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from vos_core.data.clips import ClipDataset
from vos_core.data.spec import CLIP_KINDS, Clip, ClipSpec

_COLOURS = np.array(
    [[0, 0, 0], [230, 40, 40], [40, 200, 60], [60, 110, 255], [240, 200, 30], [220, 60, 220],
     [40, 220, 220], [255, 140, 40]],
    np.uint8,
)  # fmt: skip


def draw_clip(clip: Clip) -> np.ndarray:
    """Lay the label maps over the images of a clip, side by side.

    Returns:
        uint8 [H, T * W, 3].
    """
    tiles = []
    for image, label_map in zip(clip.images, clip.label_maps, strict=True):
        tile = image.copy()
        for object_id in np.unique(label_map):
            if object_id == 0:
                continue
            mask = label_map == object_id
            colour = _COLOURS[1 + (int(object_id) - 1) % 7] if object_id < 255 else (128, 128, 128)
            tile[mask] = (0.6 * tile[mask] + 0.4 * np.asarray(colour)).astype(np.uint8)
            outlines, _ = cv2.findContours(
                mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
            )
            cv2.drawContours(tile, outlines, -1, tuple(int(c) for c in colour), 1)
        tiles.append(tile)
    row = np.hstack(tiles)
    text = f"{clip.kind} {clip.object_count}"
    cv2.putText(row, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (255, 255, 255), 1, cv2.LINE_AA)
    return row


def contact_sheet(
    dataset: ClipDataset,
    rng: np.random.Generator,
    *,
    clips: int = 12,
    columns: int = 2,
    kind: str | None = None,
    progress: float = 0.5,
) -> np.ndarray:
    """Draw clips onto one sheet.

    Args:
        dataset: Where they come from.
        rng: Source of randomness.
        clips: How many.
        columns: Clips side by side.
        kind: Only this kind, or None for the mix.
        progress: Share of the training done.

    Returns:
        uint8 [rows * H, columns * T * W, 3].
    """
    rows: list[np.ndarray] = []
    while len(rows) < clips:
        clip = (
            dataset.sample(rng, progress)
            if kind is None
            else dataset.sample_kind(rng, kind, progress)
        )
        if clip is not None:
            rows.append(draw_clip(clip))
    while len(rows) % columns:
        rows.append(np.zeros_like(rows[0]))
    lines = [np.hstack(rows[i : i + columns]) for i in range(0, len(rows), columns)]
    return np.vstack(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``python -m vos_core.data.preview``."""
    parser = argparse.ArgumentParser(description="Draw training clips onto a contact sheet.")
    parser.add_argument("--cache", type=Path, required=True, help="cache folder")
    parser.add_argument("--out", type=Path, required=True, help="PNG or JPEG to write")
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--columns", type=int, default=2)
    parser.add_argument(
        "--kind", choices=CLIP_KINDS, default=None, help="one kind instead of the mix"
    )
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--objects", type=int, default=3, help="largest object count")
    parser.add_argument(
        "--progress", type=float, default=0.5, help="share of the training done, 0..1"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    spec = ClipSpec(frame_count=options.frames, max_objects=options.objects)
    sheet = contact_sheet(
        ClipDataset(options.cache, spec),
        np.random.default_rng(options.seed),
        clips=options.clips,
        columns=options.columns,
        kind=options.kind,
        progress=options.progress,
    )
    Image.fromarray(sheet).save(options.out)


if __name__ == "__main__":
    main()

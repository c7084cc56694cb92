"""Write sequences of the cache as a DAVIS folder tree, so that any benchmark reader can use them.

python -m vos_core.data.sequences --cache CACHE --sequences dev_val.txt --out FOLDER
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vos_core.data.store import ImageStore, open_cache
from vos_core.media import write_label_map
from vos_core.media.atomic import write_bytes_atomic, write_text_atomic

RESOLUTION_FOLDER = "480p"


def export_sequences(
    cache: ImageStore | str | Path,
    names: Sequence[str],
    out_dir: str | Path,
    *,
    jpeg_quality: int | None = 95,
) -> tuple[Path, Path]:
    """Write frames, annotations and the list of names.

    ``out_dir`` gets ``JPEGImages/480p/<name>/00000.jpg``, ``Annotations/480p/<name>/00000.png`` and
    ``ImageSets/2017/val.txt``. Pictures keep their size; the folder name is only the benchmark's.

    Args:
        cache: An opened cache or its folder.
        names: Sequences to write.
        out_dir: Root of the tree.
        jpeg_quality: 1 to 100, or None for lossless PNG frames.

    Returns:
        The folders of frames and of annotations, ready for the evaluation.

    Raises:
        CacheError: The cache lacks a sequence.
        OutputError: A file cannot be written.
    """
    store = cache if isinstance(cache, ImageStore) else open_cache(cache)
    root = Path(out_dir)
    for sequence in [store.sequence(name) for name in names]:
        pairs = ((picture.image, picture.label_map) for picture in sequence.frames)
        write_sequence(root, sequence.name, pairs, jpeg_quality=jpeg_quality)
    write_text_atomic(root / "ImageSets" / "2017" / "val.txt", "".join(f"{n}\n" for n in names))
    return _folders(root)


def write_sequence(
    root: Path,
    name: str,
    pairs: Iterable[tuple[np.ndarray, np.ndarray]],
    *,
    jpeg_quality: int | None = 95,
) -> tuple[Path, Path]:
    """Write the frames and label maps of one sequence into a DAVIS tree.

    Args:
        root: Root of the tree.
        name: Of the sequence.
        pairs: (uint8 [H, W, 3] RGB, uint8 [H, W] label map) of every frame.
        jpeg_quality: 1 to 100, or None for lossless PNG frames.

    Returns:
        The tree's folders of frames and of annotations.

    Raises:
        OutputError: A file cannot be written.
    """
    frames, annotations = _folders(root)
    suffix = ".png" if jpeg_quality is None else ".jpg"
    for index, (image, label_map) in enumerate(pairs):
        path = frames / name / f"{index:05d}{suffix}"
        write_bytes_atomic(path, _encode(image, jpeg_quality))
        write_label_map(annotations / name / f"{index:05d}.png", label_map)
    return frames, annotations


def _folders(root: Path) -> tuple[Path, Path]:
    return root / "JPEGImages" / RESOLUTION_FOLDER, root / "Annotations" / RESOLUTION_FOLDER


def _encode(image: np.ndarray, jpeg_quality: int | None) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(image))
    if jpeg_quality is None:
        picture.save(stream, format="PNG", compress_level=1)
    else:
        picture.save(stream, format="JPEG", quality=jpeg_quality, subsampling=0)
    return stream.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``python -m vos_core.data.sequences``."""
    parser = argparse.ArgumentParser(description="Write sequences of a cache as a DAVIS tree.")
    parser.add_argument("--cache", type=Path, required=True, help="cache folder")
    parser.add_argument("--sequences", type=Path, required=True, help="file of names, one a line")
    parser.add_argument("--out", type=Path, required=True, help="root of the tree")
    parser.add_argument("--png", action="store_true", help="lossless frames")
    options = parser.parse_args(arguments)
    names = options.sequences.read_text(encoding="utf-8").split()
    export_sequences(options.cache, names, options.out, jpeg_quality=None if options.png else 95)


if __name__ == "__main__":
    main()

"""Write sequences of the cache as a DAVIS folder tree, so that any benchmark reader can use them.

python -m vos_core.data.sequences --cache CACHE --sequences dev_val.txt --out FOLDER
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
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
    frames = root / "JPEGImages" / RESOLUTION_FOLDER
    annotations = root / "Annotations" / RESOLUTION_FOLDER
    suffix = ".png" if jpeg_quality is None else ".jpg"
    for sequence in [store.sequence(name) for name in names]:
        for index, picture in enumerate(sequence.frames):
            path = frames / sequence.name / f"{index:05d}{suffix}"
            write_bytes_atomic(path, _encode(picture.image, jpeg_quality))
            write_label_map(annotations / sequence.name / f"{index:05d}.png", picture.label_map)
    write_text_atomic(root / "ImageSets" / "2017" / "val.txt", "".join(f"{n}\n" for n in names))
    return frames, annotations


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

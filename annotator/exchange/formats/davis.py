"""DAVIS: palette PNGs, as results or as a whole data set."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

from annotator.exchange.errors import UnknownFormatError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.found import FoundMasks, ImportQuery
from annotator.exchange.frame_files import write_frames
from annotator.exchange.options import ExportOptions
from annotator.exchange.png_files import (
    choose_sequence,
    numbered_masks,
    pictures_in,
    subfolders,
)
from annotator.exchange.provenance import sidecar_of
from annotator.exchange.source import ExportSource, Progress
from vos_core.media.davis import check_sequence_name, export_davis_results
from vos_core.media.label_maps import read_raw_mask

_FULL = "Full-Resolution"


class _PalettePngs(ExchangeFormat):
    """Reading that both ways of writing share."""

    def recognises(self, path: Path) -> bool:
        """A PNG, a folder of PNGs, or a tree with one such folder a video."""
        if path.is_file():
            return path.suffix.lower() == ".png"
        return path.is_dir() and bool(_sequence_folders(path))

    def find(self, path: Path, query: ImportQuery) -> FoundMasks:
        """List the masks of one video."""
        if path.is_file():
            return FoundMasks(self.key, path, {query.frame_index: partial(read_raw_mask, path)})
        folders = _sequence_folders(path)
        if not folders:
            raise UnknownFormatError(
                f"{path} holds no PNG; masks are 00000.png, 00001.png and so on, in a folder with "
                "the name of the video"
            )
        folder = folders[choose_sequence(folders, query.sequence, path)]
        readers, notes = numbered_masks(pictures_in(folder))
        if not readers:
            raise UnknownFormatError(
                f"{folder}: the names of the masks should end with the number of their frame, "
                "such as 00012.png"
            )
        return FoundMasks(self.key, folder, readers, notes=notes, sidecar=_sidecar(path, folder))


class DavisResults(_PalettePngs):
    """What the DAVIS 2017 evaluation reads: one folder of masks a video."""

    key: ClassVar[str] = "davis"
    title: ClassVar[str] = "DAVIS results"
    summary: ClassVar[str] = "8-bit palette PNGs, pixel value = object id, one a frame"
    layout: ClassVar[str] = "OUT/NAME/00000.png …, OUT/ImageSets/2017/val.txt"
    options: ClassVar[tuple[str, ...]] = ("renumber",)
    resumes: ClassVar[bool] = True

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write ``target/<sequence>/00000.png`` and on."""
        return _write(source, target, options, progress, masks_folder=None)


class DavisTree(_PalettePngs):
    """A data set laid out as DAVIS is: masks, lists and, if wanted, frames."""

    key: ClassVar[str] = "davis-tree"
    title: ClassVar[str] = "DAVIS data set"
    summary: ClassVar[str] = "the same masks in the tree of the data set, with frames if wanted"
    layout: ClassVar[str] = (
        "OUT/Annotations/RESOLUTION/NAME/00000.png …, OUT/JPEGImages/RESOLUTION/NAME/00000.jpg …, "
        "OUT/ImageSets/2017/val.txt"
    )
    options: ClassVar[tuple[str, ...]] = ("renumber", "with_frames")
    resumes: ClassVar[bool] = True

    def recognises(self, path: Path) -> bool:
        """A folder with annotations in it; everything else is read as results."""
        return (path / "Annotations").is_dir() and super().recognises(path)

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write annotations, lists and frames."""
        name = check_sequence_name(options.name or source.sequence)
        resolution = "480p" if source.height == 480 else _FULL
        masks = target / "Annotations" / resolution / name
        steps = source.frame_count * (2 if options.with_frames else 1)
        written = _write(source, target, options, lambda n, _: progress(n, steps), masks)
        if options.with_frames:
            frames = target / "JPEGImages" / resolution / name
            write_frames(source, frames, progress, done=source.frame_count)
        return written


def _write(
    source: ExportSource,
    target: Path,
    options: ExportOptions,
    progress: Progress,
    masks_folder: Path | None,
) -> Written:
    name = options.name or source.sequence
    total = source.frame_count
    export = export_davis_results(
        target,
        (source.lazy_map(index) for index in range(total)),
        sequence=name,
        object_ids=source.object_ids,
        renumber=options.renumber,
        masks_folder=masks_folder,
        progress=lambda done: progress(done, total),
    )
    return Written(
        export.folder,
        sidecar_of(target / name),
        export.frame_count,
        export.id_map,
        export.warnings,
        export.kept_count,
    )


def _sequence_folders(path: Path) -> dict[str, Path]:
    """Folders of masks by the name of their video: the folder itself, results, or a data set."""
    if pictures_in(path):
        return {path.name: path}
    annotations = path / "Annotations"
    if annotations.is_dir():
        found: dict[str, Path] = {}
        roots = sorted(subfolders(annotations), key=lambda root: root.name == _FULL)
        for root in roots:  # the full resolution comes last and wins
            if pictures_in(root):
                found[root.name] = root
            found |= {each.name: each for each in subfolders(root) if pictures_in(each)}
        return found
    return {each.name: each for each in subfolders(path) if pictures_in(each)}


def _sidecar(root: Path, folder: Path) -> Path | None:
    for parent in (root, *list(folder.parents)[:3]):
        candidate = sidecar_of(parent / folder.name)
        if candidate.is_file():
            return candidate
    return None

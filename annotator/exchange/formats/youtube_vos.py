"""YouTube-VOS: palette PNGs of every n-th frame, objects that may appear late, ``meta.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from annotator.exchange.errors import ExchangeError, UnknownFormatError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.found import FoundMasks, FoundObject, ImportQuery
from annotator.exchange.frame_files import write_frames
from annotator.exchange.json_files import as_list, as_table, load_json
from annotator.exchange.options import ExportOptions
from annotator.exchange.png_files import (
    choose_sequence,
    frame_number,
    numbered_masks,
    pictures_in,
)
from annotator.exchange.provenance import sidecar_of
from annotator.exchange.source import ExportSource, Progress
from vos_core.media.atomic import write_text_atomic
from vos_core.media.davis import check_sequence_name
from vos_core.media.label_map_folder import write_label_map_folder
from vos_core.media.numbering import IdNumbering

_META = "meta.json"


class YouTubeVos(ExchangeFormat):
    """The tree of YouTube-VOS; MOSE and LVOS have the same."""

    key: ClassVar[str] = "youtube-vos"
    title: ClassVar[str] = "YouTube-VOS"
    summary: ClassVar[str] = "palette PNGs and a list of objects, which may appear at any frame"
    layout: ClassVar[str] = (
        "OUT/Annotations/NAME/00000.png …, OUT/JPEGImages/NAME/00000.jpg …, OUT/meta.json"
    )
    options: ClassVar[tuple[str, ...]] = ("renumber", "every", "with_frames")
    resumes: ClassVar[bool] = True

    def recognises(self, path: Path) -> bool:
        """A folder with ``meta.json``, or that file."""
        return _meta_of(path).is_file()

    def find(self, path: Path, query: ImportQuery) -> FoundMasks:
        """List the masks of one video and what ``meta.json`` says of its objects."""
        meta = _meta_of(path)
        videos = as_table(as_table(load_json(meta), meta).get("videos"), f'{meta}: "videos"')
        name = choose_sequence(videos, query.sequence, meta)
        folder = meta.parent / "Annotations" / name
        if not folder.is_dir():
            raise UnknownFormatError(f"{meta} names the video {name}, but there is no {folder}")
        readers, notes = numbered_masks(pictures_in(folder))
        where = f"{meta}: video {name}"
        entries = as_table(as_table(videos[name], where).get("objects"), f'{where}: "objects"')
        objects: dict[int, FoundObject] = {}
        missing = set()
        for key, value in entries.items():
            if not (key.isascii() and key.isdigit() and 1 <= int(key) <= 254):
                raise ExchangeError(f"{where}: object {key!r}, expected a number from 1 to 254")
            entry = as_table(value, f"{where}: object {key}")
            category = entry.get("category")
            objects[int(key)] = FoundObject(category=category if isinstance(category, str) else "")
            frames = as_list(entry.get("frames", []), f'{where}: object {key}: "frames"')
            missing |= {frame_number(str(frame)) for frame in frames} - readers.keys() - {None}
        if missing:
            first = min(number for number in missing if number is not None)
            notes += (
                f"meta.json names {len(missing)} frames that have no mask, {first:05d} among them",
            )
        sidecar = sidecar_of(meta.parent / name)
        return FoundMasks(
            self.key, folder, readers, objects, notes, sidecar if sidecar.is_file() else None
        )

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write annotations, ``meta.json`` (other videos in it stay) and frames."""
        name = check_sequence_name(options.name or source.sequence)
        numbering = IdNumbering(source.object_ids, renumber=options.renumber)
        indices = range(0, source.frame_count, options.every)
        steps = len(indices) * (2 if options.with_frames else 1)
        shown: dict[int, list[str]] = {}
        meta = target / _META
        videos = _known_videos(meta)
        counts = write_label_map_folder(
            target / "Annotations" / name,
            map(source.lazy_map, indices),
            numbering,
            name_of=lambda place: f"{indices[place]:05d}.png",
            progress=lambda done: progress(done, steps),
        )
        if options.with_frames:
            frames = target / "JPEGImages" / name
            write_frames(source, frames, progress, every=options.every, done=len(indices))
        for object_id, places in numbering.shown_in.items():
            shown[object_id] = [f"{indices[place]:05d}" for place in places]
        videos[name] = {
            "objects": {
                str(numbering.id_map[record.object_id]): {
                    "category": record.category or record.name,
                    "frames": shown[record.object_id],
                }
                for record in source.objects
                if record.object_id in shown
            }
        }
        write_text_atomic(meta, json.dumps({"videos": videos}, ensure_ascii=False, indent=1))
        return Written(
            target / "Annotations" / name,
            sidecar_of(target / name),
            counts.files,
            dict(numbering.id_map),
            numbering.warnings(needs_first_frame=False),
            counts.kept,
        )


def _meta_of(path: Path) -> Path:
    return path if path.name == _META else path / _META


def _known_videos(meta: Path) -> dict[str, Any]:
    if not meta.exists():
        return {}
    return dict(as_table(as_table(load_json(meta), meta).get("videos"), f'{meta}: "videos"'))

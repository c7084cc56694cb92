"""Export, import into an empty project: the same bytes, in every format that goes both ways."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from annotator.exchange.choices import ImportChoices
from annotator.exchange.errors import ExchangeError
from annotator.exchange.exporting import run_export
from annotator.exchange.formats.base import ExchangeFormat
from annotator.exchange.importing import import_files, look_at
from annotator.exchange.options import ExportOptions
from annotator.exchange.registry import FORMATS, format_of, recognise
from annotator.model.document import Document
from annotator.model.history import History
from tests.exchange.documents import (
    COUNT,
    HEIGHT,
    WIDTH,
    make_document,
    make_source,
    project_bytes,
    same_documents,
)

BOTH_WAYS = [each for each in FORMATS if each.reads and each.writes]


def names(formats: list[ExchangeFormat]) -> list[str]:
    return [each.key for each in formats]


def empty() -> Document:
    return Document(COUNT, HEIGHT, WIDTH)


@pytest.mark.parametrize("chosen", BOTH_WAYS, ids=names(BOTH_WAYS))
def test_the_same_bytes_come_back(chosen: ExchangeFormat, tmp_path: Path) -> None:
    document = make_document()
    source = make_source(tmp_path, document)
    target = chosen.default_target(tmp_path, "zoo")
    options = ExportOptions(renumber=False)
    report = run_export(chosen, source, target, options)
    assert report.frame_count == COUNT and report.id_map == {2: 2, 5: 5, 9: 9}

    assert recognise(target).key == chosen.key or chosen.key == "davis-tree"
    again = empty()
    found = look_at(target, again)
    assert found.unmended(()) == [] and found.provenance is not None
    history = History(again)
    assert history.do(import_files(again, found, ImportChoices(found.recommended)))
    assert project_bytes(tmp_path / "b", again) == project_bytes(tmp_path / "a", document)
    assert [(r.object_id, r.name, r.category, r.colour) for r in again.objects] == [
        (r.object_id, r.name, r.category, r.colour) for r in document.objects
    ]
    np.testing.assert_array_equal(again.cells.states, document.cells.states)
    np.testing.assert_array_equal(again.cells.reliability_codes, document.cells.reliability_codes)
    history.undo()
    assert not len(again.objects) and not again.cells.states.any()
    same_documents(again, empty())
    history.redo()
    same_documents(again, document)


@pytest.mark.parametrize("chosen", BOTH_WAYS, ids=names(BOTH_WAYS))
def test_ids_are_renumbered_on_request_and_say_so(chosen: ExchangeFormat, tmp_path: Path) -> None:
    source = make_source(tmp_path)
    target = chosen.default_target(tmp_path, "zoo")
    report = run_export(chosen, source, target, ExportOptions(renumber=True))
    assert report.id_map == {2: 1, 5: 2, 9: 3}
    again = empty()
    found = look_at(target, again)
    History(again).do(import_files(again, found, ImportChoices(found.recommended)))
    renumbered = np.array([0, 0, 1, 0, 0, 2, 0, 0, 0, 3], np.uint8)
    for index in range(COUNT):
        np.testing.assert_array_equal(again.label_map(index), renumbered[source.label_map(index)])
    assert [(r.object_id, r.name) for r in again.objects] == [
        (1, "black cat"),
        (2, "Hündin"),
        (3, "pup & co"),
    ]
    kept = run_export(
        chosen, source, tmp_path / f"kept{chosen.suffix}", ExportOptions(renumber=False)
    )
    assert any("not contiguous" in warning for warning in kept.warnings)


def test_late_objects_are_told_where_they_matter(tmp_path: Path) -> None:
    source = make_source(tmp_path)
    options = ExportOptions()
    davis = run_export(format_of("davis"), source, tmp_path / "d", options)
    assert any("object 2 first appears in frame 00003" in text for text in davis.warnings)
    vos = run_export(format_of("youtube-vos"), source, tmp_path / "y", options)
    assert vos.warnings == ()


def test_youtube_vos_writes_every_fifth_frame_and_names_late_objects(tmp_path: Path) -> None:
    source = make_source(tmp_path)
    out = tmp_path / "ytvos"
    (out).mkdir()
    (out / "meta.json").write_text('{"videos": {"other": {"objects": {}}}}')
    options = ExportOptions(every=5, with_frames=True)
    report = run_export(format_of("youtube-vos"), source, out, options)
    assert report.frame_count == 3
    files = sorted(path.name for path in (out / "Annotations" / "zoo").iterdir())
    assert files == ["00000.png", "00005.png", "00010.png"]
    frames = sorted(path.name for path in (out / "JPEGImages" / "zoo").iterdir())
    assert frames == ["00000.jpg", "00005.jpg", "00010.jpg"]
    videos = json.loads((out / "meta.json").read_text())["videos"]
    assert videos["other"] == {"objects": {}}
    assert videos["zoo"]["objects"] == {
        "1": {"category": "cat", "frames": ["00000", "00005", "00010"]},
        "2": {"category": "dog", "frames": ["00005", "00010"]},
        "3": {"category": "dog", "frames": ["00000", "00005", "00010"]},
    }
    again = empty()
    with pytest.raises(ExchangeError, match=r"2 videos \(other, zoo\)"):
        look_at(out, again)


def test_the_data_set_tree_has_lists_masks_and_frames(tmp_path: Path) -> None:
    source = make_source(tmp_path)
    run_export(format_of("davis-tree"), source, tmp_path / "DAVIS", ExportOptions(with_frames=True))
    root = tmp_path / "DAVIS"
    assert (root / "ImageSets/2017/val.txt").read_text() == "zoo\n"
    for kind, suffix in (("Annotations", "png"), ("JPEGImages", "jpg")):
        files = sorted(p.name for p in (root / kind / "Full-Resolution" / "zoo").iterdir())
        assert files == [f"{index:05d}.{suffix}" for index in range(COUNT)]

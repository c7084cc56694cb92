"""A process killed in the middle of an export: no half file, and the next export goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from annotator.exchange import overlay_pieces
from annotator.exchange.exporting import ExportReport, run_export
from annotator.exchange.options import ExportOptions
from annotator.exchange.registry import format_of, writers
from annotator.exchange.source import ExportSource
from annotator.storage.session import ProjectSession
from tests.exchange.documents import COUNT, make_document, make_frames, sequence_of
from tests.exchange.killed_export import PIECE_FRAMES

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("davis", "coco")


def keys(target: str) -> list[object]:
    """Formats of a kind; one of each is always tested, the others with the slow tests."""
    found = [each.key for each in writers() if each.target == target]
    return [key if key in QUICK else pytest.param(key, marks=pytest.mark.slow) for key in found]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A saved project of twelve frames."""
    document = make_document()
    frames = make_frames(tmp_path / "zoo")
    session = ProjectSession.create(
        tmp_path / "project", sequence_of(frames, document), document=document
    )
    assert session.close()
    return tmp_path / "project"


def kill_export(project: Path, key: str, target: Path, step: int, *moving: str) -> None:
    """Kill an export with no chance to tidy up."""
    words = [str(project), key, str(target), str(step), *moving]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.exchange.killed_export", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.kill()


def export(project: Path, key: str, target: Path) -> ExportReport:
    document = make_document()
    sequence = sequence_of(project.parent / "zoo", document)
    source = ExportSource.of(document, sequence)
    return run_export(format_of(key), source, target, ExportOptions())


def contents(path: Path) -> dict[str, bytes]:
    """Bytes of a file, or of all files of a tree; the sidecar's date differs."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    return {
        str(each.relative_to(path)): each.read_bytes()
        for each in sorted(path.rglob("*"))
        if each.is_file() and not each.name.endswith(".provenance.json")
    }


def decoded(path: Path) -> np.ndarray:
    """Pictures of a video, float64 [T, H, W, 3]."""
    with av.open(str(path)) as video:
        return np.array([each.to_ndarray(format="rgb24") for each in video.decode(video=0)], float)


@pytest.mark.parametrize("key", keys("folder"))
def test_a_folder_export_goes_on_where_it_was_killed(
    project: Path, tmp_path: Path, key: str
) -> None:
    target = tmp_path / "out" / key
    kill_export(project, key, target, 8)
    shown = [path for path in contents(target) if not any(p[0] == "." for p in Path(path).parts)]
    assert shown == []  # nothing has its final name yet
    report = export(project, key, target)
    assert report.kept_count >= 7 and "were there already" in report.text_on_interruption
    whole = tmp_path / "whole" / key
    assert export(project, key, whole).kept_count == 0
    assert contents(target) == contents(whole)


@pytest.mark.parametrize("key", keys("folder"))
def test_an_export_killed_while_files_take_their_places_is_completed(
    project: Path, tmp_path: Path, key: str
) -> None:
    target, whole = tmp_path / "out" / key, tmp_path / "whole" / key
    kill_export(project, key, target, 5, "moving")
    export(project, key, whole)
    present = {name: data for name, data in contents(target).items() if "/." not in f"/{name}"}
    assert len(present) == 4 and present.items() <= contents(whole).items()
    report = export(project, key, target)
    assert report.kept_count >= COUNT
    assert contents(target) == contents(whole)


@pytest.mark.parametrize("key", keys("file"))
@pytest.mark.parametrize("moving", [(), ("moving",)])
def test_a_file_is_never_half_of_one(
    project: Path, tmp_path: Path, key: str, moving: tuple[str, ...]
) -> None:
    suffix = format_of(key).suffix
    target = tmp_path / "out" / f"clip{suffix}"
    target.parent.mkdir()
    target.write_bytes(b"an export of yesterday")
    kill_export(project, key, target, 1 if moving else 6, *moving)
    assert target.read_bytes() == b"an export of yesterday"
    report = export(project, key, target)
    whole = tmp_path / f"clip{suffix}"
    export(project, key, whole)
    if key == "overlay":  # x264's bytes for so small a picture depend on memory it has not filled
        apart = np.abs(decoded(target) - decoded(whole)).mean(axis=(1, 2, 3))
        assert apart.shape == (COUNT,)
        assert apart.max() < 2  # a frame at another's place is 10 apart
    else:
        assert target.read_bytes() == whole.read_bytes()
    if moving and key != "overlay":
        assert report.was_interrupted and "interrupted" in report.text_on_interruption
    left = {path.name for path in target.parent.iterdir()}
    assert left == {target.name, f"{target.name}.provenance.json"}


def test_an_overlay_video_goes_on_where_it_was_killed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "clip.mp4"
    kill_export(project, "overlay", target, 4, "moving")  # three pieces are there, not the whole
    monkeypatch.setattr(overlay_pieces, "PIECE_FRAMES", PIECE_FRAMES)
    report = export(project, "overlay", target)
    assert report.kept_count == COUNT == 3 * PIECE_FRAMES
    assert "12 frames were there already" in report.text_on_interruption
    with av.open(str(target)) as video:
        stamps = []
        greys = []
        for frame in video.decode(video=0):
            stamps.append(round(float(frame.time) * 25))
            greys.append(int(frame.to_ndarray(format="rgb24")[0, 30].mean()))
        assert video.streams.video[0].codec_context.name == "h264"
    assert stamps == list(range(COUNT))
    np.testing.assert_allclose(greys, [10 * index for index in range(COUNT)], atol=6)


def test_pieces_of_other_masks_are_not_taken(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlay_pieces, "PIECE_FRAMES", PIECE_FRAMES)
    target = tmp_path / "clip.mp4"
    kill_export(project, "overlay", target, 4, "moving")
    maps = [make_document().label_map(index).copy() for index in range(COUNT)]
    for label_map in maps[5:]:
        label_map[20:30, 30:40] = 9
    document = make_document(maps)
    source = ExportSource.of(document, sequence_of(tmp_path / "zoo", document))
    report = run_export(format_of("overlay"), source, target, ExportOptions())
    assert report.kept_count == PIECE_FRAMES  # frames 0 to 3

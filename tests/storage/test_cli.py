"""``vos-annotator`` without a window."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from annotator.cli import run
from annotator.model.cells import CellState
from annotator.model.geometry import Box
from annotator.storage.project import load_project
from tests.storage.projects import block, make_project
from vos_core.media.frames import open_frames
from vos_core.media.label_maps import read_label_map, write_label_map

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path) -> Path:
    """Six frames of 16 x 12 pixels; object 2 drawn in frame 1."""
    session, history = make_project(tmp_path)
    history.do(block(session.document, 1, Box(0, 0, 3, 3), 2))
    session.close()
    return session.folder


def test_export_writes_a_davis_sequence(project, tmp_path, capsys):
    out = tmp_path / "results"
    overlay = tmp_path / "overlay.mp4"
    words = ["export", str(project), "--out", str(out), "--name", "clip", "--overlay", str(overlay)]
    assert run([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["frames"] == 6
    files = sorted(path.name for path in (out / "clip").iterdir())
    assert files == [f"{index:05d}.png" for index in range(6)]
    mask = read_label_map(out / "clip" / "00001.png")
    assert mask[:3, :3].tolist() == [[2] * 3] * 3
    assert (out / "ImageSets" / "2017" / "val.txt").read_text() == "clip\n"
    with open_frames(overlay) as frames:
        assert (frames.frame_count, frames.height, frames.width) == (6, 12, 16)
    assert any("object 1 is in no frame" in warning for warning in result["warnings"])


def test_validate_counts_and_says_what_is_wrong(project, tmp_path, capsys):
    assert run(["validate", str(project), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["faults"] == []
    assert report["facts"]["frames"] == 6
    assert report["facts"]["drawn cells"] == 1
    assert report["facts"]["frames without a mask"] == 5
    assert 'object 1 "cat" has no mask in any frame' in report["warnings"]

    (tmp_path / "frames" / "00005.png").unlink()
    assert run(["validate", str(project)]) == 2
    text = capsys.readouterr().out
    assert "has 5 frames of 16 x 12 pixels, the project annotates 6" in text
    assert "not sound" in text

    (project / "masks" / "00001.png").write_bytes(b"\x89PNG")
    assert run(["validate", str(project)]) == 2
    error = capsys.readouterr().err
    assert "00001.png" in error and len(error.splitlines()) == 1


def test_validate_says_what_the_davis_evaluation_stumbles_over(tmp_path, capsys):
    for frame, object_id in ((0, 1), (2, 5)):
        label_map = np.zeros((12, 16), np.uint8)
        label_map[2:8, 2:8] = object_id
        write_label_map(tmp_path / "clip" / f"{frame:05d}.png", label_map)
    assert run(["validate", str(tmp_path / "clip")]) == 0
    error = capsys.readouterr().err
    assert "no mask of frame 1 (1 are missing)" in error
    assert "the ids are 1, 5; the DAVIS evaluation counts 5 objects" in error
    assert "object 5 first appears in frame 2" in error


def test_import_puts_masks_in_and_asks_before_replacing(project, tmp_path, capsys):
    masks = tmp_path / "masks"
    masks.mkdir()
    label_map = np.full((12, 16), 5, np.uint8)
    for frame in (1, 3):
        write_label_map(masks / f"{frame:05d}.png", label_map)
    assert run(["import", str(project), str(masks)]) == 2
    assert "frame 1 holds masks that a person made" in capsys.readouterr().err
    assert load_project(project).document.objects.ids == (1, 2)

    assert run(["import", str(project), str(masks), "--replace"]) == 0
    document = load_project(project).document
    assert document.objects.ids == (1, 2, 5)
    assert (document.label_map(1) == 5).all() and (document.label_map(3) == 5).all()
    assert document.cells.state(3, 5) is CellState.DRAWN

    single = tmp_path / "one.png"
    write_label_map(single, label_map)
    assert run(["import", str(project), str(single), "--frame", "4"]) == 0
    assert (load_project(project).document.label_map(4) == 5).all()


def test_import_changes_nothing_when_one_mask_is_wrong(project, tmp_path, capsys):
    masks = tmp_path / "masks"
    masks.mkdir()
    write_label_map(masks / "00003.png", np.full((12, 16), 1, np.uint8))
    write_label_map(masks / "00004.png", np.full((12, 15), 1, np.uint8))
    assert run(["import", str(project), str(masks)]) == 2
    error = capsys.readouterr().err
    assert "15x12 in frames 4" in error and "--mend size" in error
    assert not load_project(project).document.label_map(3).any()
    (masks / "00004.png").rename(masks / "00006.png")
    assert run(["import", str(project), str(masks)]) == 2
    error = capsys.readouterr().err
    assert "frames that do not exist (6)" in error and "frames are 0 to 5" in error


def test_import_as_new_objects_and_with_a_mapping(project, tmp_path, capsys):
    masks = tmp_path / "masks"
    masks.mkdir()
    label_map = np.zeros((12, 16), np.uint8)
    label_map[0:6, 0:6] = 2
    label_map[8:, 8:] = 7
    write_label_map(masks / "00001.png", label_map)
    words = ["import", str(project), str(masks)]
    assert run([*words, "--as", "new", "--json"]) == 0  # what a person drew is kept
    assert json.loads(capsys.readouterr().out)["new_objects"] == [3, 4]
    document = load_project(project).document
    assert document.objects.ids == (1, 2, 3, 4)
    assert (document.label_map(1)[:3, :3] == 2).all()
    assert (document.label_map(1) == 3).sum() == 36 - 9 and (document.label_map(1) == 4).any()
    assert document.label_map(1)[11, 11] == 4

    assert run([*words, "--as", "merge", "--map", "7=1", "--map", "2=out"]) == 0
    document = load_project(project).document
    assert document.objects.ids == (1, 2, 3, 4) and document.cells.frames_of(1) == ()
    assert run([*words, "--as", "merge", "--map", "7=1", "--map", "2=out", "--replace"]) == 0
    document = load_project(project).document
    assert (document.label_map(1) == 1).sum() == 32 and (document.label_map(1) == 3).any()

    for word, message in (
        ("7", "such as 3=1, 3=new or 3=out"),
        ("7=0", "such as 3=1"),
        ("9=1", "the files hold no object 9; they hold 2, 7"),
    ):
        assert run([*words, "--as", "merge", "--map", word]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["validate", "nowhere"], ["export", "nowhere", "--out", "x"], ["export", "nowhere"]]
)
def test_mistakes_end_with_two_and_one_readable_message(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error and error


def test_a_path_opens_the_window_and_help_needs_neither_qt_nor_torch(monkeypatch):
    opened: list[list[str]] = []
    monkeypatch.setattr("annotator.main.main", lambda argv: opened.append(argv) or 0)
    assert run(["clip.mp4", "--device", "cpu"]) == 0
    assert run([]) == 0
    assert run(["open", "export"]) == 0
    assert run(["-v", "clip.mp4"]) == 0
    assert opened == [["clip.mp4", "--device", "cpu"], [], ["export"], ["-v", "clip.mp4"]]
    code = (
        "import sys; from annotator.cli import run; code = run(['--help']);"
        "bad = [m for m in ('PySide6', 'torch') if m in sys.modules]; sys.exit(code or len(bad))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "export" in done.stdout and "validate" in done.stdout


def test_masks_are_looked_at_first_and_mended_on_request(project, tmp_path, capsys):
    masks = tmp_path / "masks"
    masks.mkdir()
    half = np.zeros((6, 8), np.uint8)
    half[1:5, 1:7] = 255
    for frame in (3, 9):
        write_label_map(masks / f"{frame:05d}.png", half)
    words = ["import", str(project), str(masks)]
    before = (project / "project.json").read_bytes()
    assert run([*words, "--check", "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["sizes"] == {"8x6": 2} and report["masks"] == 2
    offered = {key for finding in report["findings"] for key in finding["mends"]}
    assert offered == {"void", "size", "leave-out"}
    assert run([*words, "--mend", "size", "--mend", "void"]) == 2
    error = capsys.readouterr().err
    assert "frames that do not exist (9)" in error and "--mend leave-out" in error
    assert (project / "project.json").read_bytes() == before
    assert run([*words, "--mend", "all"]) == 0
    document = load_project(project).document
    np.testing.assert_array_equal(
        document.label_map(3), np.where(half, 1, 0).repeat(2, 0).repeat(2, 1)
    )


@pytest.mark.parametrize("key", ["youtube-vis", "coco", "cvat", "labelme", "binary"])
def test_every_format_goes_out_and_in_again(project, tmp_path, capsys, key):
    out = tmp_path / "out" / ("clip" if key in ("labelme", "binary") else "clip.x")
    suffix = {"cvat": ".xml", "labelme": "", "binary": ""}.get(key, ".json")
    out = out.with_suffix(suffix)
    assert run(["export", str(project), "--format", key, "--out", str(out), "--keep-ids"]) == 0
    assert run(["validate", str(out)]) == 0
    assert f"({key}) of 16x12" in capsys.readouterr().out
    assert run(["import", str(project), str(out), "--replace", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result == {"masks": 6, "frames": [], "new_objects": []}


def test_formats_are_listed(capsys):
    assert run(["formats"]) == 0
    text = capsys.readouterr().out
    for title in ("DAVIS results", "YouTube-VOS", "COCO JSON", "CVAT for video XML", "labelme"):
        assert title in text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", '{"videos": [], "annotations": []}', "holds no masks"),
        ("a.json", "{broken", "no format that can be imported"),
        ("a.xml", "<annotations><track", "it breaks off"),
        ("a.xml", "<html></html>", "no format that can be imported"),
        ("a.txt", "hello", "no format that can be imported"),
    ],
)
def test_files_of_the_wrong_kind_are_named(project, tmp_path, capsys, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    assert run(["import", str(project), str(path)]) == 2
    error = capsys.readouterr().err
    assert message in error and name in error and "Traceback" not in error

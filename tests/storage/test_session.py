"""Projects made, saved by themselves, closed and opened again; and everything that can be wrong."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.model.cells import CellState
from annotator.model.commands import ChangeObject, ChooseReference, RemoveObject, SetCellState
from annotator.model.geometry import Box
from annotator.model.history import History
from annotator.model.references import ReferenceChoice
from annotator.storage.errors import (
    FramesMissingError,
    NewerProjectError,
    ProjectError,
    ProjectExistsError,
    ProjectFormatError,
    ProjectLockedError,
)
from annotator.storage.project import load_project
from annotator.storage.session import ProjectSession, default_folder
from tests.model.states import check_consistent, state_of
from tests.storage.projects import block, make_frames, make_project, sequence_of
from tests.support.disks import closed, refusing
from vos_core.media import OutputError
from vos_core.media.label_maps import read_label_map, write_label_map
from vos_core.media.palette import voc_palette


def annotate(session: ProjectSession, history: History) -> None:
    """A bit of everything that is saved."""
    document = session.document
    history.do(block(document, 2, Box(1, 2, 5, 6), 1))
    history.do(block(document, 2, Box(4, 4, 9, 9), 2))
    run = history.begin_propagation()
    rng = np.random.default_rng(1)
    for frame in (3, 4):
        label_map = np.roll(document.label_map(2), 1, axis=1).copy()
        reliability = rng.integers(0, 256, label_map.shape, dtype=np.uint8)
        run.add(frame, label_map, reliability, {1: 0.123, 2: 0.9876})
    run.close()
    history.do(SetCellState.prepare(document, [3], [2], CellState.VERIFIED))
    history.do(ChooseReference.prepare(document, 0, ReferenceChoice.PROMOTED))
    history.do(ChooseReference.prepare(document, 2, ReferenceChoice.EXCLUDED))
    changed = replace(document.objects[2], locked=True, opacity=0.25, category="犬")
    history.do(ChangeObject.prepare(document, changed))
    session.set_setting("frame", 3)


def test_everything_comes_back(tmp_path):
    session, history = make_project(tmp_path, "ein Projekt mit ö und 犬")
    annotate(session, history)
    before = state_of(session.document)
    assert session.close()
    again = ProjectSession.open(session.folder)
    assert state_of(again.document) == before
    assert again.settings == {"frame": 3}
    assert again.warnings == []
    assert again.locate_frames() == tmp_path / "frames"
    assert list(session.folder.glob("journal/*")) == []
    assert again.close()


def test_files_are_what_other_tools_read(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    assert session.flush()
    masks = sorted(path.name for path in (session.folder / "masks").iterdir())
    assert masks == ["00002.png", "00003.png", "00004.png"]
    with Image.open(session.folder / "masks" / "00003.png") as image:
        assert image.mode == "P"
        assert image.getpalette() == voc_palette().ravel().tolist()
        assert np.array_equal(np.array(image), session.document.label_map(3))
    values = json.loads((session.folder / "project.json").read_text(encoding="utf-8"))
    assert values["version"] == 2
    assert values["written_by"].startswith("vos-annotator ")
    assert values["cells"]["2"] == [["drawn", 2, 2], ["verified", 3, 3], ["propagated", 4, 4]]
    assert values["reliability"]["1"] == [[3, [0.122, 0.122]]]
    assert values["objects"][1]["name"] == "Hündin"
    assert values["references"] == {"promoted": [0], "excluded": [2]}
    session.close()


def test_changes_are_saved_within_a_moment_of_silence_and_undone_files_go(tmp_path):
    saves: list[float] = []
    session, history = make_project(tmp_path, on_saved=lambda: saves.append(time.monotonic()))
    history.do(block(session.document, 1, Box(0, 0, 3, 3), 1))
    path = session.folder / "masks" / "00001.png"
    deadline = time.monotonic() + 20
    while not session.is_saved and time.monotonic() < deadline:
        time.sleep(0.01)
    assert path.exists() and saves
    history.undo()
    assert session.flush()
    assert not path.exists()
    session.close()


def test_what_was_not_saved_comes_back_from_the_journal(tmp_path):
    session, history = make_project(tmp_path, silence_s=3600.0)
    annotate(session, history)
    history.do(block(session.document, 5, Box(0, 0, 2, 2), 1))
    history.undo()
    before = state_of(session.document)
    copy = tmp_path / "as after a crash"
    shutil.copytree(session.folder, copy, ignore=shutil.ignore_patterns(".lock"))
    assert not (copy / "masks").exists()
    again = ProjectSession.open(copy)
    assert state_of(again.document) == before
    assert again.settings == {"frame": 3}
    assert again.flush()
    assert load_project(copy).record.settings == {"frame": 3}
    assert read_label_map(copy / "masks" / "00002.png").any()
    assert list((copy / "journal").iterdir()) == []
    again.close()
    session.close()


def test_a_journal_cut_off_anywhere_loses_only_its_last_command(tmp_path):
    session, history = make_project(tmp_path, silence_s=3600.0)
    states = [state_of(session.document)]
    for column in range(4):
        history.do(block(session.document, 1, Box(0, column, 1, column + 1), 1))
        states.append(state_of(session.document))
    (journal,) = (session.folder / "journal").iterdir()
    data = journal.read_bytes()
    session.close()
    ends = [6]  # of the records: two objects, four strokes
    while ends[-1] < len(data):
        ends.append(ends[-1] + 8 + int.from_bytes(data[ends[-1] : ends[-1] + 4], "little"))
    assert len(ends) == 7
    base = tmp_path / "copy"
    for length in range(ends[4], len(data) + 1):
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(session.folder, base, ignore=shutil.ignore_patterns("masks", ".lock"))
        _forget_save(base)
        (base / "journal" / journal.name).write_bytes(data[:length])
        whole = sum(end <= length for end in ends[3:])
        assert state_of(load_project(base).document) == states[whole]
    damaged = bytearray(data)
    damaged[-3] ^= 0xFF
    (base / "journal" / journal.name).write_bytes(damaged)
    assert state_of(load_project(base).document) == states[3]


def _forget_save(folder: Path) -> None:
    """Take ``project.json`` back to what it was before anything was annotated."""
    path = folder / "project.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values.update(
        cells={}, reliability={}, saved_journal=0, objects=[], highest_object_id=0,
    )  # fmt: skip
    path.write_text(json.dumps(values), encoding="utf-8")


def test_a_journal_older_than_the_saved_files_is_not_replayed(tmp_path):
    session, history = make_project(tmp_path, silence_s=3600.0)
    history.do(block(session.document, 1, Box(0, 0, 2, 2), 1))
    (journal,) = (session.folder / "journal").iterdir()
    old = journal.read_bytes()
    assert session.flush()
    history.undo()
    before = state_of(session.document)
    session.close()
    journal.write_bytes(old)  # as if it could not be deleted
    assert state_of(load_project(session.folder).document) == before


def test_a_second_instance_is_told_and_a_dead_one_is_no_obstacle(tmp_path):
    session, _ = make_project(tmp_path)
    with pytest.raises(ProjectLockedError, match=f"process {os.getpid()}") as caught:
        ProjectSession.open(session.folder)
    assert caught.value.pid == os.getpid()
    assert caught.value.host == socket.gethostname()
    lock = session.folder / ".lock"
    mark = json.loads(lock.read_text())
    session.close()
    assert not lock.exists()

    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    lock.write_text(json.dumps({**mark, "pid": gone.pid, "started": "1"}))
    ProjectSession.open(session.folder).close()  # stale

    lock.write_text("{half a")
    ProjectSession.open(session.folder).close()  # torn

    lock.write_text(json.dumps({**mark, "host": "another.example"}))
    with pytest.raises(ProjectLockedError, match=r"another\.example"):
        ProjectSession.open(session.folder)
    ProjectSession.open(session.folder, take_lock=True).close()


def test_new_projects_do_not_overwrite_anything(tmp_path):
    session, _ = make_project(tmp_path)
    sequence = sequence_of(tmp_path / "frames")
    session.close()
    with pytest.raises(ProjectExistsError, match="open it instead"):
        ProjectSession.create(session.folder, sequence)
    with pytest.raises(ProjectExistsError, match="not empty"):
        ProjectSession.create(tmp_path / "frames", sequence)
    with pytest.raises(OutputError, match="cannot make the folder"):
        (tmp_path / "file").write_text("")
        ProjectSession.create(tmp_path / "file" / "project", sequence)
    assert default_folder(sequence) == tmp_path / "frames.annotation"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.update(version=3), "newer version.*open it with vos-annotator"),
        (lambda v: v.update(version=3, written_by=["x"]), "newer version.*open it with that"),
        (lambda v: v.pop("cells"), '"cells" is missing'),
        (lambda v: v.update(version="one"), "whole number"),
        (lambda v: v.update(objects={}), '"objects" should be a list'),
        (lambda v: v.update(format="x"), "no project of this application"),
        (lambda v: v["frames"].update(height=True), '"height" should be a whole number'),
        (lambda v: v["frames"].update(frame_count=10**15), "expected 1 to 1000000"),
        (lambda v: v["frames"].update(width=10**9), "expected 1 to 65535"),
        (lambda v: v["frames"].update(frames_per_second=float("nan")), "over 0"),
        (lambda v: v["frames"].update(kind="film"), 'frames.kind is "film"'),
        (lambda v: v["objects"][0].update(colour=[1, 2]), r"objects\[0\]: colour"),
        (lambda v: v["objects"][0].update(colour=[1, 2, 999]), r"objects\[0\].*0 to 255"),
        (lambda v: v["objects"][1].update(id=1), "same id"),
        (lambda v: v["objects"][1].update(id=255), '"id" is 255, expected 1 to 254'),
        (lambda v: v["cells"].update({"1": [["painted", 0, 0]]}), "painted"),
        (lambda v: v["cells"].update({"1": [["drawn", 0, 6]]}), "frames are 0 to 5"),
        (lambda v: v["cells"].update({"1": [[["drawn"], 0, 6]]}), "no .state, first, last"),
        (lambda v: v["cells"].update({"x": []}), 'key "x"'),
        (lambda v: v["reliability"].update({"1": [[0, [1.5]]]}), "not between 0 and 1"),
        (lambda v: v["reliability"].update({"1": [[5, [1, 1]]]}), "after frame 5"),
        (lambda v: v["references"].update(promoted=[99]), "names the frame 99"),
    ],
)
def test_project_files_that_say_what_cannot_be(tmp_path, change, message):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    path = session.folder / "project.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    content = {p: p.read_bytes() for p in session.folder.rglob("*") if p.is_file()}
    kind = NewerProjectError if "newer" in message else ProjectFormatError
    with pytest.raises(kind, match=message) as caught:
        ProjectSession.open(session.folder)
    assert str(path) in str(caught.value)
    assert content == {p: p.read_bytes() for p in session.folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("length", [0, 1, 40, 400])
def test_a_truncated_project_file_is_told(tmp_path, length):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    path = session.folder / "project.json"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ProjectFormatError, match=r"project\.json is damaged"):
        ProjectSession.open(session.folder)
    path.unlink()
    with pytest.raises(ProjectError, match=r"is no project: it has no project\.json"):
        ProjectSession.open(session.folder)


@pytest.mark.parametrize("place", ["masks", "reliability"])
@pytest.mark.parametrize("length", [0, 20, 30])
def test_a_damaged_png_is_named(tmp_path, place, length):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    path = session.folder / place / "00003.png"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ProjectFormatError, match=r"00003\.png") as caught:
        ProjectSession.open(session.folder)
    assert "restore the file" in str(caught.value)
    path.unlink()
    again = ProjectSession.open(session.folder)  # told, not refused
    check_consistent(again.document)
    assert again.document.reliability_map(4) is not None
    if place == "masks":
        assert any("frame 3 is gone" in warning for warning in again.warnings)
    assert again.close()


def test_a_mask_cut_off_anywhere_is_named(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    path = session.folder / "masks" / "00003.png"
    data = path.read_bytes()
    for length in range(0, len(data) - 12, 41):  # the last 12 bytes are the end mark alone
        path.write_bytes(data[:length])
        with pytest.raises(ProjectFormatError, match=r"00003\.png"):
            load_project(session.folder)


def test_a_reliability_map_damaged_inside_is_told_when_it_is_asked_for(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    path = session.folder / "reliability" / "00003.png"
    path.write_bytes(path.read_bytes()[:60])
    again = ProjectSession.open(session.folder)
    assert again.warnings == []
    assert again.document.reliability_map(3) is None
    (warning,) = again.warnings
    assert "00003.png" in warning and "no reliability map" in warning
    assert again.close()


def test_masks_of_another_size_or_kind_are_refused(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    path = session.folder / "masks" / "00003.png"
    write_label_map(path, np.ones((12, 17), np.uint8))
    with pytest.raises(ProjectFormatError, match="17x12"):
        ProjectSession.open(session.folder)
    Image.new("RGB", (16, 12), (128, 0, 0)).save(path)
    with pytest.raises(ProjectFormatError, match="indexed"):
        ProjectSession.open(session.folder)


def test_masks_that_other_tools_made_are_taken_in_and_told(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    label_map = np.zeros((12, 16), np.uint8)
    label_map[0, 0], label_map[0, 1] = 1, 9
    write_label_map(session.folder / "masks" / "00005.png", label_map)
    (session.folder / "masks" / "notes.png").write_bytes(b"")
    again = ProjectSession.open(session.folder)
    assert again.document.label_map(5).tolist() == label_map.tolist()
    assert again.document.objects.ids == (1, 2, 9)
    assert again.document.cells.state(5, 9) is CellState.DRAWN
    text = "\n".join(again.warnings)
    assert "object 9" in text and "notes.png is left alone" in text
    check_consistent(again.document)
    again.close()
    assert ProjectSession.open(session.folder).close()


def test_frames_that_moved_are_found_beside_the_project_or_asked_for(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "frames").rename(moved / "frames")
    session.folder.rename(moved / "project")
    again = ProjectSession.open(moved / "project")
    assert again.locate_frames() == moved / "frames"
    (moved / "frames").rename(moved / "frames renamed")
    assert again.locate_frames() == moved / "frames renamed"  # by their content
    (moved / "frames renamed").rename(tmp_path / "far away")
    other = make_frames(moved / "other", count=7)
    with pytest.raises(FramesMissingError, match="say where it is now") as caught:
        again.locate_frames()
    assert caught.value.kind == "folder"
    with pytest.raises(ProjectError, match="annotates 6 frames of 16 x 12"):
        again.move_frames(sequence_of(other))
    again.move_frames(sequence_of(tmp_path / "far away"))
    assert again.close()
    assert ProjectSession.open(moved / "project").locate_frames() == tmp_path / "far away"


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path):
    errors: list[str] = []
    session, history = make_project(tmp_path, on_error=errors.append)
    assert session.flush()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # every write fails, as on a full disk
    try:
        annotate(session, history)
        assert not session.flush(5)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    before = state_of(session.document)
    assert any("Not saved: cannot write" in message for message in errors)
    assert any("journal" in message for message in errors)
    assert not session.is_saved
    assert state_of(load_project(session.folder).document) != before
    assert session.flush()  # there is room again
    assert state_of(load_project(session.folder).document) == before
    history.do(block(session.document, 5, Box(0, 0, 1, 1), 1))  # and the journal goes on
    assert session.close()


def test_a_project_in_a_folder_without_permission_opens_and_stays_in_memory(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    with closed(session.folder):
        _check_read_only(session)


def test_a_project_on_a_read_only_disk_opens_and_stays_in_memory(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    with refusing(tmp_path, errno.EROFS) as disk:
        _check_read_only(session)
    assert disk.refused > 0


def test_a_disk_that_fills_at_any_step_of_a_save_loses_nothing(tmp_path):
    failed = 0
    for room in range(40):
        session, history = make_project(tmp_path / f"{room:02d}")
        annotate(session, history)
        assert session.flush()
        with refusing(session.folder, errno.ENOSPC, after=room) as disk:
            for frame in (4, 5):
                history.do(block(session.document, frame, Box(0, 0, 3, 3), 1))
            whole = session.flush(5)
            load_project(session.folder)  # readable at every moment
        failed += not whole
        assert whole or disk.refused > 0
        assert session.flush()  # there is room again
        saved = load_project(session.folder)
        assert state_of(saved.document) == state_of(session.document)
        assert saved.warnings == []
        session.close()
        if disk.refused == 0:
            break
    assert failed > 5 and disk.refused == 0


def test_a_project_whose_lock_cannot_be_written_stays_in_memory(tmp_path, monkeypatch):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()

    def refuse(self, *, force=False):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("annotator.storage.lock.ProjectLock.acquire", refuse)
    _check_read_only(session)


def _check_read_only(session: ProjectSession) -> None:
    content = {p: p.read_bytes() for p in session.folder.rglob("*") if p.is_file()}
    again = ProjectSession.open(session.folder)
    assert again.is_read_only
    assert any("cannot be written" in warning for warning in again.warnings)
    history = History(again.document)
    assert history.do(block(again.document, 5, Box(0, 0, 1, 1), 1))
    assert not again.close()
    assert content == {p: p.read_bytes() for p in session.folder.rglob("*") if p.is_file()}


def test_a_folder_deleted_while_open_is_told_and_written_again(tmp_path):
    errors: list[str] = []
    session, history = make_project(tmp_path, on_error=errors.append)
    annotate(session, history)
    assert session.flush()
    shutil.rmtree(session.folder)
    history.do(block(session.document, 5, Box(0, 0, 1, 1), 1))
    assert not session.flush()
    assert any("was deleted or moved" in message for message in errors)
    before = state_of(session.document)
    assert session.flush()
    assert state_of(load_project(session.folder).document) == before
    session.close()


def test_leftovers_of_a_killed_save_are_cleaned_and_other_files_stay(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    left = session.folder / "masks" / ".00003.0123abcd.png"
    kept = session.folder / "masks" / ".notes.png"
    left.write_bytes(b"half")
    kept.write_bytes(b"mine")
    ProjectSession.open(session.folder).close()
    assert not left.exists() and kept.exists()


def test_removing_an_object_is_saved_over_all_frames(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    history.do(RemoveObject.prepare(session.document, 1))
    session.close()
    for path in (session.folder / "masks").iterdir():
        assert not (read_label_map(path) == 1).any()
    assert load_project(session.folder).document.objects.ids == (2,)


def test_masks_newer_than_the_table_are_no_surprise_when_the_journal_tells_of_them(
    tmp_path, monkeypatch
):
    session, history = make_project(tmp_path, silence_s=3600.0)
    assert session.flush()

    def die(path, text):
        raise OSError(5, "killed between the masks and the table")

    monkeypatch.setattr("annotator.storage.writer.write_text_atomic", die)
    annotate(session, history)
    assert not session.flush(20)
    assert (session.folder / "masks" / "00003.png").exists()
    loaded = load_project(session.folder)
    assert loaded.warnings == []
    assert state_of(loaded.document) == state_of(session.document)
    monkeypatch.undo()
    assert session.close()


@pytest.mark.parametrize("name", ["project.json", "masks/00002.png"])
def test_an_empty_file_in_a_project_is_named_and_left_as_it_is(tmp_path, name):
    session, history = make_project(tmp_path)
    annotate(session, history)
    session.close()
    (session.folder / name).write_bytes(b"")
    with pytest.raises(ProjectError, match=name.rpartition("/")[2]):
        ProjectSession.open(session.folder)
    assert (session.folder / name).read_bytes() == b""


def test_an_empty_journal_file_is_one_without_records(tmp_path):
    session, history = make_project(tmp_path)
    annotate(session, history)
    before = state_of(session.document)
    session.close()
    (session.folder / "journal").mkdir(exist_ok=True)
    (session.folder / "journal" / "00000099.log").write_bytes(b"")
    again = ProjectSession.open(session.folder)
    assert state_of(again.document) == before and again.warnings == []
    again.close()

"""Projects of older versions open, keep a copy of their table, and lose nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from annotator.model.cells import CellState
from annotator.storage.errors import NewerProjectError, ProjectError, ProjectFormatError
from annotator.storage.json_reader import JsonReader
from annotator.storage.migration import migrate
from annotator.storage.project import load_project
from annotator.storage.schema import VERSION
from annotator.storage.session import ProjectSession
from tests.model.states import check_consistent, state_of

STORED = Path(__file__).parents[1] / "data" / "projects" / "version1"
READER = JsonReader(Path("project.json"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A project that version 1 wrote, killed with its last stroke in the journal only."""
    return Path(shutil.copytree(STORED, tmp_path / "old project"))


def test_a_project_of_version_1_opens_with_all_that_it_held(old: Path) -> None:
    before = (old / "project.json").read_bytes()
    session = ProjectSession.open(old)
    document = session.document
    check_consistent(document)
    assert document.objects.ids == (1, 2)
    assert (document.objects[2].name, document.objects[2].category) == ("Hündin", "犬")
    assert document.objects[2].locked and document.objects[2].opacity == 0.25
    drawn = np.zeros((12, 16), np.uint8)
    drawn[1:5, 2:6], drawn[4:9, 4:9] = 1, 2
    np.testing.assert_array_equal(document.label_map(2), drawn)
    np.testing.assert_array_equal(document.label_map(3), np.roll(drawn, 1, axis=1))
    journalled = np.zeros((12, 16), np.uint8)
    journalled[0:2, 0:3] = 1
    np.testing.assert_array_equal(document.label_map(5), journalled)
    assert document.cells.state(3, 2) is CellState.VERIFIED
    assert document.cells.reliability(3, 2) == pytest.approx(0.988, abs=0.002)
    assert document.references.promoted == {0} and document.references.excluded == {2}
    assert document.reliability_map(3) is not None
    assert session.settings == {"frame": 3}
    (warning,) = session.warnings
    assert "version 1" in warning and "project.version1.json" in warning
    state = state_of(document)
    assert session.close()
    assert (old / "project.version1.json").read_bytes() == before
    values = json.loads((old / "project.json").read_text(encoding="utf-8"))
    assert values["version"] == VERSION
    again = ProjectSession.open(old)  # once is enough
    assert again.warnings == [] and state_of(again.document) == state
    assert again.close()
    assert (old / "project.version1.json").read_bytes() == before


def test_reading_alone_migrates_nothing_on_disk(old: Path) -> None:
    content = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    assert load_project(old).record.version == 1
    assert content == {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}


def test_without_room_for_the_copy_nothing_is_written(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}

    def full(_source: object, _target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("annotator.storage.migration.shutil.copy2", full)
    with pytest.raises(ProjectError, match="No space left on device"):
        ProjectSession.open(old)
    assert content == {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    monkeypatch.undo()
    assert ProjectSession.open(old).close()


def test_steps_follow_one_another_and_leave_the_table_that_was_given() -> None:
    steps = {
        1: lambda table: {**table, "colour": table["color"]},
        2: lambda table: {**table, "colours": [table["colour"]]},
        3: lambda table: {name: table[name] for name in ("version", "colours")},
    }
    table = {"version": 1, "color": "red"}
    whole = migrate(READER, table, 1, steps=steps, target=4)
    assert whole == {"version": 4, "colours": ["red"]}
    assert table == {"version": 1, "color": "red"}
    assert migrate(READER, {"version": 3, "colours": []}, 3, steps=steps, target=4)["version"] == 4
    assert migrate(READER, {"version": 4}, 4, steps=steps, target=4) == {"version": 4}


def test_what_a_step_misses_and_a_version_without_a_step_are_told() -> None:
    steps = {1: lambda table: {**table, "colour": table["color"]}}
    with pytest.raises(ProjectFormatError, match=r"project\.json.*version 1.*color"):
        migrate(READER, {"version": 1}, 1, steps=steps, target=2)
    with pytest.raises(ProjectFormatError, match="too old"):
        migrate(READER, {"version": 0}, 0, steps=steps, target=2)


def test_a_newer_project_is_refused_with_the_name_of_its_writer(old: Path) -> None:
    path = old / "project.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values.update(version=VERSION + 1, written_by="vos-annotator 9.1")
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(NewerProjectError, match=r"open it with vos-annotator 9\.1"):
        ProjectSession.open(old)
    assert not list(old.glob("project.version*"))

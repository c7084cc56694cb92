"""Whatever a project's files say, opening ends in a consistent document or in a clear message."""

from __future__ import annotations

import copy
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.model.cells import CellState
from annotator.model.commands import SetCellState
from annotator.model.geometry import Box
from annotator.storage.errors import ProjectError
from annotator.storage.project import load_project
from tests.model.states import check_consistent
from tests.storage.projects import block, make_project

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-3, 300)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["drawn", "verified", "1", "2", "254"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with something of everything."""
    session, history = make_project(tmp_path_factory.mktemp("fuzz"))
    document = session.document
    history.do(block(document, 1, Box(0, 0, 3, 3), 2))
    run = history.begin_propagation()
    run.add(2, document.label_map(1).copy(), document.label_map(1) * 90, {2: 0.5})
    run.close()
    history.do(SetCellState.prepare(document, [2], [2], CellState.VERIFIED))
    session.set_setting("frame", 2)
    session.close()
    return session.folder


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values in a JSON tree."""
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for key, inner in enumerate(value):
            found += places(inner, (*path, key))
    return found


def check_opens_or_says_why(folder: Path) -> None:
    try:
        loaded = load_project(folder)
    except ProjectError as error:
        assert str(error)
        return
    check_consistent(loaded.document)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_value_anywhere_in_the_table(project, tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "fuzzed table"
    if not folder.exists():
        shutil.copytree(project, folder)
    table = json.loads((project / "project.json").read_text(encoding="utf-8"))
    tree = copy.deepcopy(table)
    *way, last = data.draw(st.sampled_from(places(table)[1:]))
    inner = tree
    for key in way:
        inner = inner[key]
    if data.draw(st.booleans()):
        inner[last] = data.draw(json_values)
    else:
        del inner[last]
    (folder / "project.json").write_text(json.dumps(tree), encoding="utf-8")
    check_opens_or_says_why(folder)


@pytest.mark.parametrize("name", ["masks/00001.png", "reliability/00002.png", "project.json"])
def test_any_byte_anywhere_in_a_file(project, tmp_path, name):
    folder = tmp_path / "copy"
    shutil.copytree(project, folder)
    path = folder / name
    data = path.read_bytes()
    rng = random.Random(5)
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        path.write_bytes(changed)
        check_opens_or_says_why(folder)

"""The maps from the papers to the code name files, functions and tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAPS = ("paper_map.md", "paper_map_aoc_lite.md")

CODE = re.compile(r"`([\w/]+\.py)(?:: ([\w., `]+?))?`")
TEST = re.compile(r"`(?:[\w/]+\.py: )?(test_\w+)(\.\.\.|\*)?`")


def names_in(path: Path) -> set[str]:
    """Functions, classes, methods (``Class.method``) and constants of a module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            inner = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            found |= {f"{node.name}.{part.name}" for part in inner}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
            found |= {target.attr for target in targets if isinstance(target, ast.Attribute)}
    return found


@pytest.mark.parametrize("name", MAPS)
def test_files_and_functions_exist(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    mentioned = CODE.findall(text)
    assert len(mentioned) > 10
    files = [path for top in ("vos_core", "tests") for path in (ROOT / top).rglob("*.py")]
    wrong = []
    for file, members in mentioned:
        fitting = [path for path in files if path.as_posix().endswith(f"/{file}")]
        known = set().union(*map(names_in, fitting))
        for member in filter(None, (part.strip() for part in members.split(","))):
            beginning = member.rstrip(".*")
            is_cut = beginning != member
            # an attribute of a class is known by its own name alone
            fits = beginning in known or beginning.split(".")[-1] in known
            if not (fits or (is_cut and any(one.startswith(beginning) for one in known))):
                wrong.append(f"{file}: {member}")
        if not fitting:
            wrong.append(file)
    assert wrong == []


@pytest.mark.parametrize("name", MAPS)
def test_tests_exist(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    tests = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        tests |= {path.stem, *names_in(path)}
    mentioned = TEST.findall(text)
    assert mentioned
    wrong = [
        test
        for test, is_beginning in mentioned
        if not (any(one.startswith(test) for one in tests) if is_beginning else test in tests)
    ]
    assert wrong == []

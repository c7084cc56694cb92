"""What the project says of itself holds: entry points, pins, keys and links of the README."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from vos_core.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
README = (ROOT / "README.md").read_text("utf-8")


def normalised(requirement: str) -> str:
    """Return the name of a requirement as the package index compares it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


@pytest.mark.parametrize("script", sorted(PROJECT["scripts"]))
def test_every_script_has_its_function(script: str) -> None:
    module, function = PROJECT["scripts"][script].split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_every_dependency_is_pinned_in_the_tested_versions() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {normalised(line) for line in lines if "==" in line}
    extras = [name for extra in PROJECT["optional-dependencies"].values() for name in extra]
    wanted = {normalised(name) for name in [*PROJECT["dependencies"], *extras]}
    assert wanted <= pinned


def test_the_commands_in_the_readme_exist() -> None:
    named = set(re.findall(r"\bvos ([a-z]+)\b", README))
    assert named and named <= set(COMMANDS)
    assert set(COMMANDS) <= set(re.findall(r"[a-z]+", README))


def test_the_keys_in_the_readme_are_those_of_the_application() -> None:
    from annotator.views.actions import ACTIONS

    known = {key for action in ACTIONS for key in action.keys}
    table = README.split("## Keys")[1].split("##")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    cells = [cell for cell in rows if cell]
    assert len(cells) > 8
    for cell in cells:
        quoted = re.findall(r"`(.)`", cell)
        plain = re.sub(r"`.`(?: and)?", "", cell).replace("[ ]", "[, ]")
        keys = quoted + [key for key in re.split(r",\s*", plain) if key.strip()]
        unknown = {key.strip() for key in keys} - known
        assert not unknown, f"the README names {unknown}, the table of actions does not"


def test_the_links_of_the_readme_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []

"""The group: help without waiting, exit codes, one readable line for every failure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest

from vos_core import __version__
from vos_core.cli import app
from vos_core.errors import UserError

COMMANDS = ["propagate", "evaluate", "benchmark", "parity", "train", "weights", "doctor"]


def test_help_lists_every_command_and_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys; from vos_core.cli.app import run; code = run(['--help']);"
        "print(code, sorted({'torch', 'numpy', 'cv2', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    for name in COMMANDS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(vos: Callable[..., Any], name: str) -> None:
    outcome = vos(name, "--help")
    assert outcome.code == 0 and outcome.err == ""
    assert outcome.out.startswith(f"Usage: vos {name}")


def test_version_and_module_form() -> None:
    command = [sys.executable, "-m", "vos_core", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"vos, version {__version__}"


@pytest.mark.parametrize("words", [["nonsense"], ["propagate"], ["propagate", "--nonsense"]])
def test_a_wrong_word_is_the_users_mistake(vos: Callable[..., Any], words: list[str]) -> None:
    outcome = vos(*words)
    assert outcome.code == 2
    assert "Error: " in outcome.err and "Traceback" not in outcome.err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UserError("clip.mp4: not\n a video"), 2, "vos: clip.mp4: not a video"),
        (click.ClickException("bad value"), 2, "vos: bad value"),
        (KeyboardInterrupt(), 1, "vos: stopped; what was written so far is whole and stays"),
        (RuntimeError("x"), 1, "vos: a fault of ours: RuntimeError: x (vos -v ... shows more)"),
    ],
)
def test_each_failure_is_one_line_with_its_exit_code(
    vos: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    line: str,
) -> None:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(app.LazyGroup, "get_command", lambda *_: broken)
    outcome = vos("broken")
    assert outcome.code == code
    assert [text for text in outcome.err.splitlines() if text] == [line]
    assert outcome.out == ""


def test_a_command_may_choose_its_exit_code(
    vos: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    def leave() -> None:
        raise click.exceptions.Exit(1)

    monkeypatch.setattr(app.LazyGroup, "get_command", lambda *_: leave)
    assert vos("leave").code == 1

"""``vos doctor``: each fault is told with the line that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vos_core.cli import checks
from vos_core.cli.checks import Check, Verdict

Vos = Callable[..., Any]

LDD = """\
	linux-vdso.so.1 (0x00007ffd5a5f2000)
	libQt6Gui.so.6 => /somewhere/libQt6Gui.so.6 (0x00007f1)
	libxcb-cursor.so.0 => not found
	libxkbcommon-x11.so.0 => not found
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f2)
"""


def test_missing_libraries_are_read_from_ldd() -> None:
    assert checks.missing_libraries(LDD) == {"libxcb-cursor.so.0", "libxkbcommon-x11.so.0"}


def test_the_apt_line_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.sys, "platform", "linux")
    monkeypatch.setattr(checks, "_ldd", lambda path: LDD if path.name == "libqxcb.so" else "")
    check = checks.check_qt_plugins({"DISPLAY": ":0"})
    assert check.verdict is Verdict.FAULT
    assert check.mend == "sudo apt-get install libxcb-cursor0 libxkbcommon-x11-0"
    assert checks.check_qt_plugins({}).verdict is Verdict.WARNING  # offscreen still works
    monkeypatch.setattr(checks, "_ldd", lambda path: LDD)
    assert checks.check_qt_plugins({}).verdict is Verdict.FAULT
    monkeypatch.setattr(checks, "_ldd", lambda path: "")
    assert checks.check_qt_plugins({}).verdict is Verdict.GOOD


def test_an_old_python_is_told() -> None:
    assert checks.check_python((3, 10)).verdict is Verdict.FAULT
    assert "3.11" in checks.check_python((3, 10)).mend
    assert checks.check_python((3, 11)).verdict is Verdict.GOOD


def test_missing_packages_are_told_by_the_name_that_pip_knows() -> None:
    check = checks.check_packages(lambda module: None if module in ("cv2", "PIL") else object())
    assert check.verdict is Verdict.FAULT
    assert check.mend.endswith("-m pip install opencv-python-headless pillow")


def test_the_opencv_clash_is_told() -> None:
    both = {"opencv-python", "opencv-python-headless", "numpy"}
    check = checks.check_opencv(both)
    assert check.verdict is Verdict.FAULT
    assert check.mend.startswith("pip uninstall -y opencv-python && ")
    assert checks.check_opencv({"opencv-python-headless"}).verdict is Verdict.GOOD


def test_no_display_is_worth_knowing_but_no_fault() -> None:
    assert checks.check_display({}, "linux").verdict is Verdict.WARNING
    assert checks.check_display({"DISPLAY": ":1"}, "linux").verdict is Verdict.GOOD
    assert checks.check_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux").verdict is Verdict.GOOD
    assert checks.check_display({}, "darwin").verdict is Verdict.GOOD


def test_damaged_weights_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    from vos_core.errors import WeightsError
    from vos_core.weights import registry

    def damaged(record: object) -> None:
        raise WeightsError("aoc-lite.safetensors: damaged")

    record = registry.WeightsRecord("aoc-lite", "aoc-lite", Path("x"), "0" * 64, "")
    monkeypatch.setattr(registry, "shipped_weights", lambda: [record])
    monkeypatch.setattr(registry, "verify_weights", damaged)
    assert checks.check_weights().verdict is Verdict.FAULT
    monkeypatch.setattr(registry, "shipped_weights", list)
    assert checks.check_weights().text == "none are installed"


def test_a_home_that_cannot_be_written_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert checks.check_disk().verdict in (Verdict.GOOD, Verdict.WARNING)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(variable, str(blocked))
    check = checks.check_disk()
    assert check.verdict is Verdict.FAULT and "file" in check.text


def test_the_real_machine_is_described(vos: Vos) -> None:
    outcome = vos("doctor")
    assert outcome.code in (0, 2)
    for name in ("Python", "packages", "OpenCV", "video", "torch", "Qt", "display", "disk"):
        assert name in outcome.out


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.GOOD, 0), (Verdict.WARNING, 0), (Verdict.FAULT, 2)]
)
def test_only_a_fault_changes_the_exit_code(
    vos: Vos, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, code: int
) -> None:
    def one() -> Iterator[Check]:
        yield Check("thing", verdict, "what was found", "the line")

    monkeypatch.setattr(checks, "all_checks", one)
    outcome = vos("doctor")
    assert outcome.code == code
    assert "what was found" in outcome.out and "-> the line" in outcome.out

"""``vos parity`` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.networks_published.conftest import find_fixture
from vos_core.cli.app import run


@pytest.mark.slow
def test_a_good_fixture_passes_and_a_changed_one_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixture = find_fixture("cfbi_mnv2_k1_129x161.npz")
    manifest = find_fixture("cfbi_mnv2_manifest.json")
    options = ["--manifest", str(manifest), "--network", "cfbi"]
    assert run(["parity", str(fixture), *options]) == 0
    printed = capsys.readouterr().out
    assert "logit_C" in printed
    assert "every output is within its tolerance" in printed
    summary = [line.split() for line in printed.split("largest\n")[1].splitlines()[:-1]]
    assert {tuple(row[:2]) for row in summary} >= {("cfbi_mnv2_k1_129x161", "logits")}
    worst = {" ".join(row[1:-2]): float(row[-1]) for row in summary}
    assert worst["matching maps"] <= 1e-5 and worst["logits"] <= 1e-3

    with np.load(fixture) as archive:
        arrays = dict(archive)
    arrays["logit_B"] = arrays["logit_B"] + np.float32(0.01)
    changed = tmp_path / "changed.npz"
    np.savez(changed, **arrays)
    assert run(["parity", str(changed), *options]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if "PAST" in line] == ["logit_B"]


@pytest.mark.slow
def test_a_fixture_of_other_settings_or_without_outputs_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with np.load(find_fixture("cfbi_mnv2_k1_129x161.npz")) as archive:
        arrays = {name: archive[name] for name in ("images", "masks")}
        meta = json.loads(str(archive["meta"]))
    manifest = find_fixture("cfbi_mnv2_manifest.json")
    options = ["--manifest", str(manifest), "--network", "cfbi"]
    silent, strange = tmp_path / "silent.npz", tmp_path / "strange.npz"
    np.savez(silent, **arrays, meta=json.dumps(meta))
    np.savez(strange, **arrays, meta=json.dumps(meta | {"overrides": {"NEW_SWITCH": 1}}))
    assert run(["parity", str(silent), *options]) == 2
    assert "records no output" in capsys.readouterr().err
    assert run(["parity", str(strange), *options]) == 2
    assert "NEW_SWITCH" in capsys.readouterr().err


def test_mistakes_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"entries": []}', encoding="utf-8")
    other = tmp_path / "other.npz"
    np.savez(other, images=np.zeros(1), masks=np.zeros(1), meta='{"net": "cfbip", "n_obj": 1}')
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK nothing")
    empty = tmp_path / "empty.npz"
    np.savez(empty, images=np.zeros(1))
    for path, network, told in (
        (other, "rpcm", "was recorded with cfbi-plus, not rpcm"),
        (broken, "rpcm", "broken.npz cannot be read"),
        (empty, "rpcm", "empty.npz is no fixture"),
        (other, "aoc", "no fixture for aoc"),
        (other, "cfbi-plus", "missing"),
        (tmp_path / "absent.npz", "rpcm", "absent.npz"),
    ):
        arguments = ["parity", str(path), "--manifest", str(manifest), "--network", network]
        assert run(arguments) == 2
        assert told in capsys.readouterr().err

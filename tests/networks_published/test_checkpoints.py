"""Import of published checkpoints: what fits is taken whole, what does not is refused by name."""

from __future__ import annotations

import json
import os
import pickle
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.networks_published.conftest import find_fixture
from vos_core.cli.app import run
from vos_core.errors import WeightsError
from vos_core.weights.files import load_network_weights
from vos_core.weights.fixture_weights import generate_value, generate_weights
from vos_core.weights.published import (
    convert_tensors,
    import_checkpoint,
    load_checkpoint,
    read_checkpoint,
)
from vos_core.weights.published_keys import RULES, authors_key, own_key

MOBILE = "cfbi-mobilenet"


@pytest.fixture(scope="module")
def authors_tensors() -> dict[str, Tensor]:
    return generate_weights(find_fixture("cfbi_mnv2_manifest.json"))


def test_a_value_is_drawn_from_its_name() -> None:
    noise = np.random.Generator(np.random.PCG64(zlib.crc32(b"a.b"))).standard_normal((2, 3))
    value = generate_value("a.b", (2, 3), loc=1.0, scale=0.5, absolute=True)
    assert value.dtype == torch.float32
    np.testing.assert_array_equal(value.numpy(), (1 + 0.5 * np.abs(noise)).astype(np.float32))


@pytest.mark.parametrize(
    ("network", "theirs", "ours"),
    [
        (
            "cfbi",
            "feature_extracter.backbone.layer3.22.bn2.running_var",
            "backbone.trunk.layer3.22.norm2.running_var",
        ),
        (
            "cfbi",
            "dynamic_seghead.ASPP.aspp4.atrous_conv.weight",
            "ensembler.aspp.branches.3.conv.weight",
        ),
        ("cfbi", "dynamic_seghead.IA9.IA.weight", "ensembler.aspp_gate.linear.weight"),
        ("cfbi", "dynamic_seghead.IA10.IA.weight", "decoder.gate1.linear.weight"),
        ("cfbi-plus", "dynamic_seghead.S3_IA1.IA.bias", "ensembler.gates.5.linear.bias"),
        (
            "cfbi-plus",
            "dynamic_seghead.S2_layer2.downsample.1.bias",
            "ensembler.blocks.3.shortcut.1.bias",
        ),
        (
            "rpcm",
            "dynamic_seghead.M2_Bottleneck_3.GCT1.gamma",
            "correction.blocks.2.gate.gamma",
        ),
        (
            "cfbi-mobilenet",
            "feature_extracter.backbone.feautre_8x.4.conv.6.weight",
            "backbone.trunk.blocks.3.project.0.weight",
        ),
        ("cfbi", "optimizer.lr", None),
        ("cfbi", "fpn.toplayer.0.weight", None),
    ],
)
def test_names_are_mapped(network: str, theirs: str, ours: str | None) -> None:
    assert own_key(theirs, RULES[network]) == ours


@pytest.mark.parametrize(
    ("recorded", "network"),
    [("cfbi", "cfbi"), ("cfbip", "cfbi-plus"), ("rpcm", "rpcm"), ("cfbi_mnv2", MOBILE)],
)
def test_names_are_mapped_back(recorded: str, network: str) -> None:
    """Every name in force leads to ours and back, and no two lead to one."""
    manifest = json.loads(find_fixture(f"{recorded}_manifest.json").read_text(encoding="utf-8"))
    names = [entry["key"] for entry in manifest["entries"] if not entry.get("overridden_by")]
    ours = [own_key(name, RULES[network]) for name in names]
    assert len(set(ours)) == len(names)
    assert [authors_key(own or "", network) for own in ours] == names
    assert authors_key("no.such.tensor", network) is None


@pytest.mark.parametrize("wrapping", ["bare", "state_dict", "module", "both"])
def test_every_wrapping_is_taken_off(
    wrapping: str, authors_tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    tensors: dict[str, object] = dict(authors_tensors)
    if wrapping in ("module", "both"):
        tensors = {f"module.{key}": value for key, value in tensors.items()}
    content = {"state_dict": tensors, "epoch": 3} if wrapping in ("state_dict", "both") else tensors
    path = tmp_path / "published.pth"
    torch.save(content, path)
    assert read_checkpoint(path).keys() == authors_tensors.keys()


def test_an_imported_file_fills_the_network(
    authors_tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    path, target = tmp_path / "published.pth", tmp_path / "weights" / "ours.safetensors"
    torch.save({"state_dict": authors_tensors}, path)
    import_checkpoint(path, MOBILE, target)
    network = load_checkpoint(path, MOBILE)
    assert network.behaviour.bgr_input
    assert not network.training
    state = {key: value.clone() for key, value in network.state_dict().items()}
    for value in network.state_dict().values():
        value.zero_()
    metadata = load_network_weights(network, target, MOBILE)
    assert metadata["origin"] == "published"
    assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())


def test_the_later_of_two_names_counts(authors_tensors: dict[str, Tensor]) -> None:
    tensors = dict(authors_tensors)
    tensors["bn2.bias"] = torch.full_like(tensors["bn2.bias"], 7.0)
    converted = convert_tensors(tensors, MOBILE, "file")
    assert torch.equal(converted["embedding.norm2.bias"], tensors["semantic_embedding.4.bias"])


def test_a_misfit_names_every_tensor(authors_tensors: dict[str, Tensor]) -> None:
    tensors = dict(authors_tensors)
    del tensors["fg_bias"]
    tensors["dynamic_prehead.conv.weight"] = torch.zeros(64, 24, 1, 1)
    tensors["stranger"] = torch.zeros(1)
    tensors["bg_bias"] = torch.full((1, 1, 1, 1), float("nan"))
    with pytest.raises(WeightsError) as caught:
        convert_tensors(tensors, MOBILE, "given.pth")
    message = str(caught.value)
    assert "given.pth" in message
    assert "missing: fg_bias;" in message
    assert "unknown: stranger" in message
    assert "dynamic_prehead.conv.weight is 64x24x1x1 instead of 64x15x1x1" in message
    assert "not finite numbers: bg_bias" in message


def test_a_checkpoint_of_another_network_is_refused(
    authors_tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    path, target = tmp_path / "published.pth", tmp_path / "ours.safetensors"
    torch.save(authors_tensors, path)
    with pytest.raises(WeightsError, match=r"does not fit the network 'rpcm'.*missing.*unknown"):
        import_checkpoint(path, "rpcm", target)
    assert not target.exists()


class _Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path: Path) -> None:
    marker, target = tmp_path / "ran", tmp_path / "ours.safetensors"
    for name, save in (("zip.pth", torch.save), ("old.pth", _legacy_save)):
        path = tmp_path / name
        save({"state_dict": {"fg_bias": _Bomb(marker)}}, path)
        with pytest.raises(WeightsError, match="refused"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch remarks on the old format's protocol
            import_checkpoint(path, MOBILE, target)
    assert not marker.exists()
    assert not target.exists()


def _legacy_save(content: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(content))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_checkpoint_is_refused(share: float, tmp_path: Path) -> None:
    path = tmp_path / "published.pth"
    torch.save({"fg_bias": torch.zeros(1000)}, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsError, match=r"published\.pth"):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [[1, 2], {}, torch.zeros(3), {"state_dict": {"a": 1}}])
def test_something_else_is_refused(content: object, tmp_path: Path) -> None:
    path = tmp_path / "published.pth"
    torch.save(content, path)
    with pytest.raises(WeightsError, match=r"published\.pth"):
        read_checkpoint(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nothing\.pth: there is no such checkpoint"):
        read_checkpoint(tmp_path / "nothing.pth")


@pytest.mark.parametrize("text", ["", "[]", '{"entries": [{"key": "a"}]}', "\x00"])
def test_a_bad_manifest_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"manifest\.json"):
        generate_weights(path)


def _damage(kind: str, tensors: dict[str, Tensor], path: Path, marker: Path) -> str:
    """Write a checkpoint with one fault; returns what the message must name."""
    changed: dict[str, object] = dict(tensors)
    if kind == "wrong shape":
        changed["fg_bias"] = torch.zeros(2, 1, 1, 1)
    elif kind == "code":
        changed["fg_bias"] = _Bomb(marker)
    elif kind == "another network":
        changed = {f"dynamic_seghead.M1.{key}": value for key, value in tensors.items()}
    torch.save({"state_dict": changed}, path)
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return {
        "wrong shape": "fg_bias is 2x1x1x1 instead of 1x1x1x1",
        "code": "refused, the file holds more than tensors",
        "another network": "missing: ",
        "truncated": "damaged",
    }[kind]


@pytest.mark.parametrize("kind", ["wrong shape", "code", "another network", "truncated"])
def test_a_refused_checkpoint_changes_nothing_on_the_disk(
    kind: str,
    authors_tensors: dict[str, Tensor],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An import that was made before stays as it is; one line names file and fault."""
    given, marker = tmp_path / "given.pth", tmp_path / "ran"
    named = _damage(kind, authors_tensors, given, marker)
    folder = tmp_path / "weights"
    folder.mkdir()
    target = folder / "ours.safetensors"
    target.write_bytes(b"an earlier import")
    arguments = ["weights", "import", str(given), "--network", MOBILE, "--out", str(target)]
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert "given.pth" in printed.err and named in printed.err
    assert len(printed.err.strip().splitlines()) == 1
    assert [path.name for path in folder.iterdir()] == ["ours.safetensors"]
    assert target.read_bytes() == b"an earlier import"
    assert not marker.exists()

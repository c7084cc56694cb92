"""Choice of device and number type, and the messages for what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from vos_core.errors import DeviceError
from vos_core.inference import device as module
from vos_core.inference.device import (
    choose_device,
    choose_dtype,
    give_back_freed_memory,
    keep_freed_memory,
)


@pytest.fixture
def without_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("without_accelerator")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_device_that_is_not_there(name: str) -> None:
    kind = name.split(":")[0]
    with pytest.raises(DeviceError, match=f"no {kind} device that torch can use; it has: cpu"):
        choose_device(name)


@pytest.mark.usefixtures("without_accelerator")
def test_auto_takes_the_processor_when_there_is_nothing_else() -> None:
    assert choose_device() == torch.device("cpu")


def test_auto_prefers_cuda_then_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device().type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device().type == "cuda"


def test_a_cuda_number_beyond_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(DeviceError, match=r"cuda:3: this machine has 1 CUDA device"):
        choose_device("cuda:3")


@pytest.mark.parametrize("name", ["gpu", "tpu:0", ""])
def test_an_unknown_device_lists_the_known(name: str) -> None:
    with pytest.raises(DeviceError, match="choose one of auto, cuda, mps, cpu"):
        choose_device(name)


def test_an_unreadable_number_is_a_persons_mistake() -> None:
    with pytest.raises(DeviceError, match="'cpu:first' is no device; write for instance cpu"):
        choose_device("cpu:first")


def test_number_types_by_name() -> None:
    cpu = torch.device("cpu")
    assert choose_dtype(cpu, "float32") == torch.float32
    assert choose_dtype(cpu, "bfloat16") == torch.bfloat16
    with pytest.raises(DeviceError, match="unknown number type 'int8'; choose one of auto"):
        choose_dtype(cpu, "int8")


@pytest.mark.parametrize(("there", "chosen"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_takes_bfloat16_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, there: bool, chosen: torch.dtype
) -> None:
    monkeypatch.setattr(module, "processor_multiplies_bfloat16", lambda: there)
    assert choose_dtype(torch.device("cpu")) == chosen


@pytest.mark.parametrize(("there", "chosen"), [(True, torch.bfloat16), (False, torch.float16)])
def test_auto_takes_half_precision_on_cuda(
    monkeypatch: pytest.MonkeyPatch, there: bool, chosen: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: there)
    assert choose_dtype(torch.device("cuda")) == chosen


def test_asking_the_allocator_twice_is_harmless() -> None:
    keep_freed_memory()
    keep_freed_memory()
    assert torch.zeros(1 << 20).sum() == 0


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="reads Linux's own count")
def test_freed_memory_goes_back_when_asked() -> None:
    def resident() -> float:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6

    keep_freed_memory()
    blocks = [torch.ones(1 << 18) for _ in range(200)]  # 210 MB
    held = resident()
    kept = blocks[-1]
    del blocks
    give_back_freed_memory()
    assert held - resident() > 150
    assert kept.sum() == 1 << 18

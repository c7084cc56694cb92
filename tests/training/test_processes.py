"""Two processes under torchrun train as one does with the same global batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.support.tiny_network import build_tiny_network
from vos_core.errors import UserError
from vos_core.training.processes import Processes, joined_processes
from vos_core.weights.files import read_weights

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[2]

WORKER = """
import sys
from pathlib import Path
import torch
from tests.support.tiny_network import SquareClips, build_tiny_network
from vos_core.training import run
from vos_core.training.config import TrainingConfig

torch.set_num_threads(1)
run.build_network = lambda *_: build_tiny_network(1)
output = Path(sys.argv[1])
config = TrainingConfig(
    data=output, cache=output, output=output, backbone_weights="none", steps=3, batch_clips=4,
    warmup_steps=1, workers=0, perturb_previous=0.5, second_reference=0.5, drop_local=0.5,
)
run.train(config, SquareClips(), device=torch.device("cpu"), minutes=60.0)
"""


def launch(folder: Path, processes: int) -> Path:
    script = folder / "worker.py"
    script.write_text(WORKER, encoding="utf-8")
    output = folder / str(processes)
    command = [sys.executable, str(script), str(output)]
    if processes > 1:
        command[1:1] = [
            "-m",
            "torch.distributed.run",
            "--standalone",
            f"--nproc-per-node={processes}",
        ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return output


@pytest.mark.slow
def test_two_processes_equal_one_with_the_same_global_batch(tmp_path: Path) -> None:
    one, two = launch(tmp_path, 1), launch(tmp_path, 2)
    logs = [
        [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
        for output in (one, two)
    ]
    assert [len(log) for log in logs] == [3, 3]
    for first, second in zip(*logs, strict=True):
        assert first["objects"] == second["objects"]
        assert first["loss"] == pytest.approx(second["loss"], rel=1e-3)
        assert first["norm"] == pytest.approx(second["norm"], rel=1e-2)
        assert first["jaccard"] == pytest.approx(second["jaccard"], abs=1e-3)
    single, _ = read_weights(one / "averaged.safetensors")
    double, _ = read_weights(two / "averaged.safetensors")
    moved = apart = 0.0
    start = build_tiny_network(1).state_dict()
    for name, value in single.items():
        moved += float((value - start[name]).double().square().sum())
        apart += float((value - double[name]).double().square().sum())
    assert moved > 0
    # AdamW begins with the signs of gradients, and the order of sums turns those of tiny ones;
    # runs on other batches are about twice as far apart as they moved
    assert apart < 0.01 * moved


def test_one_process_is_the_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined_processes(CPU) as processes:
        assert (processes.rank, processes.count, processes.is_first) == (0, 1, True)
        assert processes.slots(3) == range(3)
        assert processes.summed([1.0, 2.0]) == [1.0, 2.0]


def test_places_are_shared_evenly_or_refused() -> None:
    shares = [Processes(rank, 3, CPU).slots(6) for rank in range(3)]
    assert [list(share) for share in shares] == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(UserError, match=r"batch_clips is 4.*use a multiple of 3"):
        Processes(0, 3, CPU).slots(4)

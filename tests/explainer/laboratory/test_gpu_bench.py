"""`bench/gpu.py` runs without a card too, against the processor's float64."""

import pytest
import torch

from bench import explain, gpu
from bench.peers.turns import Clock

PROCESSOR = torch.device("cpu")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_method_of_a_recurrent_network_is_compared_and_within_its_tolerance(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(gpu, "METHODS", {name: gpu.METHODS[name] for name in (
        "grad_cam", "gradient", "smooth_grad", "group_cam", "other_image")})  # fmt: skip
    assert gpu.compare("recurrent", torch.device("cpu"), images)
    told = capsys.readouterr().out
    assert "smooth_grad" in told
    assert "left out: other_image has no other image" in told
    monkeypatch.setattr(gpu, "LARGEST", -1.0)
    assert not gpu.compare("recurrent", torch.device("cpu"), images)


def test_the_table_beside_other_libraries_is_that_of_the_bench_on_the_processor(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = {"Grad-CAM": gpu.OF_ONE_PASS["Grad-CAM"]}
    monkeypatch.setattr(Clock, "read", Clock.read)  # put back afterwards
    monkeypatch.setattr(gpu, "OF_ONE_PASS", tasks)
    monkeypatch.setattr(gpu, "REPEATS", 1)
    gpu.beside_peers(["recurrent", "alexnet"], PROCESSOR, 1)
    here = [cells(line) for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    explain.judged("methods of one pass", tasks, ["alexnet"], (1,), 1)
    there = [cells(line) for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert here[:2] == there[:2]
    assert [(row[0], row[4].split(":")[0]) for row in here] == [
        (row[0], row[4].split(":")[0]) for row in there
    ]
    assert all(float(cell) > 0 for row in here[2:] for cell in row[2:4])


def test_its_clock_is_read_once_the_card_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    assert gpu.clock_of(torch.device("cuda", 1)) > 0
    assert waited == [torch.device("cuda", 1)]

"""What a worker computes on is what its setting says, and never silently something else."""

import os
from pathlib import Path

import pytest
import torch
import yaml
from pytest_django import Settings

from studyapp.models import Explanation, Network, WorkState
from studyapp.queue import EXPLAIN
from tasks.device import settle_arithmetic
from tasks.networks import loaded
from tests.running import ROOT, python

from .test_bad_files import carry_out, make_preparing, work


def test_a_workers_networks_lie_on_the_device_of_its_setting(settings: object) -> None:
    row = Network(builder="squeezenet1_1", weights="random")
    for device in ("cpu", "meta"):
        settings.WORKER_DEVICE = device
        assert loaded(row).device.type == device


def test_a_worker_whose_card_is_not_there_refuses_to_start_and_says_what_to_set() -> None:
    done = python("-c", "import tasks", env={**os.environ, "WORKER_DEVICE": "cuda:99"})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert 'WORKER_DEVICE: no device "cuda:99" here' in last
    assert "use auto, cpu, cuda" in last


def test_a_precision_that_nobody_has_refuses_to_start_and_says_the_choices() -> None:
    done = python("-c", "import tasks", env={**os.environ, "WORKER_PRECISION": "half"})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert 'WORKER_PRECISION: there is no "half": use float32 or bfloat16' in last


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
@pytest.mark.parametrize(("first", "other"), [("float32", "bfloat16"), ("bfloat16", "float32")])
def test_workers_of_two_precisions_never_make_maps_of_one_network(
    tmp_path: Path, settings: Settings, first: str, other: str
) -> None:
    settings.WORKER_PRECISION = first
    study = make_preparing(tmp_path / "study")
    request, *others = work(study, until=EXPLAIN)
    settings.WORKER_PRECISION = other
    carry_out([request])
    study.refresh_from_db()
    assert f"are computed in {other} here, and in {first} where the work began" in study.problem
    assert f"set WORKER_PRECISION={first} for every worker" in study.problem
    assert set(Explanation.objects.values_list("state", "attempts")) == {(WorkState.PENDING, 0)}
    settings.WORKER_PRECISION = first
    carry_out([request, *others])
    told = {row.provenance["arithmetic"]["autocast"] for row in Explanation.objects.ready()}
    assert told == {None if first == "float32" else first}
    described = {row.described.get("precision", "float32") for row in Network.objects.all()}
    assert described == {first}
    assert Explanation.objects.ready().count() == 16


def test_the_gpu_container_asks_for_its_card_by_name() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    told = {name: services[name]["environment"]["WORKER_DEVICE"] for name in services
            if name.startswith("worker-")}  # fmt: skip
    assert told == {"worker-cpu": "cpu", "worker-gpu": "cuda"}


def test_a_worker_rounds_on_a_card_as_on_a_processor(
    settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    settings.WORKER_DEVICE = "cpu"
    was = (torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision())
    threads = torch.get_num_threads()
    try:
        torch.backends.cudnn.allow_tf32 = True
        torch.set_float32_matmul_precision("high")
        with caplog.at_level("INFO", logger="tasks"):
            settle_arithmetic()
        assert torch.backends.cudnn.allow_tf32 is False
        assert torch.get_float32_matmul_precision() == "highest"
        assert "this worker computes on cpu" in caplog.text
    finally:
        torch.backends.cudnn.allow_tf32 = was[0]
        torch.set_float32_matmul_precision(was[1])
        torch.set_num_threads(threads)

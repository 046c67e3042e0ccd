"""Networks that can't be loaded, or at which workers die, end in a reason that is told."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

import explainer
from sandbox.small_line import make_line
from studyapp.models import Network, NetworkLoad, Prediction, Study
from studyapp.studies.lifecycle import start_preparing
from studyapp.studies.preparation.advance import study_networks
from studyapp.studies.preparation.claims import claim
from studyapp.studies.preparation.progress import failures
from tasks import networks
from tasks.batches import worker_name
from tasks.loads import counted
from tasks.preparation import prepare
from tests.admin.desk import administrator, concerns

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_place")]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return start_preparing(make_line(tmp_path / "study", photos=6, stimuli=4))


def problem(study: Study) -> str:
    study.refresh_from_db()
    return study.problem


def die_while_loading(network: Network) -> None:
    """What a worker leaves that is killed while it loads: its claim runs out."""
    rows = NetworkLoad.objects.filter(pk=NetworkLoad.objects.create(network=network).pk)
    claim(rows, worker_name())
    rows.update(claimed_until=timezone.now() - timedelta(seconds=1))


def test_a_network_that_cant_be_built_is_tried_three_times_and_told_by_name(study: Study) -> None:
    Network.objects.update(options={"num_classes": 2_000_000_000}, labels_file="")
    for tries in (1, 2):
        prepare(study.pk)
        assert problem(study) == ""
        assert NetworkLoad.objects.filter(claimed_until=None).count() == tries
        assert any(one.startswith("loading squeezenet1_1") for one in failures(study))
    prepare(study.pk)
    told = problem(study)
    assert told.startswith("the network squeezenet1_1 ")
    assert "can't be loaded by" in told
    assert "give the machine more memory, or the study a smaller network" in told
    assert Client().get("/healthz").json()["preparation"] == "stopped"
    assert any("can't be loaded by" in one for one in concerns(administrator()))
    assert Prediction.objects.count() == 0


def test_a_network_at_which_three_workers_died_is_not_loaded_again_until_somebody_asks(
    study: Study,
) -> None:
    network = study_networks(study)[0]
    for _ in range(3):
        die_while_loading(network)
    prepare(study.pk)
    told = problem(study)
    assert f"the network {network} can't be loaded by" in told
    assert "3 workers stopped while they loaded it" in told
    start_preparing(study)
    prepare(study.pk)
    assert problem(study) == ""
    assert not NetworkLoad.objects.exists()
    assert Prediction.objects.count() == 12


def test_loads_that_go_well_at_the_same_time_count_for_nothing(study: Study) -> None:
    network = study_networks(study)[0]
    with counted(network), counted(network), counted(network), counted(network):
        assert NetworkLoad.objects.count() == 4
    assert not NetworkLoad.objects.exists()


def test_another_machines_deaths_do_not_stop_this_one(study: Study) -> None:
    network = study_networks(study)[0]
    for _ in range(3):
        die_while_loading(network)
    NetworkLoad.objects.update(claimed_by="another-machine/1/x")
    assert networks.loaded(network).name == "squeezenet1_1"
    assert NetworkLoad.objects.count() == 3


def test_labels_that_are_others_than_where_the_work_began_are_refused(study: Study) -> None:
    prepare(study.pk)
    network = study_networks(study)[0]
    Path(network.labels_file).write_text("\n".join(f"other {n}" for n in range(1000)), "utf-8")
    networks._load.cache_clear()
    with pytest.raises(
        explainer.ExplainerError, match=r"the labels of squeezenet1_1 .*differ here"
    ):
        networks.loaded(network)

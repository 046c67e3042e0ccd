"""Metrics of a real site: what is counted, by whom it can be read, and that they name nobody."""

import math
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.utils import timezone

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from studyapp.models import Explanation, PanelAccess, Participation, WorkState
from studyapp.serving import counting
from studyapp.serving.facts import moments
from tests.running import output_of

from .running_site import Site, running_site

PANEL_ID = "5f0c0ffee0a-panel-id"
FOLDERS = Path("/dev/shm")


@pytest.fixture(name="person")
def _person(transactional_db: None) -> Participation:
    """Somebody of an open study, with a row that failed, a lost claim and a backup beside."""
    study = open_small_study(people=4)
    Explanation.objects.filter(pk=Explanation.objects.earliest("pk").pk).update(
        state=WorkState.FAILED, error="no", map_digest=""
    )
    Explanation.objects.filter(pk=Explanation.objects.latest("pk").pk).update(
        state=WorkState.PENDING, map_digest="", claimed_by="gone/1",
        claimed_until=timezone.now() - timedelta(minutes=1),
    )  # fmt: skip
    PanelAccess.objects.create(study=study, source="prolific", given_by="a", problem="401")
    return take_part(study, PANEL_ID)


@pytest.fixture(name="site")
def _site(person: Participation, tmp_path: Path) -> Iterator[Site]:
    with running_site(tmp_path) as site:
        yield site


def answer_thrice(site: Site, person: Participation) -> None:
    """An answer that is stored, the same once more, and one that is none."""
    page, trial = f"/p/{person.code}/", due(person).code
    assert site.get(f"{page}?PROLIFIC_PID={PANEL_ID}") == 200
    sent = [{"trial": trial, "value": "1"}, {"trial": trial, "value": "1"}, {"trial": "none"}]
    assert [site.post(f"{page}answer", **form) for form in sent] == [303, 303, 404]


def test_a_site_tells_of_its_requests_its_people_its_work_and_its_machine(
    site: Site, person: Participation
) -> None:
    answer_thrice(site, person)
    site.get("/no-such-page")
    slug = person.study.slug
    found = {(one.name, *sorted(one.labels.values())): one.value for one in site.samples()}
    for outcome in ("stored", "repeated", "refused"):
        assert found["discern_submits_total", outcome] == 1
    assert found["discern_requests_total", "200", "participation"] == 1
    assert found["discern_requests_total", "404", "none"] == 1
    assert found["discern_request_seconds_count", "answer"] == 3
    assert found["discern_saving_total",] == 0
    assert found["discern_people", "active", slug] == 1
    assert found["discern_places_left", slug] == 3
    assert found["discern_rows_failed", "explanation"] == 1
    assert (found["discern_claims", "expired"], found["discern_claims", "held"]) == (1, 0)
    assert found["discern_panel_polls_failed",] == 1
    assert found["discern_database_state", "ok"] == found["discern_broker_state", "ok"] == 1
    assert found["discern_queue_length", "gpu"] == 0
    assert abs(found["discern_clock_ahead_seconds",]) < 5
    assert 0 < found["discern_disk_free_bytes",] < found["discern_disk_size_bytes",]
    assert found["discern_backup_age_seconds",] == math.inf


def test_metrics_name_nobody_and_are_read_at_their_own_address_alone(
    site: Site, person: Participation
) -> None:
    answer_thrice(site, person)
    text = site.scrape()
    assert "discern_submits_total" in text
    told = (PANEL_ID, person.code, "127.0.0.1", "/p/")
    assert [one for one in told if one in text] == []
    assert site.get("/metrics") == 404
    # Whatever a request says of itself, it is the socket that counts
    port = site.metrics.rpartition(":")[2]
    asked = {"Host": f"localhost:{port}", "X-Forwarded-Port": port}
    lying = requests.get(f"{site.address}/metrics", headers=asked, timeout=30)
    assert lying.status_code == 404
    assert requests.get(f"{site.metrics}/healthz", timeout=30).status_code == 404


def test_what_a_process_counted_outlives_it_and_leaves_no_file(
    site: Site, person: Participation
) -> None:
    answer_thrice(site, person)
    before = site.value("discern_request_seconds_count", view="answer")
    folder = FOLDERS / f"{counting.PREFIX}{site.child.process.pid}"
    for _ in range(2):
        site.kill_one()
    assert site.value("discern_request_seconds_count", view="answer") == before == 3
    running = {str(one) for one in site.processes()}
    counted = {file.stem.rpartition("_")[2] for file in folder.glob("*.db")}
    assert counted <= {*running, counting.ENDED}
    site.child.stop()
    assert not folder.exists()


def test_folders_of_gunicorns_that_were_killed_are_deleted(tmp_path: Path) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    dead, alive = tmp_path / f"{counting.PREFIX}{child.pid}", tmp_path / f"{counting.PREFIX}1"
    for folder in (dead, alive):
        folder.mkdir()
    environ: dict[str, str] = {}
    counting.name_folder(environ, str(tmp_path))
    mine = Path(environ[counting.FOLDER])
    counting.make_folder(mine)
    assert sorted(tmp_path.iterdir()) == sorted([mine, alive])


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_remembered_once_it_is_complete(tmp_path: Path) -> None:
    output_of("backup", tmp_path / "one")
    ages = [metric for metric in moments() if metric.name == "discern_backup_age_seconds"]
    assert 0 <= ages[0].samples[0].value < 60

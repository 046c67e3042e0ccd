"""Metrics of a real site: what is counted, by whom it can be read, and that they name nobody."""

import math
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from sandbox.builders import open_small_study
from sandbox.people import due
from studyapp.models import Explanation, Participation, WorkState
from studyapp.serving import counting, facts
from studyapp.studies.preparation import claims
from tasks import workers
from tests.running import output_of

from .running_site import PANEL_ID, Site

FOLDERS = Path("/dev/shm")


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
    site.look(person.code, times=9)
    site.get("/no-such-page")
    slug = person.study.slug
    found = {(one.name, *sorted(one.labels.values())): one.value for one in site.samples()}
    for outcome in ("stored", "repeated", "refused"):
        assert found["discern_submits_total", outcome] == 1
    assert found["discern_requests_total", "200", "participation"] == 2
    assert found["discern_requests_total", "200", "picture"] == 9
    assert found["discern_request_seconds_count", "picture"] == 9
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
    ages = [metric for metric in facts.moments() if metric.name == "discern_backup_age_seconds"]
    assert 0 <= ages[0].samples[0].value < 60


@pytest.mark.django_db
def test_a_worker_tells_with_its_heartbeat_what_it_has_done() -> None:
    open_small_study()
    first = Explanation.objects.earliest("pk")
    rows = Explanation.objects.filter(pk=first.pk)
    rows.update(state=WorkState.PENDING, map_digest="")
    before = claims.settled["explanation", "failed"]
    name = claims.claim(rows, "here/1")
    assert claims.fail(rows.get(), name, "no")
    # Another worker's claim
    assert not claims.fail(rows.get(), "there/1", "no")
    task = SimpleNamespace(name="tasks.explain")
    workers.note_task(task)
    workers.note_rest()
    workers.beat("cpu")
    told = {
        (sample.name, *(value for name, value in sample.labels.items() if name != "worker")): (
            sample.value
        )
        for metric in facts.workers()
        for sample in metric.samples
    }
    assert told["discern_workers",] == 1
    assert told["discern_worker_rows_total", "explanation", "failed"] == before + 1
    assert told["discern_worker_seconds_total", "tasks.explain"] > 0
    assert told["discern_worker_memory_bytes",] > 2**20

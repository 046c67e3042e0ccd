"""A broker that is gone, or forgets: what was asked for waits in rows and is asked for again."""

import json
import os

import pytest
import redis

from sandbox.builders import open_small_study
from sandbox.small_line import empty_broker
from studyapp.models import Download, Measurement, Report, Study, StudyState, WorkState
from studyapp.queue import BUNDLE, MEASURE, PREPARE, REPORT
from studyapp.simulation.server import environment
from studyapp.studies.preparation.claims import claim
from tasks.watch import Watch, unmade
from tests.running import Done, python

pytestmark = pytest.mark.django_db(transaction=True)
ASK = """
import django; django.setup()
from studyapp.analyses.reports.requests import ask_report
from studyapp.exports.requests import ask_bundle
from studyapp.models import Study
from studyapp.studies.lifecycle import start_preparing
start_preparing(Study.objects.get(slug="to-prepare"))
study = Study.objects.get(slug="small")
ask_report(study); ask_bundle(study, public=False)
"""


def without_broker(*command: str) -> Done:
    return python(*command, env={**environment(), "REDIS_URL": "redis://127.0.0.1:9/0"})


def waiting_messages() -> set[str]:
    """The tasks that the broker was asked for."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    found = client.lrange("cpu", 0, -1)
    client.close()
    return {json.loads(message)["headers"]["task"] for message in found}


def test_a_broker_that_is_gone_leaves_what_is_asked_for_in_rows_which_a_worker_finds() -> None:
    empty_broker()
    open_small_study()
    Study.objects.create(
        slug="to-prepare", title="t", definition_toml="", definition={}, seed=1
    )  # fmt: skip
    done = without_broker("-c", ASK)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("waits in its rows, the broker can't be reached") == 3
    assert Study.objects.get(slug="to-prepare").state == StudyState.PREPARING
    assert Report.objects.get().state == Download.objects.get().state == WorkState.PENDING
    assert waiting_messages() == set()
    Watch().look(idle=True)
    assert waiting_messages() == {PREPARE, REPORT, BUNDLE}


def test_a_broker_that_forgot_a_report_is_asked_again_by_a_worker_that_saw_it_twice() -> None:
    empty_broker()
    Report.objects.create(study=open_small_study())
    watch = Watch()
    watch.has_started = True
    for waiting in (set(), {REPORT}):
        watch.look(idle=True)
        assert waiting_messages() == waiting


def test_a_report_that_a_worker_is_at_is_not_asked_for_again() -> None:
    Report.objects.create(study=open_small_study())
    assert [task for task, _ in unmade()] == [REPORT]
    claim(Report.objects.all(), "one")
    assert list(unmade()) == []


def test_measurements_wait_in_their_rows_while_the_broker_is_gone() -> None:
    open_small_study()
    done = without_broker("manage.py", "study", "measure", "small")
    assert done.returncode == 0, done.stderr
    assert "0 of 16 measured" in done.stdout
    assert "no worker serves the queue measure; start one" in done.stdout
    assert {task for task, _ in unmade()} == {MEASURE}
    assert Measurement.objects.filter(state=WorkState.PENDING).count() == 16

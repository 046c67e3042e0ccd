"""The desk's first page: what needs attention first, and where each study stands."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sandbox.builders import make_study, open_small_study, take_part
from sandbox.people import send_people
from sandbox.small_line import empty_broker
from studyapp.models import Backup, Explanation, Heartbeat, Role, Status, StudyKind, WorkState
from studyapp.studies.copies import marked_copy
from tests.admin.desk import administrator, concerns, make_user, signed_in
from tests.running import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_messages_of_earlier_tests() -> None:
    """The page tells of work that waits in the broker."""
    empty_broker()


def test_failed_explanations_come_first_with_what_to_do() -> None:
    make_study(prepared=False)
    Explanation.objects.update(state=WorkState.FAILED, error="no memory", map_digest="")
    assert concerns(administrator())[0] == (
        "small: 16 failed; read the reasons, then retry or drop the stimulus"
    )


def test_a_pilot_is_told_of_and_listed_with_its_mark_and_no_preview_of_it() -> None:
    study = make_study()
    study.kind, study.problem = StudyKind.PILOT, "the disk is full"
    study.save()
    marked_copy(study, StudyKind.PILOT, 7, people=2)
    page = administrator().get("/admin/")
    assert [line.study.slug for line in page.context["lines"]] == ["small"]
    assert '<span class="mark">pilot</span>' in page.content.decode()
    assert any(concern.sentence.startswith("small: ") for concern in page.context["concerns"])


def test_a_worker_that_stopped_at_its_work_is_told() -> None:
    long_ago = timezone.now() - timedelta(minutes=10)
    Heartbeat.objects.create(
        worker="host/1", queues="gpu", doing="explain", started_at=long_ago, seen_at=long_ago
    )
    assert "host/1 stopped during explain" in concerns(administrator())


def test_waiting_work_without_a_worker_is_told_and_with_one_is_not() -> None:
    make_study(prepared=False)
    assert any("no worker is running" in sentence for sentence in concerns(administrator()))
    now = timezone.now()
    Heartbeat.objects.create(worker="host/1", queues="cpu", started_at=now, seen_at=now)
    admin = signed_in(User.objects.get(is_superuser=True))
    assert admin.get("/admin/").context["workers"][0][1] is True
    page = signed_in(make_user("any")).get("/admin/")
    assert page.context["workers"] == []
    assert "host/1" not in page.content.decode()


def test_a_drop_out_above_a_fifth_is_told() -> None:
    study = open_small_study(people=8)
    people = [take_part(study, f"person-{number}") for number in range(5)]
    for person in people[:2]:
        person.status = Status.DROPPED
        person.save()
    assert concerns(administrator()) == [
        "small: 2 of 5 people dropped out; look at where they stop"
    ]


def test_a_site_without_a_lately_made_and_tried_backup_is_told(settings: Settings) -> None:
    desk = administrator()
    send_people(open_small_study(), 1)
    assert "backup" not in page_of(desk)
    settings.HTTPS = True
    assert "No backup has been made: a lost disk" in page_of(desk)
    now = timezone.now()
    row = Backup.objects.create(place="/b/1", finished_at=now - timedelta(3), seconds=1, bytes=1)
    page = page_of(desk)
    assert "The last backup was made on" in page
    assert "No backup has been tried lately" in page
    row.finished_at, row.drilled_at, row.drill_seconds = now, now, 1
    row.save()
    assert "backup" not in page_of(desk)
    row.drill_problem = "the disk is full"
    row.save()
    page = page_of(desk)
    assert "The backup /b/1 could not be restored: the disk is full" in page


def page_of(client: Client) -> str:
    return client.get("/admin/").content.decode()


def test_the_page_shows_the_studies_one_works_on_and_what_to_do_without_any() -> None:
    study = open_small_study()
    send_people(study, 1)
    page = signed_in(make_user("member", study, Role.ASSISTANT)).get("/admin/").content.decode()
    assert "1 of 4" in page
    assert "New study" not in page
    page = signed_in(make_user("new")).get("/admin/").content.decode()
    assert "small" not in page
    assert "Ask an administrator for a role" in page


def test_who_may_not_see_what_workers_do_is_told_how_many_there_are() -> None:
    member = signed_in(make_user("member", open_small_study(), Role.ASSISTANT))
    assert "No worker is at work. Start one with" in member.get("/admin/").content.decode()
    now = timezone.now()
    Heartbeat.objects.create(
        worker="one", queues="cpu,gpu", doing="secret-study", started_at=now, seen_at=now
    )
    page = member.get("/admin/").content.decode()
    assert "1 worker at work." in page
    assert "No worker" not in page
    assert "secret-study" not in page


def test_more_studies_ask_no_more_of_the_database() -> None:
    client, counts = administrator(), []
    open_small_study(slug="first")
    for slug in ("second", "third"):
        counts.append(queries_of(lambda: client.get("/admin/"), again=True))
        send_people(open_small_study(slug=slug), 2)
    assert counts[1] <= counts[0]

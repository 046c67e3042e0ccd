"""The researcher's desk: verbs with their consequences, data that nobody edits by hand."""

import io
import zipfile

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studyapp.models import Exclusion, Explanation, Judgment, StudyState, WorkState
from tests.builders import make_study, open_small_study, take_part
from tests.people import send_people

pytestmark = pytest.mark.django_db
PAGES = ("study", "stimulus", "explanation", "participation", "judgment", "exclusion", "network")


def researcher() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("researcher", password="long enough to pass"))
    return client


def desk(study: object) -> str:
    return reverse("admin:studyapp_study_change", args=[study.pk])  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_logging_in(page: str) -> None:
    reply = Client().get(reverse(f"admin:studyapp_{page}_changelist"))
    assert reply.status_code == 302
    assert reply["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("page", PAGES)
def test_every_list_and_every_row_can_be_looked_at(page: str) -> None:
    send_people(open_small_study(), 2)
    client = researcher()
    reply = client.get(reverse(f"admin:studyapp_{page}_changelist"))
    assert reply.status_code == 200
    for row in list(reply.context["cl"].result_list)[:2]:
        change = reverse(f"admin:studyapp_{page}_change", args=[row.pk])
        assert client.get(change).status_code == 200


@pytest.mark.parametrize("page", ["study", "stimulus", "participation", "judgment", "explanation"])
@pytest.mark.parametrize("verb", ["change", "delete"])
def test_what_verbs_and_people_wrote_is_written_by_nobody_else(page: str, verb: str) -> None:
    send_people(open_small_study(), 1)
    client = researcher()
    rows = client.get(reverse(f"admin:studyapp_{page}_changelist")).context["cl"].result_list
    reply = client.post(
        reverse(f"admin:studyapp_{page}_{verb}", args=[rows[0].pk]), {"post": "yes"}
    )
    assert reply.status_code == 403
    assert client.get(reverse(f"admin:studyapp_{page}_add")).status_code == 403


def test_a_verb_says_what_it_does_before_it_acts_and_is_logged() -> None:
    study, client = make_study(), researcher()
    address = reverse("admin:study_do", args=[study.pk, "open"])
    assert "can&#x27;t change afterwards" in client.get(address).content.decode()
    study.refresh_from_db()
    assert study.state == StudyState.PREPARING
    client.post(address)
    study.refresh_from_db()
    assert study.state == StudyState.OPEN
    assert LogEntry.objects.get().get_change_message() == "Open: preparing → open"


def test_only_the_verbs_of_the_state_are_offered() -> None:
    study, client = open_small_study(), researcher()
    page = client.get(desk(study)).content.decode()
    assert "/do/pause/" in page
    assert "/do/close/" in page
    assert "/do/open/" not in page


def test_a_verb_that_does_not_fit_says_why_and_changes_nothing() -> None:
    study, client = open_small_study(), researcher()
    reply = client.post(reverse("admin:study_do", args=[study.pk, "open"]), follow=True)
    assert "is open and can&#x27;t be opened" in reply.content.decode()
    assert not LogEntry.objects.exists()


def test_an_unknown_verb_is_refused() -> None:
    study, client = open_small_study(), researcher()
    assert client.post(reverse("admin:study_do", args=[study.pk, "delete"])).status_code == 403


def test_somebody_who_may_only_look_can_neither_move_nor_export_a_study() -> None:
    study, client = open_small_study(), Client()
    client.force_login(User.objects.create_user("looker", is_staff=True))
    for name, arguments in (("study_do", [study.pk, "close"]), ("study_export", [study.pk])):
        assert client.post(reverse(f"admin:{name}", args=arguments)).status_code == 403
    study.refresh_from_db()
    assert study.state == StudyState.OPEN


def test_the_desk_tells_problems_and_failures_with_their_reasons() -> None:
    study = make_study(prepared=False)
    study.problem = "trust asks for 4 stimuli, found 1"
    study.save()
    Explanation.objects.update(state=WorkState.FAILED, error="not finite", map_digest="")
    page = researcher().get(desk(study)).content.decode()
    assert "found 1" in page
    assert "not finite" in page
    assert "No worker is alive" in page


def test_progress_is_told_for_the_bars_that_move_by_themselves() -> None:
    study = make_study()
    facts = researcher().get(reverse("admin:study_progress", args=[study.pk])).json()
    names = {bar["name"]: (bar["ready"], bar["total"]) for bar in facts["bars"]}
    assert names["explanations"] == (16, 16)
    assert facts["prepared"] is True


def test_failed_explanations_are_tried_again() -> None:
    make_study(prepared=False)
    Explanation.objects.update(state=WorkState.FAILED, error="no memory", map_digest="")
    row = Explanation.objects.earliest("pk")
    data = {"action": "try_again", "_selected_action": [row.pk]}
    researcher().post(reverse("admin:studyapp_explanation_changelist"), data)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == (WorkState.PENDING, 0, "")
    assert Explanation.objects.filter(state=WorkState.FAILED).count() == 15


def test_a_data_set_is_downloaded_whole() -> None:
    study = open_small_study()
    send_people(study, 2)
    client = researcher()
    reply = client.post(reverse("admin:study_export", args=[study.pk]), {"version": "public"})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(reply.streaming_content)))  # type: ignore[arg-type]
    assert any(name.endswith("manifest.json") for name in archive.namelist())
    assert archive.testzip() is None


def test_an_exclusion_is_added_with_its_maker_and_never_changed() -> None:
    person, client = take_part(open_small_study()), researcher()
    data = {"participation": person.pk, "rule": "spoke to us", "note": "was a colleague"}
    client.post(reverse("admin:studyapp_exclusion_add"), data)
    row = Exclusion.objects.get()
    assert row.made_by is not None
    assert row.made_by.username == "researcher"
    change = reverse("admin:studyapp_exclusion_change", args=[row.pk])
    assert client.post(change, {**data, "rule": "other"}).status_code == 403


@pytest.mark.parametrize("page", ["stimulus", "participation", "judgment", "explanation"])
def test_a_list_asks_no_more_of_the_database_when_there_are_more_rows(page: str) -> None:
    client = researcher()
    address = reverse(f"admin:studyapp_{page}_changelist")
    send_people(open_small_study(slug="small"), 1)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    send_people(open_small_study(slug="larger", people=8, stimuli=8), 6)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) <= len(few)
    assert Judgment.objects.count() > 3

"""A study of questions about photos, from its file to its report, and once more from its bundle."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import take_part
from sandbox.people import answer_all, due, make_profile, send_people
from studyapp.analyses.reports import study_report
from studyapp.exports.bundle import write_bundle
from studyapp.management.verbs.checking import VERB
from studyapp.models import Case, Judgment, Study, StudyKind
from studyapp.simulation.crowd import send_crowd
from studyapp.simulation.profiles import POPULATIONS
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import close_study, open_study
from tests.admin.desk import administrator
from tests.explainer.small_vqa import BRIGHTNESS, COLOUR, FACTORY
from tests.studies.photos.questions import TABLE, write_questions
from tests.tables import rows_of

from .test_cases import loaded, prepared

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_place")]
SHOWN = re.compile(r'<p class="context.*?</p>', re.S)


@pytest.fixture(autouse=True)
def _allowed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.NETWORK_FACTORIES = [FACTORY]
    monkeypatch.setenv("NETWORK_FACTORIES", FACTORY)


def shown_on(page: str) -> list[str]:
    """What a page says of the context, as people read it."""
    return [html.unescape(re.sub("<.*?>", "", one)).strip() for one in SHOWN.findall(page)]


def page_of(client: Client, code: str) -> str:
    return client.get(f"/p/{code}/").content.decode()


def test_from_the_file_to_the_report_and_once_more_from_the_bundle(
    tmp_path: Path, client: Client, live_server: LiveServer, settings: Any
) -> None:
    path = write_questions(tmp_path)
    facts, lines = VERB.run({"file": path, "predict": True})
    assert (facts["photos"], facts["cases"], facts["not_met"]) == (4, 8, [])
    assert facts["eligible"]["agreement"]["eligible"] == {"right": 4, "wrong": 4}
    assert any("4 photos, about which 8 questions are asked" in line for line in lines)
    study = open_study(prepared(loaded(tmp_path)))

    copy = marked_copy(study, StudyKind.SIMULATED, seed=5, people=4)
    crowd = send_crowd(copy, live_server.url, POPULATIONS["able"], people=4, seed=5, at_once=1)
    assert (crowd.errors, crowd.acknowledged, crowd.lost) == ([], 8, 0)

    person = take_part(study, "reader")
    asked = due(person).stimulus.photo.case.asked_with
    assert shown_on(page_of(client, person.code)) == [f"The question was: {asked}"]
    person = answer_all(person, make_profile("agreement"))
    send_people(study, 3, paradigm="agreement")
    desk = administrator()
    replayed = desk.get(f"/replay/{person.code}/1").content.decode()
    assert shown_on(replayed) == [f"The question was: {asked}"]
    gallery = desk.get(reverse("admin:study_gallery", args=[study.pk])).content.decode()
    assert f"Asked: <strong>&quot;{COLOUR}&quot;</strong>" in gallery

    study = close_study(study)
    bundle = write_bundle(study, tmp_path / "bundle", photos=True, analysis=False).path
    before = {name: rows_of(bundle, name) for name in ("stimuli", "predictions", "explanations")}
    assert {row["context"] for row in before["stimuli"]} == {f'"{COLOUR}"', f'"{BRIGHTNESS}"'}
    assert len({row["case_id"] for row in before["predictions"]}) == 8
    assert len({row["image_id"] for row in before["predictions"]}) == 4
    assert len({row["explanation_id"] for row in before["explanations"]}) == 16
    told = study_report(study)

    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "another")
    call_command("import_bundle", str(bundle), verbosity=0)
    again = Study.objects.get()
    assert Case.objects.count() == 8
    found = write_bundle(again, tmp_path / "again", photos=True, analysis=False).path
    assert {name: rows_of(found, name) for name in before} == before
    assert study_report(again).results_digest == told.results_digest
    judged = Judgment.objects.filter(trial__position=0).order_by("pk").first()
    replayed = administrator().get(f"/replay/{judged.participation.code}/1").content.decode()
    assert shown_on(replayed) == [f"The question was: {judged.trial.stimulus.photo.shown}"]


def test_what_people_read_is_escaped_and_alike_under_every_condition(
    tmp_path: Path, client: Client
) -> None:
    rows = [line.split(",") for line in TABLE.splitlines()]
    told = [f"{photo},{context},{answer},Look <b>{context[5:9]}</b>!"
            for photo, context, answer in rows[1:]]  # fmt: skip
    table = "\n".join(["photo,context,answer,shown", *told])
    study = open_study(prepared(loaded(tmp_path, table=table)))
    seen: dict[int, set[str]] = {}
    conditions = set()
    for number in range(8):
        person = take_part(study, f"reader-{number}")
        for _ in range(2):
            trial = due(person)
            page = page_of(client, person.code)
            (shown,) = SHOWN.findall(page)
            seen.setdefault(trial.stimulus.photo_id, set()).add(shown)
            conditions.add(trial.condition_id)
            assert "&lt;b&gt;" in shown
            assert "The question was" not in shown
            answer_all(person, make_profile("agreement"), most=1)
    assert len(conditions) == 2
    assert all(len(texts) == 1 for texts in seen.values())


def test_pages_without_contexts_say_nothing_of_them(client: Client) -> None:
    from sandbox.builders import open_small_study

    assert not SHOWN.findall(page_of(client, take_part(open_small_study()).code))

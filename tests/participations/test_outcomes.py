"""What became of people, and the one code by which their panel is told of it."""

from datetime import date

import pytest
from django.test import Client

from sandbox.builders import ETHICS, make_definition, open_small_study, take_part
from sandbox.people import give
from studyapp.models import Participation, Status
from studyapp.participations.answering import current_trial
from studyapp.participations.approvals import approvals
from studyapp.participations.enrolment import consent
from studyapp.participations.entering import enter
from studyapp.participations.gates import comprehend, screen
from studyapp.participations.outcomes import panel_code, way_back
from studyapp.studies.definition.contradictions import contradictions
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from tests.participations.test_panels import CODES, answer_all, come, prolific_study

pytestmark = pytest.mark.django_db


def test_one_code_for_each_outcome(client: Client) -> None:
    study = prolific_study(redirect="https://panel.example/done?cc=")

    def told(person: Participation) -> str:
        page = client.get(f"/p/{person.code}/").content.decode()
        code = page.split('translate="no">', 1)[1].split("<", 1)[0]
        assert f'href="https://panel.example/done?cc={code}"' in page
        return code

    assert told(answer_all(take_part(study, "complete"))) == "DONE"
    assert told(answer_all(take_part(study, "careless"), fails=2)) == "CHECKS"
    refused = come(client, study, "refuses")
    client.post(f"/p/{refused.code}/refuse")
    assert told(refused) == "NO"
    gone = take_part(study, "gone")
    Participation.objects.filter(pk=gone.pk).update(status=Status.DROPPED)
    assert told(gone) == "LATE"
    more = [consent(enter(study, source="link", external_id=f"more-{n}")) for n in range(9)]
    assert told(more[-1]) == "FULL"
    active = Participation.objects.filter(status=Status.ACTIVE).earliest("pk")
    close_study(study)
    assert told(active) == "LATE"


def test_connects_address_has_the_code_inside() -> None:
    address = "https://connect.cloudresearch.com/participant/project/{code}/complete"
    panel = {"kind": "connect", "redirect": address, "codes": {"complete": "DC/6"}}
    definition = study_definition(open_small_study(panel=panel))
    assert way_back(definition, "DC/6") == address.replace("{code}", "DC%2F6")
    assert way_back(definition, "") == ""
    for wrong, sentence in (
        ({"codes": {}}, "needs `panel.codes.complete`"),
        ({"redirect": "https://connect.example/DC6/complete"}, "write {code} in its place"),
    ):
        told = contradictions(make_definition(panel=panel | wrong))
        assert [sentence in one for path, one in told if path[0] == "panel"] == [True]


def test_prolific_is_told_of_failed_checks_from_the_second_on() -> None:
    study = prolific_study()
    assert answer_all(take_part(study, "once"), fails=1).completion_code == "DONE"
    assert answer_all(take_part(study, "twice"), fails=2).completion_code == "CHECKS"
    plain = open_small_study(
        slug="plain", checks=2, panel={"codes": CODES}, exclusions={"failed_checks": 1}
    )
    assert answer_all(take_part(plain, "once"), fails=1).completion_code == "CHECKS"


def test_who_does_not_understand_failed_checks_and_is_paid_a_part() -> None:
    asked = {"question": "How many?", "answers": ["one", "two"], "accept": [2]}
    study = open_small_study(
        panel={"codes": CODES},
        pay={"amount": 3.0, "currency": "GBP", "hourly_floor": 0.0, "partial": 0.5},
        comprehension={"attempts": 1, "questions": [asked]},
        screening=[asked],
    )
    person = consent(screen(enter(study, source="mturk", external_id="p"), {"question_1": "2"}))
    comprehend(person, {"question_1": "1"})
    person.refresh_from_db()
    definition = study_definition(study)
    assert panel_code(person, definition) == "CHECKS"
    unneeded = screen(enter(study, source="mturk", external_id="q"), {"question_1": "1"})
    assert panel_code(unneeded, definition) == "OUT"
    assert [(row["outcome"], row["bonus"]) for row in approvals(study)] == [
        ("failed_checks", 0.5),
        ("screened_out", 0.5),
    ]


def test_trials_asked_again_and_artefact_trials_never_tell_a_panel_of_failed_checks() -> None:
    """Nothing but instructed checks has an expected answer that counts."""
    asked = {"name": "main", "paradigm": "trust", "trials": 4, "repeats": 2, "checks": 1}
    study = open_small_study(
        blocks=[asked], panel={"codes": CODES}, exclusions={"failed_checks": 1}
    )
    person = take_part(study)
    while (trial := current_trial(person)) is not None:
        value = -2 if trial.stage == "repeat" else 2
        give(person, value if trial.expected is None else trial.expected)
    person.refresh_from_db()
    assert person.completion_code == "DONE"


def test_people_are_told_before_consent_when_the_panels_id_is_erased(client: Client) -> None:
    study = open_small_study(
        panel={"kind": "prolific", "erase_ids_on": date(2030, 1, 31)}, ethics=ETHICS
    )
    person = come(client, study)
    for page in ("", "about"):
        shown = client.get(f"/p/{person.code}/{page}").content.decode()
        assert "deleted on Jan. 31, 2030" in shown

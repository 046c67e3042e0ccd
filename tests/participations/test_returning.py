"""People come back after days, in the arm that the study asks for, and lose nothing meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from sandbox.builders import make_definition, open_small_study
from studyapp.analyses.figures.flow import flow_figure
from studyapp.analyses.frames import study_frame
from studyapp.analyses.preregistration import plan_sections
from studyapp.analyses.reports.study_record import record_of_bundle, record_of_study
from studyapp.analyses.sources import study_flow
from studyapp.analyses.tables import PARTICIPATIONS
from studyapp.exports.bundle import write_bundle
from studyapp.exports.public import public_table
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import DoorCount, EarlierPart, Participation, Status, Study
from studyapp.participations.admission import PREVIEW
from studyapp.participations.enrolment import consent, has_place_for
from studyapp.participations.entering import enter
from studyapp.participations.refusals import NotForThem
from studyapp.participations.withdrawal import withdraw

from .test_admission import PANEL, come, finish, is_let_in, knock

pytestmark = pytest.mark.django_db
ARMS = [
    {"name": name, "conditions": ["guided_backprop", "guided_grad_cam"]}
    for name in ("plain", "warned", "trained")
]


def first_session(**options: Any) -> Study:
    return open_small_study(**{"slug": "first", "panel": PANEL, "people": 6, **options})


def second_session(**entry: Any) -> Study:
    return open_small_study(
        slug="second", panel=PANEL, people=6, arms=ARMS, entry={"only_after": ["first"], **entry}
    )


def some_days_ago(person: Participation, **ago: int) -> None:
    Participation.objects.filter(pk=person.pk).update(
        finished_at=F("finished_at") - timedelta(**ago)
    )


def test_who_comes_too_early_reads_when_to_come_and_loses_nothing() -> None:
    person = finish(first_session(), "one")
    study = second_session(wait_days=7)
    some_days_ago(person, days=6, hours=23)
    page = knock(study, "one").content.decode()
    person.refresh_from_db()
    opens = person.finished_at + timedelta(days=7)
    hour = (opens + timedelta(hours=1)).replace(minute=0)
    assert f"{hour:%Y}" in page
    assert "(UTC) on. Please open the same link again then." in page
    assert "NOT-THIS-TIME" not in page
    assert "first" not in page
    assert not study.participations.exists()
    assert DoorCount.objects.get().why == "too_early"
    some_days_ago(person, hours=1)
    assert is_let_in(study, "one")


def test_who_comes_too_late_is_told_so_with_the_panels_code() -> None:
    person = finish(first_session(), "one")
    study = second_session(at_most_days=10)
    some_days_ago(person, days=10, hours=1)
    page = knock(study, "one").content.decode()
    assert "The time in which you could return for this study is over." in page
    assert "NOT-THIS-TIME" in page


@pytest.mark.parametrize("asked", ["same", "other"])
def test_people_get_the_same_arm_or_another_one(asked: str) -> None:
    earlier = first_session(arms=ARMS)
    arms = {name: finish(earlier, name).arm.name for name in "abcdef"}
    study = second_session(arm=asked)
    for name, before in reversed(arms.items()):
        person = consent(come(study, name))
        if asked == "same":
            assert person.arm.name == before
        else:
            assert person.arm is not None
            assert person.arm.name != before
    assert not study.slots.free().exists()


def test_without_a_place_left_in_that_arm_nobody_takes_one_of_another() -> None:
    earlier = first_session(arms=ARMS)
    people = [finish(earlier, name) for name in "abcdef"]
    study = second_session(arm="same")
    arm = study.arms.get(name=people[0].arm.name)
    study.slots.filter(arm=arm).update(is_open=False)
    person = come(study, "a")
    assert not has_place_for(person)
    assert consent(person).status == Status.FULL
    assert has_place_for(come(study, "b"))


def test_a_preview_at_the_desk_takes_any_arm() -> None:
    first_session(arms=ARMS)
    study = second_session(arm="same", wait_days=3)
    assert consent(enter(study, source=PREVIEW)).status == Status.ACTIVE


def test_the_data_tell_the_earlier_study_and_join_both_in_private_alone(tmp_path: Any) -> None:
    earlier = first_session(arms=ARMS)
    person = finish(earlier, "one")
    some_days_ago(person, days=8, hours=5)
    study = second_session(arm="same")
    again = finish(study, "one")
    Participation.objects.filter(pk=again.pk).update(publication_consent=True)
    names = ["participant_id", "earlier_study", "earlier_arm", "days_between",
             "earlier_participant_id"]  # fmt: skip
    [row] = study_frame(PARTICIPATIONS, study, tuple(names)).to_dict("records")
    theirs = study_frame(PARTICIPATIONS, earlier, ("participant_id", "earlier_participant_id"))
    assert row["earlier_study"] == "first"
    assert row["earlier_arm"] == person.arm.name
    assert row["days_between"] == 8
    assert row["earlier_participant_id"] == theirs["participant_id"][0] != row["participant_id"]
    assert theirs["earlier_participant_id"].isna().all()
    public = {one.name for one in public_table(PARTICIPATIONS).columns}
    assert {"earlier_study", "earlier_arm", "days_between"} <= public
    assert not {"earlier_participant_id", "earlier_finished_at"} & public
    withdraw(again)
    assert not EarlierPart.objects.exists()


def test_a_bundle_brings_the_earlier_part_back(tmp_path: Any) -> None:
    person = finish(first_session(), "one")
    some_days_ago(person, days=3, hours=1)
    study = second_session()
    finish(study, "one")
    names = ("earlier_study", "days_between", "earlier_participant_id", "earlier_finished_at")
    before = study_frame(PARTICIPATIONS, study, names).to_dict("records")
    write_bundle(study, tmp_path / "bundle", analysis=False)
    Study.objects.filter(pk=study.pk).update(slug="other")
    rebuilt = import_bundle(tmp_path / "bundle")
    assert study_frame(PARTICIPATIONS, rebuilt, names).to_dict("records") == before


def test_who_may_come_stands_in_the_plan_of_a_study_that_says_so() -> None:
    entry = {"not_after": ["a"], "only_after": ["b"], "wait_days": 7, "at_most_days": 21,
             "arm": "other"}  # fmt: skip
    definition = make_definition(panel=PANEL, arms=ARMS, entry=entry)
    certificate = open_small_study().certificate
    assert plan_sections(definition, certificate)["Who may come"] == [
        "- Nobody who took a place in `a`.",
        "- Only people who finished `b`, from 7 days after, at most 21 days after.",
        "- They are asked in another arm than there.",
    ]
    assert "Who may come" not in plan_sections(make_definition(), certificate)


def test_nobody_is_turned_away_by_the_hour_at_which_the_time_begins() -> None:
    person = finish(first_session(), "one")
    study = second_session(wait_days=2, at_most_days=3)
    some_days_ago(person, days=2)
    assert is_let_in(study, "one")
    other = finish(Study.objects.get(slug="first"), "two")
    some_days_ago(other, days=3, minutes=1)
    with pytest.raises(NotForThem):
        come(study, "two")


def test_the_report_counts_who_was_turned_away_and_a_bundle_keeps_it(tmp_path: Any) -> None:
    person = finish(first_session(), "one")
    study = second_session(wait_days=7)
    knock(study, "one")
    knock(study, "stranger")
    knock(study, "stranger")
    some_days_ago(person, days=7)
    finish(study, "one")
    record = record_of_study(study)
    assert record.turned_away == {"only_after": 2, "too_early": 1}
    told = "(visits, not people): 2 without the study that must be finished first, 1 too early"
    flow, rules = study_flow(study)
    assert told in flow_figure(flow, rules, record.turned_away).alt
    assert "turned away" not in flow_figure(flow, rules).alt
    write_bundle(study, tmp_path / "bundle", analysis=False)
    assert record_of_bundle(tmp_path / "bundle").turned_away == record.turned_away
    Study.objects.filter(pk=study.pk).update(slug="other")
    rebuilt = import_bundle(tmp_path / "bundle")
    assert record_of_study(rebuilt).turned_away == record.turned_away

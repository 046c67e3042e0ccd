"""Who comes gets one place, and a place that somebody left goes on to the next."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from sandbox.builders import make_study, open_small_study, take_part
from sandbox.people import answer_all, make_profile
from studyapp.models import Participation, Slot, Status
from studyapp.participations.enrolment import (
    SEEN_SECONDS,
    begin,
    consent,
    has_free_slot,
    refuse,
    release_idle,
    resume,
    seen_before,
)
from studyapp.participations.entering import enter
from studyapp.participations.refusals import NotNow, StudyNotOpen
from studyapp.shelf.clock import MOST_APART_SECONDS
from studyapp.studies.lifecycle import pause_study
from tests.running import at_once

pytestmark = pytest.mark.django_db


def fall_idle(person: Participation) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    Participation.objects.filter(pk=person.pk).update(last_seen_at=long_ago)


def test_a_study_says_itself_how_long_a_place_is_held() -> None:
    design = {"seed": 1, "people": 2, "stimuli": 4, "ratings": "nearest", "idle_minutes": 180}
    study = open_small_study(design=design)
    person = take_part(study, "slow")
    answer_all(person, make_profile(), most=1)
    fall_idle(person)
    assert release_idle(study) == 0


def test_nobody_is_idle_before_the_limit_and_the_doubt_of_two_clocks() -> None:
    """What is written of an answer may be half a minute old, and two clocks as much apart: both
    are added to the limit."""
    before = timezone.now()
    since = seen_before(60)
    limit = timedelta(minutes=60, seconds=SEEN_SECONDS + MOST_APART_SECONDS)
    assert before - limit <= since <= timezone.now() - limit


@pytest.mark.parametrize(("hours", "written"), [(0, False), (1, True), (-1, True)])
def test_an_answer_writes_that_a_person_is_there_if_that_is_old_news(
    hours: int, written: bool
) -> None:
    person = take_part(open_small_study())
    known = timezone.now() + timedelta(hours=hours)
    Participation.objects.filter(pk=person.pk).update(last_seen_at=known)
    answer_all(person, make_profile(), most=1)
    assert (Participation.objects.get().last_seen_at != known) == written


def test_the_same_person_gets_the_same_participation() -> None:
    study = open_small_study()
    first = enter(study, source="prolific", external_id="p1")
    assert enter(study, source="prolific", external_id="p1") == first
    assert enter(study, source="prolific", external_id="p2") != first


def test_consent_is_stored_with_its_text_and_gives_the_first_free_place() -> None:
    study = open_small_study()
    person = consent(enter(study, source="link"), publication=True)
    assert person.status == Status.ACTIVE
    assert person.slot.position == 0
    assert person.consent_text.name == "consent"
    assert person.publication_consent


def test_consenting_twice_takes_one_place() -> None:
    study = open_small_study()
    person = enter(study, source="link")
    assert consent(consent(person)).slot == consent(person).slot
    assert Slot.objects.filter(study=study, is_open=False).count() == 1


def test_whoever_comes_when_all_places_are_taken_is_told_so() -> None:
    study = open_small_study(people=2)
    assert has_free_slot(study)
    for name in ("one", "two"):
        take_part(study, name)
    assert not has_free_slot(study)
    assert consent(enter(study, source="link")).status == Status.FULL


def test_an_idle_persons_place_goes_to_the_next() -> None:
    study = open_small_study(people=1)
    idle = take_part(study, "idle")
    fall_idle(idle)
    assert has_free_slot(study)
    person = consent(enter(study, source="link"))
    idle.refresh_from_db()
    assert (person.status, person.slot) == (Status.ACTIVE, idle.slot)
    assert idle.status == Status.DROPPED


def test_who_comes_back_takes_the_place_again_while_it_is_free() -> None:
    study = open_small_study(people=1)
    idle = take_part(study, "idle")
    fall_idle(idle)
    assert release_idle(study) == 1
    assert resume(idle).status == Status.ACTIVE
    assert not Slot.objects.get(study=study).is_open


def test_who_comes_back_too_late_stays_dropped() -> None:
    study = open_small_study(people=1)
    idle = take_part(study, "idle")
    fall_idle(idle)
    take_part(study, "next")
    assert resume(idle).status == Status.DROPPED


def test_nobody_new_enters_a_study_that_is_not_open() -> None:
    with pytest.raises(StudyNotOpen):
        enter(make_study(), source="link")


def test_nobody_consents_to_a_paused_study() -> None:
    study = open_small_study()
    person = enter(study, source="link")
    pause_study(study)
    with pytest.raises(StudyNotOpen):
        consent(person)


@pytest.mark.django_db(transaction=True)
def test_many_people_at_once_get_a_place_each_and_no_more_than_there_are() -> None:
    study = open_small_study(people=20, stimuli=4)
    people = [enter(study, source="link") for _ in range(24)]
    at_once(24, lambda number: consent(people[number]))
    statuses = sorted(Participation.objects.values_list("status", flat=True))
    assert statuses.count(Status.ACTIVE) + statuses.count(Status.FULL) == 24
    assert Slot.objects.filter(is_open=False).count() == statuses.count(Status.ACTIVE) == 20


@pytest.mark.django_db(transaction=True)
def test_one_link_opened_many_times_at_once_makes_one_participation() -> None:
    study = open_small_study()
    at_once(8, lambda _: enter(study, source="prolific", external_id="p1"))
    assert Participation.objects.count() == 1


def test_arms_stay_balanced_among_finishers_when_people_leave() -> None:
    arms = [{"name": "one", "conditions": ["guided_backprop"]},
            {"name": "two", "conditions": ["guided_grad_cam"]}]  # fmt: skip
    study = open_small_study(people=8, arms=arms, trials=2)
    for number in range(11):
        person = take_part(study, f"person-{number}")
        if number % 4 == 1:
            fall_idle(person)
        else:
            answer_all(person, make_profile())
            counts = Participation.objects.filter(status=Status.FINISHED).values_list("arm__name")
            finished = Counter(name for (name,) in counts)
            assert abs(finished["one"] - finished["two"]) <= 2
    assert finished == {"one": 4, "two": 4}


def test_who_agreed_and_goes_back_may_still_choose_not_to_take_part() -> None:
    study = open_small_study(people=1)
    person = begin(consent(enter(study, source="link"), publication=True))
    refuse(person)
    person.refresh_from_db()
    assert (person.status, person.publication_consent) == (Status.REFUSED, False)
    assert has_free_slot(study)


def test_who_has_answered_is_told_how_to_leave() -> None:
    person = take_part(open_small_study())
    answer_all(person, make_profile(), most=1)
    with pytest.raises(NotNow, match="please choose “Withdraw” at the bottom of the page"):
        refuse(person)
    person.refresh_from_db()
    assert person.status == Status.ACTIVE

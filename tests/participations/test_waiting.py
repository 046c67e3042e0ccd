"""Who comes to a full study may wait; a free place goes to whoever waited longest and looks."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from sandbox.builders import STRATA, open_small_study
from studyapp.models import HOLDS_A_SLOT, Participation, Slot, Status, Study, Waiting
from studyapp.participations.enrolment import consent, join_list, look_again
from studyapp.participations.entering import enter, readdress
from studyapp.participations.gates import screen
from studyapp.participations.waiting import HELD_MINUTES, OPEN_SECONDS
from studyapp.participations.withdrawal import withdraw
from tests.admin.desk import administrator, page_of
from tests.running import at_once

pytestmark = pytest.mark.django_db
ENTRY = {"waiting_list": True}


def full_study(people: int = 2, **options: Any) -> tuple[Study, list[Participation]]:
    study = open_small_study(people=people, entry=ENTRY, **options)
    return study, [consent(enter(study, source="link")) for _ in range(people)]


def queue(study: Study, count: int) -> list[Participation]:
    """So many on the list, the first one for the longest time."""
    people = [enter(study, source="link") for _ in range(count)]
    for number, person in enumerate(people):
        join_list(person)
        since = timezone.now() - timedelta(hours=count - number)
        Waiting.objects.filter(participation=person).update(since=since)
    return people


def some_time_later(person: Participation, **later: float) -> None:
    ago = timedelta(**later)
    rows = Waiting.objects.filter(participation=person)
    rows.update(seen_at=F("seen_at") - ago, offered_until=F("offered_until") - ago)


def page(person: Participation) -> str:
    return Client().get(f"/p/{person.code}/").content.decode()


def test_who_comes_when_it_is_full_may_wait_and_has_agreed_to_nothing() -> None:
    study, _ = full_study(panel={"codes": {"full": "ALL-TAKEN"}})
    person = enter(study, source="link")
    assert consent(person).status == Status.ENTERED
    person.refresh_from_db()
    assert person.consented_at is None
    told = page(person)
    assert "Wait for a place" in told
    assert "ALL-TAKEN" in told
    assert not Waiting.objects.exists()
    reply = Client().post(f"/p/{person.code}/wait")
    assert (reply.status_code, reply["Location"]) == (303, f"/p/{person.code}/")
    told = page(person)
    assert "You are on the waiting list" in told
    assert '<noscript><meta http-equiv="refresh" content="20"></noscript>' in told
    assert "Nobody has waited longer than you." in told


def test_a_place_goes_to_who_waited_longest_and_to_no_newcomer() -> None:
    study, [first, _] = full_study()
    longest, later = queue(study, 2)
    assert "1 person has waited longer than you." in page(later)
    withdraw(first)
    newcomer = enter(study, source="link")
    assert "Wait for a place" in page(newcomer)
    assert consent(newcomer).status == Status.ENTERED
    assert "You are on the waiting list" in page(later)
    told = page(longest)
    assert "A place is free for you. It is kept until" in told
    assert 'name="agree"' in told
    assert consent(longest).status == Status.ACTIVE
    assert consent(later).status == Status.ENTERED


def test_a_place_that_nobody_takes_in_time_goes_to_the_next() -> None:
    study, [first, _] = full_study()
    longest, later = queue(study, 2)
    withdraw(first)
    assert look_again(longest) is not None
    assert look_again(later) is None
    some_time_later(longest, minutes=HELD_MINUTES, seconds=1)
    assert look_again(later) is not None
    assert "Wait for a place" in page(longest)
    assert consent(longest).status == Status.ENTERED
    assert consent(later).status == Status.ACTIVE


def test_a_closed_page_is_offered_nothing_and_keeps_its_turn() -> None:
    study, people = full_study()
    longest, later, last = queue(study, 3)
    some_time_later(longest, seconds=OPEN_SECONDS + 1)
    withdraw(people[0])
    assert look_again(later) is not None
    # Back again, before those who came later
    assert look_again(longest) is None
    withdraw(people[1])
    assert look_again(last) is None
    assert look_again(longest) is not None


@pytest.mark.parametrize("how", ["stop-waiting", "refuse", "withdraw"])
def test_who_stops_waiting_leaves_a_held_place_to_the_next(how: str) -> None:
    study, [first, _] = full_study()
    longest, later = queue(study, 2)
    withdraw(first)
    assert look_again(longest) is not None
    Client().post(f"/p/{longest.code}/{how}")
    assert not Waiting.objects.filter(participation=longest).exists()
    assert look_again(later) is not None


def test_a_place_that_nobody_came_for_is_free_for_a_newcomer() -> None:
    study, [first, _] = full_study()
    [person] = queue(study, 1)
    withdraw(first)
    assert look_again(person) is not None
    some_time_later(person, minutes=HELD_MINUTES, seconds=1)
    assert 'name="agree"' in page(enter(study, source="link"))


def test_a_place_held_for_a_stratum_is_not_for_who_begins_again_with_the_same_id() -> None:
    study = open_small_study(people=12, entry=ENTRY, screening=[STRATA])

    def come(name: str, answer: int) -> Participation:
        person = enter(study, source="link", external_id=name)
        return screen(person, {"question_1": str(answer)})

    placed = [consent(come(f"p{number}", 3)) for number in range(12)]
    experts = [one for one in placed if one.status == Status.ACTIVE]
    person = come("late", 3)
    join_list(person)
    withdraw(experts[0])
    assert look_again(person) is not None
    assert readdress(person, {})
    again = consent(come("late", 1))
    assert again.slot is not None
    assert again.slot.stratum == again.stratum == "expertise=novice"


def test_two_tabs_of_one_person_are_one_turn_and_one_place() -> None:
    study, people = full_study()
    [person] = queue(study, 1)
    join_list(person)
    for one in people:
        withdraw(one)
    assert look_again(person) == look_again(person)
    assert study.slots.free().count() == 1
    assert consent(person).slot == consent(person).slot
    assert study.slots.free().count() == 1
    assert not Waiting.objects.exists()


def test_a_place_of_somebody_who_fell_idle_is_offered_too() -> None:
    study, [first, _] = full_study()
    [person] = queue(study, 1)
    Participation.objects.filter(pk=first.pk).update(
        last_seen_at=timezone.now() - timedelta(days=1)
    )
    assert look_again(person) is not None


def test_those_who_may_wait_are_screened_before_they_do() -> None:
    asked = [{"question": "Do you read?", "answers": ["yes", "no"], "accept": [1]}]
    study, _ = open_small_study(people=1, entry=ENTRY, screening=asked), None
    first = enter(study, source="link")
    Client().post(f"/p/{first.code}/screening", {"question_1": "1"})
    consent(first)
    person = enter(study, source="link")
    assert "Do you read?" in page(person)
    join_list(person)
    assert not Waiting.objects.exists()
    Client().post(f"/p/{person.code}/screening", {"question_1": "1"})
    assert "Wait for a place" in page(person)


def test_without_a_list_a_full_study_is_full() -> None:
    study = open_small_study(people=1)
    consent(enter(study, source="link"))
    person = enter(study, source="link")
    assert "Wait for a place" not in page(person)
    Client().post(f"/p/{person.code}/wait")
    assert not Waiting.objects.exists()
    assert consent(person).status == Status.FULL


def test_the_desk_tells_how_many_wait() -> None:
    study, _ = full_study()
    queue(study, 3)
    client = administrator()
    assert "On the waiting list: 3" in client.get(page_of(study)).content.decode()
    other = open_small_study(slug="other")
    assert "On the waiting list" not in client.get(page_of(other)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_under_load_nobody_gets_two_places_and_those_who_waited_get_theirs() -> None:
    """Ten wait, four places become free, and ten more people come, all in the same moment."""
    study, people = full_study(people=4)
    waiting = queue(study, 10)
    newcomers = [enter(study, source="link") for _ in range(10)]
    for person in people:
        withdraw(person)
    everybody = [*newcomers, *waiting]

    def come(number: int) -> None:
        for _ in range(2):
            look_again(everybody[number])
            consent(everybody[number])

    at_once(len(everybody), come)
    placed = Participation.objects.filter(status__in=HOLDS_A_SLOT)
    assert {person.pk for person in placed} == {person.pk for person in waiting[:4]}
    assert len({person.slot_id for person in placed}) == 4
    assert not Slot.objects.free().exists()

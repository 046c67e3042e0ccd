"""People take the places of their own stratum, and arms stay balanced within each."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from sandbox.builders import STRATA, open_small_study
from studyapp.models import HOLDS_A_SLOT, Participation, Status, Study
from studyapp.participations.answering import current_page
from studyapp.participations.enrolment import consent, has_free_slot, refuse
from studyapp.participations.entering import enter, readdress
from studyapp.participations.gates import screen
from studyapp.participations.outcomes import panel_code
from studyapp.participations.withdrawal import withdraw
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from tests.running import at_once, queries_of

pytestmark = pytest.mark.django_db

ARMS = [{"name": name, "conditions": ["guided_grad_cam"]} for name in ("one", "two", "three")]
THREE = {
    "name": "age", "question": "How old are you?", "answers": ["18 to 29", "30 to 59", "60 +"],
    "accept": [1, 2, 3],
    "strata": [{"name": name, "answers": [number]}
               for number, name in enumerate(("young", "middle", "old"), 1)],
}  # fmt: skip


def quotas(*people: int) -> dict[str, Any]:
    strata = [{**one, "people": count} for one, count in zip(THREE["strata"], people, strict=True)]
    return {**THREE, "strata": strata}


def come(study: Study, answer: int, name: str = "") -> Participation:
    """Somebody who answers the screening question and, if there is a place, consents."""
    person = screen(enter(study, source="link", external_id=name), {"question_1": str(answer)})
    return person if person.status == Status.FULL else consent(person)


def spread(study: Study) -> dict[str, int]:
    """The greatest difference between arms of how many people of a stratum hold a place."""
    arms = list(study.arms.values_list("name", flat=True))
    holding = study.participations.filter(status__in=HOLDS_A_SLOT)
    counts = Counter(holding.values_list("stratum", "arm__name"))
    return {
        stratum: max(own) - min(own)
        for stratum in {stratum for stratum, _ in counts}
        for own in [[counts[stratum, arm] for arm in arms]]
    }


def test_of_the_answer_only_its_stratum_is_stored_and_gives_the_place() -> None:
    study = open_small_study(people=12, screening=[STRATA])
    person = come(study, 3)
    assert person.stratum == "expertise=expert"
    assert person.slot is not None
    assert person.slot.stratum == "expertise=expert"


def test_a_full_stratum_turns_its_people_away_while_others_are_let_in() -> None:
    study = open_small_study(
        people=12, screening=[STRATA], panel={"kind": "link", "codes": {"full": "F1"}}
    )
    for number in range(4):
        assert come(study, 1, f"novice{number}").status == Status.ACTIVE
    person = come(study, 1, "late")
    assert (person.status, current_page(person), person.slot) == (Status.FULL, "full", None)
    assert come(study, 2).status == Status.ACTIVE
    assert panel_code(person, study_definition(study)) == "F1"


def test_a_place_that_is_left_goes_to_somebody_of_the_same_stratum() -> None:
    study = open_small_study(people=12, screening=[STRATA])
    first, *_ = (come(study, 1) for _ in range(4))
    withdraw(first)
    assert has_free_slot(study, "", "expertise=novice")
    assert come(study, 1).slot == first.slot


def test_whoever_is_not_taking_part_leaves_no_stratum() -> None:
    study = open_small_study(people=12, screening=[STRATA])
    refused, left, withdrawn, stays = (
        screen(enter(study, source="link"), {"question_1": "1"}) for _ in range(4)
    )
    assert refuse(refused).stratum == ""
    withdraw(consent(withdrawn))
    consent(stays)
    assert Participation.objects.get(pk=left.pk).stratum
    close_study(study)
    kept = Participation.objects.exclude(stratum="")
    assert list(kept) == [stays]


def test_who_begins_anew_is_asked_again() -> None:
    study = open_small_study(people=12, screening=[STRATA])
    person = screen(enter(study, source="link"), {"question_1": "1"})
    readdress(person, {})
    again = Participation.objects.get(pk=person.pk)
    assert (again.stratum, current_page(again)) == ("", "screening")


@pytest.mark.parametrize("asked", [THREE, quotas(18, 24, 18)])
def test_arms_differ_by_one_within_each_stratum_whoever_comes(asked: dict[str, Any]) -> None:
    study = open_small_study(people=60, conditions=3, arms=ARMS, screening=[asked])
    random = Random(3)
    for _ in range(24):
        come(study, random.choice((1, 2, 3)))
        assert max(spread(study).values()) <= 1


def test_drop_outs_are_made_up_for_in_their_own_arm() -> None:
    """Whoever leaves makes two arms differ by two at most until the next of their stratum comes."""
    study = open_small_study(people=60, conditions=3, arms=ARMS, screening=[THREE])
    random, here = Random(5), []
    for _ in range(24):
        here.append(come(study, random.choice((1, 2, 3))))
        if random.random() < 0.25:
            withdraw(here.pop(random.randrange(len(here))))
    for answer in (1, 2, 3) * 2:
        come(study, answer)
    assert max(spread(study).values()) <= 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("asked", "held"),
    [
        (quotas(9, 15, 21), {"age=young": 9, "age=middle": 15, "age=old": 20}),
        (THREE, {"age=young": 20, "age=middle": 20, "age=old": 20}),
    ],
)
def test_sixty_people_of_three_strata_at_once_fill_no_quota_twice_and_balance_the_arms(
    asked: dict[str, Any], held: dict[str, int]
) -> None:
    people = 45 if asked is not THREE else 75
    study = open_small_study(people=people, conditions=3, arms=ARMS, screening=[asked])
    come_in = [
        screen(enter(study, source="link"), {"question_1": str(1 + number % 3)})
        for number in range(60)
    ]
    at_once(30, lambda number: [consent(come_in[place]) for place in (number, number + 30)])
    holding = study.participations.filter(status__in=HOLDS_A_SLOT)
    assert Counter(holding.values_list("stratum", flat=True)) == held
    if asked is not THREE:
        assert Counter(holding.values_list("slot__stratum", flat=True)) == held
    assert max(spread(study).values()) <= 1


def test_a_study_without_strata_asks_the_database_no_more_than_before() -> None:
    plain, own = open_small_study(people=12), open_small_study(slug="own", screening=[STRATA])
    for first in (enter(plain, source="link"), come(own, 2)):
        consent(first)
    one = enter(plain, source="link")
    other = screen(enter(own, source="link"), {"question_1": "1"})
    assert queries_of(lambda: consent(other)) - queries_of(lambda: consent(one)) == 2

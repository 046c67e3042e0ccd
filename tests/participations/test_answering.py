"""Every answer is stored once, in order, and the code comes only after the last."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, due, give, make_profile
from studyapp.models import Judgment, Participation, Status, Trial
from studyapp.participations.answering import (
    Given,
    Taken,
    current_page,
    current_trial,
    finish,
    planned,
    take_answer,
    within_sight,
)
from studyapp.participations.enrolment import consent
from studyapp.participations.entering import enter
from studyapp.participations.refusals import NotNow, NotYourTrial, OutOfOrder, StudyNotOpen
from studyapp.participations.withdrawal import withdraw
from studyapp.studies.lifecycle import close_study, pause_study
from tests.running import at_once, queries_of

pytestmark = pytest.mark.django_db


def test_trials_come_in_the_order_of_the_design() -> None:
    person = take_part(open_small_study())
    seen = []
    while (trial := current_trial(person)) is not None:
        seen.append(trial.position)
        give(person, trial=trial)
    assert seen == [0, 1, 2]


def test_the_last_answer_gives_the_completion_code() -> None:
    person = answer_all(take_part(open_small_study()), make_profile())
    assert person.status == Status.FINISHED
    assert len(person.completion_code) == 8
    assert current_page(person) == "finished"


def test_the_panels_own_code_is_used_where_there_is_one() -> None:
    study = open_small_study(panel={"codes": {"complete": "C0DE"}})
    assert answer_all(take_part(study), make_profile()).completion_code == "C0DE"


def test_nobody_finishes_before_the_last_answer() -> None:
    person = take_part(open_small_study())
    with pytest.raises(NotNow):
        finish(person)


def test_another_persons_trial_is_not_yours() -> None:
    study = open_small_study()
    mine, theirs = take_part(study, "me"), take_part(study, "them")
    with pytest.raises(NotYourTrial):
        give(mine, trial=due(theirs))
    assert Judgment.objects.count() == 0


def test_a_trial_that_is_not_next_is_out_of_order() -> None:
    person = take_part(open_small_study())
    with pytest.raises(OutOfOrder):
        give(person, trial=person.slot.trials.get(position=2))


def test_after_closing_no_answer_is_taken_and_the_earlier_ones_stay() -> None:
    study = open_small_study()
    person = take_part(study)
    give(person)
    close_study(study)
    with pytest.raises(StudyNotOpen):
        give(person)
    assert Judgment.objects.count() == 1
    assert current_page(Participation.objects.get()) == "closed"


def test_who_is_inside_a_paused_study_finishes() -> None:
    study = open_small_study()
    person = take_part(study)
    pause_study(study)
    assert answer_all(person, make_profile()).status == Status.FINISHED


def test_nobody_answers_before_consent() -> None:
    study = open_small_study()
    person = enter(study, source="link")
    trial = Trial.objects.filter(slot__study=study).earliest("position")
    with pytest.raises(NotYourTrial):
        give(person, trial=trial)


def test_nobody_answers_before_the_instructions_were_read() -> None:
    study = open_small_study()
    person = consent(enter(study, source="link"), publication=True)
    with pytest.raises(NotNow):
        give(person)


@pytest.mark.parametrize("status", [Status.DROPPED, Status.SCREENED_OUT])
def test_who_is_no_longer_taking_part_answers_nothing(status: Status) -> None:
    person = take_part(open_small_study())
    trial = due(person)
    Participation.objects.filter(pk=person.pk).update(status=status)
    with pytest.raises(NotNow):
        give(person, trial=trial)
    assert not Judgment.objects.exists()


def test_pages_follow_the_person() -> None:
    study = open_small_study()
    person = enter(study, source="link")
    assert current_page(person) == "consent"
    assert current_page(take_part(study)) == "trial"


def test_a_judgment_knows_the_texts_it_was_made_under() -> None:
    study = open_small_study()
    person = take_part(study)
    assert give(person).texts_digest == study.texts_digest != ""


def test_a_withdrawal_erases_the_judgments_and_frees_the_place() -> None:
    study = open_small_study(people=1)
    person = answer_all(take_part(study, "somebody"), make_profile())
    assert withdraw(person) == 3
    person.refresh_from_db()
    assert Judgment.objects.count() == 0
    assert (person.status, person.completion_code) == (Status.WITHDRAWN, "")
    assert not hasattr(person.participant, "identity")
    assert take_part(study, "next").slot == person.slot


def taken(person: Participation, trial: Trial, value: int = 1) -> Taken:
    return take_answer(person.code, trial_code=trial.code, read=lambda *_: Given(value))


def test_what_follows_an_answer_is_what_the_page_shows_next() -> None:
    person = take_part(open_small_study(trials=5, stimuli=5))
    first, *others = planned(person)
    answered = taken(person, first)
    assert answered.following == within_sight(person) == others[:3]
    again = taken(person, first, value=2)
    assert (again.is_given, again.following) == (False, others[:3])
    with CaptureQueriesContext(connection) as asked:
        assert current_page(answered.person) == "trial"
        assert answered.person.study.title == "A small study"
    assert not asked.captured_queries


def test_nothing_follows_the_last_answer_and_the_person_has_finished() -> None:
    person = take_part(open_small_study(trials=1))
    answered = taken(person, due(person))
    person.refresh_from_db()
    assert answered.following == []
    assert (answered.person.status, answered.person.completion_code) == (
        Status.FINISHED,
        person.completion_code,
    )
    assert current_page(answered.person) == "finished"


def test_nothing_follows_an_answer_that_comes_again_after_closing() -> None:
    study = open_small_study()
    person = take_part(study)
    first = due(person)
    give(person)
    close_study(study)
    answered = taken(person, first)
    assert (answered.is_given, answered.following) == (True, [])


@pytest.mark.django_db(transaction=True)
def test_one_answer_posted_many_times_at_once_is_stored_once() -> None:
    person = take_part(open_small_study())
    trial = due(person)
    stored: list[int] = []
    at_once(8, lambda _: stored.append(give(person, trial=trial).pk))
    assert len(stored) == 8
    assert len(set(stored)) == 1 == Judgment.objects.count()


def test_an_answer_takes_as_many_queries_however_much_is_stored() -> None:
    study = open_small_study(trials=4)
    person = take_part(study)
    # What a study asks is read with somebody's first page.
    give(person)
    first = queries_of(lambda: give(person))
    answer_all(take_part(study, "another"), make_profile())
    assert first == queries_of(lambda: give(person)) <= 6

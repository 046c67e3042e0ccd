"""Every answer is stored once, in order, and the code comes only after the last."""

import threading

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from sandbox.builders import open_small_study, take_part
from studyapp.models import Judgment, Participation, Status, Trial
from studyapp.participations.answering import (
    answer,
    current_page,
    current_trial,
    finish,
)
from studyapp.participations.enrolment import consent
from studyapp.participations.entering import enter
from studyapp.participations.refusals import NotNow, NotYourTrial, OutOfOrder, StudyNotOpen
from studyapp.participations.withdrawal import withdraw
from studyapp.studies.lifecycle import close_study, pause_study


def due(person: Participation) -> Trial:
    trial = current_trial(person)
    assert trial is not None
    return trial


def say(person: Participation, trial: Trial, value: int = 1) -> Judgment:
    return answer(person, trial_code=trial.code, value=value, data={}, timing={"rt_ms": 900})


def answer_all(person: Participation) -> Participation:
    while (trial := current_trial(person)) is not None:
        say(person, trial)
    person.refresh_from_db()
    return person


@pytest.mark.django_db
def test_trials_come_in_the_order_of_the_design() -> None:
    person = take_part(open_small_study())
    seen = []
    while (trial := current_trial(person)) is not None:
        seen.append(trial.position)
        say(person, trial)
    assert seen == [0, 1, 2]


@pytest.mark.django_db
def test_a_second_answer_changes_nothing() -> None:
    person = take_part(open_small_study())
    trial = due(person)
    first = say(person, trial, value=1)
    assert say(person, trial, value=-2) == first
    assert Judgment.objects.get().value == 1


@pytest.mark.django_db
def test_the_last_answer_gives_the_completion_code() -> None:
    person = answer_all(take_part(open_small_study()))
    assert person.status == Status.FINISHED
    assert len(person.completion_code) == 8
    assert current_page(person) == "finished"


@pytest.mark.django_db
def test_the_panels_own_code_is_used_where_there_is_one() -> None:
    study = open_small_study(panel={"codes": {"complete": "C0DE"}})
    assert answer_all(take_part(study)).completion_code == "C0DE"


@pytest.mark.django_db
def test_nobody_finishes_before_the_last_answer() -> None:
    person = take_part(open_small_study())
    with pytest.raises(NotNow):
        finish(person)


@pytest.mark.django_db
def test_another_persons_trial_is_not_yours() -> None:
    study = open_small_study()
    mine, theirs = take_part(study, "me"), take_part(study, "them")
    with pytest.raises(NotYourTrial):
        say(mine, due(theirs))
    assert Judgment.objects.count() == 0


@pytest.mark.django_db
def test_a_trial_that_is_not_next_is_out_of_order() -> None:
    person = take_part(open_small_study())
    assert person.slot is not None
    with pytest.raises(OutOfOrder):
        say(person, person.slot.trials.get(position=2))


@pytest.mark.django_db
def test_after_closing_no_answer_is_taken_and_the_earlier_ones_stay() -> None:
    study = open_small_study()
    person = take_part(study)
    say(person, due(person))
    close_study(study)
    with pytest.raises(StudyNotOpen):
        say(person, due(person))
    assert Judgment.objects.count() == 1
    assert current_page(Participation.objects.get()) == "closed"


@pytest.mark.django_db
def test_who_is_inside_a_paused_study_finishes() -> None:
    study = open_small_study()
    person = take_part(study)
    pause_study(study)
    assert answer_all(person).status == Status.FINISHED


@pytest.mark.django_db
def test_nobody_answers_before_consent() -> None:
    study = open_small_study()
    person = enter(study, source="link")
    trial = Trial.objects.filter(slot__study=study).earliest("position")
    with pytest.raises(NotYourTrial):
        say(person, trial)


@pytest.mark.django_db
def test_nobody_answers_before_the_instructions_were_read() -> None:
    study = open_small_study()
    person = consent(enter(study, source="link"), publication=True)
    with pytest.raises(NotNow):
        say(person, due(person))


@pytest.mark.parametrize("status", [Status.DROPPED, Status.SCREENED_OUT])
@pytest.mark.django_db
def test_who_is_no_longer_taking_part_answers_nothing(status: Status) -> None:
    person = take_part(open_small_study())
    trial = due(person)
    Participation.objects.filter(pk=person.pk).update(status=status)
    with pytest.raises(NotNow):
        say(person, trial)
    assert not Judgment.objects.exists()


@pytest.mark.django_db
def test_pages_follow_the_person() -> None:
    study = open_small_study()
    person = enter(study, source="link")
    assert current_page(person) == "consent"
    assert current_page(take_part(study)) == "trial"


@pytest.mark.django_db
def test_a_judgment_knows_the_texts_it_was_made_under() -> None:
    study = open_small_study()
    person = take_part(study)
    assert say(person, due(person)).texts_digest == study.texts_digest != ""


@pytest.mark.django_db
def test_a_withdrawal_erases_the_judgments_and_frees_the_place() -> None:
    study = open_small_study(people=1)
    person = answer_all(take_part(study, "somebody"))
    assert withdraw(person) == 3
    person.refresh_from_db()
    assert Judgment.objects.count() == 0
    assert (person.status, person.completion_code) == (Status.WITHDRAWN, "")
    assert not hasattr(person.participant, "identity")
    assert take_part(study, "next").slot == person.slot


@pytest.mark.django_db(transaction=True)
def test_one_answer_posted_many_times_at_once_is_stored_once() -> None:
    person = take_part(open_small_study())
    trial = due(person)
    stored = []

    def post() -> None:
        stored.append(say(person, trial).pk)
        connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored) == 8
    assert len(set(stored)) == 1 == Judgment.objects.count()


@pytest.mark.django_db
def test_an_answer_takes_as_many_queries_however_much_is_stored() -> None:
    study = open_small_study(trials=4)
    person = take_part(study)
    # What a study asks is read with somebody's first page.
    say(person, due(person))
    with CaptureQueriesContext(connection) as first:
        say(person, due(person))
    answer_all(take_part(study, "another"))
    with CaptureQueriesContext(connection) as second:
        say(person, due(person))
    assert len(first) == len(second) <= 6

"""Every step from every status: it is carried out, changes nothing, or is refused with a sentence;
a place is held by whom it belongs to and free otherwise."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile
from studyapp.models import HOLDS_A_SLOT, Event, Participation, Slot, Status
from studyapp.participations.answering import answer, current_trial, finish
from studyapp.participations.enrolment import begin, consent, refuse, resume
from studyapp.participations.entering import enter, readdress
from studyapp.participations.gates import screen
from studyapp.participations.refusals import ParticipationError
from studyapp.participations.withdrawal import withdraw

pytestmark = pytest.mark.django_db
Step = Callable[[Participation], object]


def give(person: Participation) -> object:
    trial = current_trial(person)
    code = trial.code if trial is not None else "A" * 22
    return answer(person, trial_code=code, value=1, data={}, timing={})


STEPS: dict[str, Step] = {
    "screen": lambda person: screen(person, {}),
    "consent": consent,
    "refuse": refuse,
    "begin": begin,
    "answer": give,
    "resume": resume,
    "withdraw": withdraw,
    "finish": finish,
    "readdress": lambda person: readdress(person, {}),
}
# Where a step leads; from anywhere else it leads nowhere
LEADS = {
    (Status.ENTERED, "consent"): Status.ACTIVE,
    (Status.ENTERED, "refuse"): Status.REFUSED,
    (Status.ACTIVE, "refuse"): Status.REFUSED,
    (Status.DROPPED, "refuse"): Status.REFUSED,
    (Status.DROPPED, "resume"): Status.ACTIVE,
    (Status.DROPPED, "begin"): Status.ACTIVE,
}


def somebody(status: Status) -> Participation:
    study = open_small_study(people=2)
    if status in (Status.ENTERED, Status.REFUSED, Status.SCREENED_OUT, Status.FULL):
        person = enter(study, source="link")
    else:
        person = take_part(study)
    if status == Status.FINISHED:
        answer_all(person, make_profile())
    elif status == Status.FULL:
        assert [take_part(study).status for _ in range(2)] == [Status.ACTIVE] * 2
        consent(person)
    elif status in (Status.DROPPED, Status.REFUSED, Status.SCREENED_OUT):
        person.leave(status)
    elif status == Status.WITHDRAWN:
        withdraw(person)
    person.refresh_from_db()
    return person


def refused_with(step: Step, person: Participation) -> str:
    """The sentence of a refusal; "" where the step was carried out."""
    try:
        step(person)
    except ParticipationError as refusal:
        return str(refusal)
    return ""


@pytest.mark.parametrize("step", sorted(STEPS))
@pytest.mark.parametrize("status", list(Status))
def test_a_step_leads_where_it_should_and_frees_or_holds_the_place(
    status: Status, step: str
) -> None:
    person = somebody(status)
    events = Event.objects.filter(participation=person).count()
    expected = LEADS.get((status, step), Status.WITHDRAWN if step == "withdraw" else status)
    sentence = refused_with(STEPS[step], person)
    assert not sentence or (sentence.endswith(".") and expected == status)
    person.refresh_from_db()
    assert person.status == expected
    held = Participation.objects.filter(status__in=HOLDS_A_SLOT).count()
    assert Slot.objects.filter(is_open=False).count() == held
    assert bool(person.completion_code) == (person.status == Status.FINISHED)
    changed = expected != status
    assert Event.objects.filter(participation=person).count() >= events + changed


def test_a_place_that_two_left_is_held_by_the_one_who_took_it() -> None:
    study = open_small_study(people=1)
    first = take_part(study, "first")
    first.leave(Status.DROPPED)
    second = take_part(study, "second")
    withdraw(first)
    assert not Slot.objects.get().is_open
    assert timezone.now() >= second.entered_at
    withdraw(second)
    assert Slot.objects.get().is_open

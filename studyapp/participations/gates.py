"""What must be passed before trials are asked: screening, comprehension, practice.

A person who does not pass is thanked, and their place is free again. Of answers to screening
questions only the stratum is stored, where the study has strata.
"""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from studyapp.models import Judgment, Participation, Status, StudyState, Trial
from studyapp.sections.people import ComprehensionSection, QuestionSection
from studyapp.studies.definition.strata import stratum_of
from studyapp.studies.definition.study import Definition, study_definition

from .enrolment import come_back, has_free_slot, lock, note_seen
from .refusals import NotNow, StudyNotOpen, Unanswered

# The form's field that says how many attempts at the comprehension questions came before it
TRIED = "tried"


def given_answers(data: Mapping[str, str], questions: Sequence[QuestionSection]) -> list[int]:
    """The chosen answers (from 1) in a form's fields `question_1`, `question_2`, …

    Raises Unanswered if one is missing or is not among those on the page.
    """
    found, missing = [], {}
    for number, question in enumerate(questions, 1):
        name = f"question_{number}"
        known = {str(choice) for choice in range(1, len(question.answers) + 1)}
        if data.get(name, "") in known:
            found.append(int(data[name]))
        else:
            missing[name] = str(_("Please choose one of the answers."))
    if missing:
        raise Unanswered(_("Please answer every question on the page."), missing)
    return found


def are_accepted(answers: Sequence[int], questions: Sequence[QuestionSection]) -> bool:
    return all(
        answer in question.accept for answer, question in zip(answers, questions, strict=True)
    )


@transaction.atomic
def screen(participation: Participation, data: Mapping[str, str]) -> Participation:
    """Decide once, before consent, whether the study needs this person."""
    person = lock(participation)
    if person.status != Status.ENTERED or person.screened_at is not None:
        return person
    if person.study.state != StudyState.OPEN:
        raise StudyNotOpen(_("This study is not open for new participants at the moment."))
    definition = study_definition(person.study)
    answers = given_answers(data, definition.screening)
    if are_accepted(answers, definition.screening):
        stratum = stratum_of(definition, answers)
        waits = definition.who_may_come.waiting_list
        is_full = not (waits or not stratum or has_free_slot(person.study, person.site, stratum))
        person.pass_screening(stratum, is_full=is_full)
    else:
        person.leave(Status.SCREENED_OUT, because="screening")
    return person


def comprehend(participation: Participation, data: Mapping[str, str]) -> bool:
    """Whether the comprehension questions were all answered rightly, or there are none.

    After the study's number of attempts the participation ends. A form counts once: if it is sent
    again, say because its reply was lost, the result is False and nothing changes.
    """
    # Most studies ask none: then no transaction is opened, since each costs two round trips.
    asking = study_definition(participation.study).comprehension
    return asking is None or _is_understood(participation, data, asking)


@transaction.atomic
def _is_understood(
    participation: Participation, data: Mapping[str, str], asking: ComprehensionSection
) -> bool:
    person = lock(participation)
    come_back(person)
    if person.started_at is not None:
        return True
    # Whatever it says now: otherwise people could go back and try again without using up an attempt
    if data.get(TRIED, str(person.failed_comprehension)) != str(person.failed_comprehension):
        return False
    if person.status != Status.ACTIVE:
        raise NotNow(_("You cannot start from this page. Please go back to your study."))
    if are_accepted(given_answers(data, asking.questions), asking.questions):
        return True
    person.failed_comprehension += 1
    person.save(update_fields=["failed_comprehension"])
    note_seen(person)
    if person.failed_comprehension >= asking.attempts:
        person.leave(Status.SCREENED_OUT, because="comprehension")
    return False


def has_failed_practice(person: Participation, trial: Trial, definition: Definition) -> bool:
    """Whether `trial` was the last of a practice that had to be passed and was not."""
    block = definition.block(trial.block)
    if block.pass_at is None:
        return False
    asked = Trial.objects.filter(slot=person.slot_id, block=block.name).count()
    judged = Judgment.objects.filter(participation=person, trial__block=block.name)
    rows = list(judged.select_related("trial"))
    right = sum(row.trial.score(row.value) or 0 for row in rows if row.trial.step != 1)
    return len(rows) == asked and right < block.pass_at

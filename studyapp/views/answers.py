"""Answers to trials: what they are read from, and what they are answered with."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _

from studyapp.models import Judgment, Participation, Trial
from studyapp.models.codes import is_code
from studyapp.paradigms import PARADIGMS, Asked, TrialForm
from studyapp.paradigms.filmed import are_watched, read_films
from studyapp.paradigms.forms import CHOOSE
from studyapp.paradigms.presented import FIELD, told_presentation
from studyapp.participations.answering import Given, Taken, sight_of, take_answer
from studyapp.participations.evidence import keep_evidence
from studyapp.participations.refusals import NotYourTrial, Unanswered
from studyapp.participations.traces import FIELD as TRACE
from studyapp.participations.traces import read_trace
from studyapp.serving.metrics import REPEATED, STORED, SUBMITS
from studyapp.shelf.addresses import url
from studyapp.shelf.languages import speaking
from studyapp.studies.definition.translated import definition_for
from studyapp.studies.films import films_on

from .pages import KEPT, participant_view, wants_json, written
from .participation import due_context, onward, trial_page
from .people import find_standing
from .signed_agents import signed_agent
from .trials import asked_on

# What the pages' script prefers (RFC 7240): the next trial beside the acknowledgement
WITH_TRIAL = "return=representation"


@participant_view("POST")
def give_answer(request: HttpRequest, code: str) -> HttpResponse:
    """One answer. If it is out of range, the page is shown again with the error."""
    trial = request.POST.get("trial", "")
    if not is_code(trial):
        raise NotYourTrial(_("This question does not belong to your study."))
    try:
        taken = take_answer(code, trial_code=trial, read=partial(_given, request))
    except Participation.DoesNotExist as error:
        raise Http404 from error
    except Unanswered as refusal:
        if wants_json(request):
            raise
        stands = find_standing(code)
        return trial_page(request, stands.person, sight_of(stands), refusal)
    SUBMITS.labels(REPEATED if taken.is_repeated else STORED).inc()
    if brings_trial(request, taken):
        return _with_trial(request, taken)
    return onward(request, code, notice="" if taken.is_given else KEPT)


def brings_trial(request: HttpRequest, taken: Taken) -> bool:
    """Whether the reply holds the next trial. One that follows an answer which was stored before
    is loaded: if it could not be written the first time, asking again would wait for ever."""
    is_wanted = wants_json(request) and WITH_TRIAL in request.headers.get("Prefer", "")
    return is_wanted and not taken.is_repeated and bool(taken.following)


def _with_trial(request: HttpRequest, taken: Taken) -> HttpResponse:
    """The acknowledgement with what the next page shows between its head and its foot."""
    person = taken.person
    context = due_context(person, taken.following)
    part = written(request, "trial_fragment", context, study=person.study)
    facts = {"ok": True, "next": url("participation", person.code), "page": part}
    return JsonResponse(facts, headers={"Cache-Control": "no-store"})


def _given(request: HttpRequest, person: Participation, trial: Trial) -> Given:
    """The form's answer to `trial`; Unanswered for an answer that the page does not offer."""
    definition = definition_for(person)
    with speaking(definition.language):
        asked = asked_on(trial, definition)
        questions = PARADIGMS[trial.paradigm].asks(asked)
        form = TrialForm(request.POST, questions=questions)
        if not form.is_valid():
            problems = form.problems()
            raise Unanswered(next(iter(problems.values()), str(CHOOSE)), problems)
    presentation = _presentation(request.POST.get(FIELD, ""), asked)
    timing = {**form.timing(), "presentation": presentation}
    return Given(form.value(), form.extra(), timing, _observed(request, person))


def _observed(request: HttpRequest, person: Participation) -> Callable[[Judgment], None] | None:
    """Stores how the page was answered, of people who agreed to that; never refuses an answer."""
    if person.traces_agreed_at is None:
        return None
    observed = read_trace(request.POST.get(TRACE, ""))
    return partial(keep_evidence, observed=observed, signed=signed_agent(request))


def _presentation(told: str, asked: Asked) -> dict[str, Any] | None:
    """What the page told of its pictures; Unanswered before its films were watched."""
    films = films_on(asked)
    if not films:
        return told_presentation(told, asked)
    record = read_films(told, films)
    if not are_watched(record, films):
        one = _("Please watch the film to its end first. Your answer has not been saved yet.")
        all_of_them = _(
            "Please watch all films to their end first. Your answer has not been saved yet."
        )
        raise Unanswered(one if len(films) == 1 else all_of_them)
    return record

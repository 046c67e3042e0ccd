"""One person's pages. The server decides which: GET writes nothing (but that somebody who waits for
a place is looking), POST leads on with 303."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _

from studyapp.models import Participation, Trial
from studyapp.participations import enrolment, gates
from studyapp.participations.answering import current_page, sight_of
from studyapp.participations.evidence import asks_for_traces, take_traces_back
from studyapp.participations.outcomes import came_again, panel_code, way_back
from studyapp.participations.refusals import ParticipationError, Unanswered
from studyapp.participations.traces import FIELD as TRACE
from studyapp.participations.withdrawal import known_bundles
from studyapp.participations.withdrawal import withdraw as take_back
from studyapp.sections.people import QuestionSection, ScreeningSection
from studyapp.shelf.addresses import url
from studyapp.shelf.languages import speaking
from studyapp.shelf.markdown import safe_html
from studyapp.studies.definition.strata import stratifying
from studyapp.studies.definition.study import study_definition
from studyapp.studies.definition.translated import definition_for
from studyapp.studies.texts import text_for

from .devices import device_class, refuse_unfit
from .examples import example_of
from .languages import IN_LINK, choices, named_language
from .pages import SeeOther, message, page, participant_view, wants_json
from .people import find_person, find_standing
from .presentations import script_notice
from .sight import forget, named_on, remember, withdrawn
from .signed_agents import signed_agent
from .trials import following_pictures, trial_context
from .waiting import waiting_page


def onward(request: HttpRequest, code: str, *, notice: str = "") -> HttpResponse:
    """To the page that is next for the person with `code`; `notice`: what it says besides."""
    address = url("participation", code) + (f"?{notice}" if notice else "")
    if wants_json(request):
        return JsonResponse({"ok": True, "next": address})
    return SeeOther(address)


@participant_view("GET", "HEAD")
def participation(request: HttpRequest, code: str) -> HttpResponse:
    """The page that this person has reached."""
    stands = find_standing(code)
    person, name = stands.person, current_page(stands.person)
    if name == "trial":
        return trial_page(request, person, sight_of(stands))
    shown = {
        "screening": _screening_page,
        "consent": _consent_page,
        "instructions": _instructions_page,
        "finished": _finished_page,
        "dropped": _dropped_page,
    }.get(name)
    forget(code)
    if shown is not None:
        return shown(request, person)
    return _message_page(request, person, name)


def _screening_page(
    request: HttpRequest, person: Participation, error: Unanswered | None = None
) -> HttpResponse:
    """The questions that decide whether this person can take part."""
    definition = definition_for(person)
    if device_class(request) not in definition.panel.devices:
        return _message_page(request, person, "device")
    # Who may wait for a place is asked first whether the study needs them
    waits = definition.who_may_come.waiting_list
    if not waits and not enrolment.has_place_for(person):
        return _message_page(request, person, "full")
    questions = _gate(request, definition.screening, error)
    context = {
        "person": person,
        "questions": questions,
        "has_groups": bool(stratifying(definition)),
        "needs_script": script_notice(definition),
        "languages": choices(study_definition(person.study), definition.language),
    }
    return page(request, "screening", context, study=person.study, status=400 if error else 200)


def _gate(
    request: HttpRequest, questions: Sequence[QuestionSection], error: Unanswered | None
) -> list[dict[str, Any]]:
    """Questions before the trials for their page, after a refusal with what was chosen."""
    problems = error.problems if error is not None else {}
    return [
        {
            "name": f"question_{number}",
            "question": one.question,
            "answers": one.answers,
            "accepted": one.accepted,
            "given": request.POST.get(f"question_{number}", "") if error is not None else "",
            "problem": problems.get(f"question_{number}", ""),
            "groups": one.groups if isinstance(one, ScreeningSection) else [],
        }
        for number, one in enumerate(questions, 1)
    ]


def _consent_page(
    request: HttpRequest, person: Participation, error: ParticipationError | None = None
) -> HttpResponse:
    definition = definition_for(person)
    status = error.status_code if error else 200
    if device_class(request) not in definition.panel.devices:
        return _message_page(request, person, "device", status)
    waits = definition.who_may_come.waiting_list
    held_until = enrolment.look_again(person) if waits and request.method == "GET" else None
    if not enrolment.has_place_for(person):
        if waits:
            return waiting_page(request, person, _told(person, "full"), status)
        return _message_page(request, person, "full", status)
    boxes = ("agree", "publication", "traces") if error else ()
    ticked = [name for name in boxes if request.POST.get(name) == "yes"]
    context = {
        "person": person,
        "text": safe_html(text_for(person, "consent").markdown),
        "error": error,
        "held_until": held_until,
        "ticked": ticked,
        "asks_for_traces": asks_for_traces(definition),
        "needs_script": script_notice(definition),
        "languages": choices(study_definition(person.study), definition.language),
    }
    return page(request, "consent", context, study=person.study, status=status)


def _instructions_page(
    request: HttpRequest, person: Participation, error: Unanswered | None = None
) -> HttpResponse:
    definition = definition_for(person)
    asked = definition.comprehension.questions if definition.comprehension is not None else ()
    with speaking(definition.language):
        context = {
            "person": person,
            "text": safe_html(text_for(person, "instructions").markdown),
            "comprehension": _gate(request, asked, error),
            "example": example_of(person, definition),
        }
    return page(request, "instructions", context, study=person.study, status=400 if error else 200)


def trial_page(
    request: HttpRequest,
    person: Participation,
    sight: Sequence[Trial],
    error: Unanswered | None = None,
) -> HttpResponse:
    """The first trial in `sight`; after a refused answer with what was sent and what is wrong."""
    if not sight:
        return _message_page(request, person, "closed")
    context = due_context(person, sight)
    if error is not None:
        context["error"] = str(error)
        context["questions"] = [
            one.refused(request.POST, error.problems.get(one.name, ""))
            for one in context["questions"]
        ]
    return page(request, "trial", context, study=person.study, status=400 if error else 200)


def due_context(person: Participation, sight: Sequence[Trial]) -> dict[str, Any]:
    """What the page of the trial that is due shows: the first of those in `sight`."""
    definition = definition_for(person)
    with speaking(definition.language):
        context = trial_context(person, sight[0], definition)
    remember(person, named_on(sight, definition))
    context |= following_pictures(person, sight[1:], definition)
    context["trace"] = TRACE if person.traces_agreed_at is not None else ""
    return context


def _finished_page(request: HttpRequest, person: Participation) -> HttpResponse:
    text = safe_html(text_for(person, "debrief").markdown)
    context = {"person": person, "text": text, **_told(person)}
    return page(request, "finished", context, study=person.study)


def _dropped_page(request: HttpRequest, person: Participation) -> HttpResponse:
    return page(request, "dropped", {"person": person, **_told(person)}, study=person.study)


def _told(person: Participation, name: str = "") -> dict[str, Any]:
    """The panel's code for the page `name`, and the address that reports it.

    The address is left out for a further session, which would be paid for an earlier one's work.
    """
    definition = definition_for(person)
    seen = {"full": "full", "closed": "timed_out"}.get(name)
    code, again = panel_code(person, definition, seen=seen), came_again(person)
    back = "" if again else way_back(definition, code)
    return {"panel_code": code, "redirect": back, "came_again": again}


def _message_page(
    request: HttpRequest, person: Participation, name: str, status: int = 200
) -> HttpResponse:
    with speaking(definition_for(person).language):
        title, sentence = {
            "full": (_("All places are taken"), _("Thank you for your interest. All places in "
                     "this study are taken at the moment. You do not need to do anything else.")),
            "stratum_full": (_("All places are taken"), _("Thank you for your interest. All places "
                     "for people with answers like yours are taken at the moment. You do not need "
                     "to do anything else.")),
            "refused": (_("Thank you"), _("You decided not to take part. No answers were stored.")),
            "withdrawn": (_("You have withdrawn"), _("Your answers have been deleted. Thank you "
                          "for letting us know.")),
            "closed": (_("This study is closed"), _("Thank you. No more answers are needed. The "
                       "answers that you gave have been saved.")),
            "paused": (_("A short pause"), _("This study is not taking any new participants at "
                       "the moment. Please try this link again later.")),
            "screened_out": (_("Thank you"), _("This study is looking for other participants. "
                             "You do not need to do anything else.")),
            "device": (_("Please use another device"), _("This study needs a larger screen. "
                       "Please open the same link on a computer.")),
        }["stratum_full" if name == "full" and person.stratum else name]  # fmt: skip
    context = {"person": person, "title": title, "sentence": sentence, **_told(person, name)}
    if name == "withdrawn":
        context["bundles"] = known_bundles(person)
    return message(request, context, study=person.study, status=status)


@participant_view("POST")
def language(request: HttpRequest, code: str) -> HttpResponse:
    """Another language, until the consent; afterwards the page goes on in that of the consent."""
    _choose_language(request, find_person(code))
    return onward(request, code)


def _choose_language(request: HttpRequest, person: Participation) -> Participation:
    """The person, in the language that the form names, if they may still choose one."""
    told = named_language(request.POST.get(IN_LINK, ""), study_definition(person.study))
    if not told or told == person.language:
        return person
    enrolment.choose_language(person, told)
    return find_person(person.code)


@participant_view("POST")
def consent(request: HttpRequest, code: str) -> HttpResponse:
    """Taking part; a refused form comes back with its ticks and the reason."""
    # What they agree to is the text that they read: another tab may have changed the language
    person = _choose_language(request, find_person(code))
    definition = definition_for(person)
    try:
        if request.POST.get("agree") != "yes":
            raise Unanswered(
                _("Please tick the box to agree, or choose “I do not want to take part”.")
            )
        refuse_unfit(request, definition)
    except ParticipationError as error:
        if wants_json(request) or current_page(person) != "consent":
            raise
        return _consent_page(request, person, error)
    traces = asks_for_traces(definition) and request.POST.get("traces") == "yes"
    enrolment.consent(
        person,
        publication=request.POST.get("publication") == "yes",
        device_class=device_class(request),
        traces=traces,
        signed=(signed_agent(request) or "") if traces else "",
    )
    return onward(request, code)


@participant_view("POST")
def stop_traces(request: HttpRequest, code: str) -> HttpResponse:
    """Taking the consent to traces back: they are deleted, and none follows."""
    take_traces_back(find_person(code))
    return SeeOther(url("about", code))


@participant_view("POST")
def refuse(request: HttpRequest, code: str) -> HttpResponse:
    enrolment.refuse(find_person(code))
    return onward(request, code)


@participant_view("POST")
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """Into the trials; back to the instructions where they were not understood."""
    person = find_person(code)
    try:
        with speaking(definition_for(person).language):
            understood = gates.comprehend(person, request.POST)
        if understood:
            enrolment.begin(person)
    except Unanswered as error:
        return _instructions_page(request, find_person(code), error)
    return onward(request, code)


@participant_view("POST")
def screening(request: HttpRequest, code: str) -> HttpResponse:
    person = find_person(code)
    try:
        with speaking(definition_for(person).language):
            gates.screen(person, request.POST)
    except Unanswered as error:
        return _screening_page(request, person, error)
    return onward(request, code)


@participant_view("POST")
def resume(request: HttpRequest, code: str) -> HttpResponse:
    enrolment.resume(find_person(code))
    return onward(request, code)


@participant_view("GET", "HEAD", "POST")
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Withdrawing all answers, after a confirmation."""
    person = find_person(code)
    if request.method != "POST":
        return page(request, "withdraw", {"person": person}, study=person.study)
    take_back(person)
    withdrawn(code)
    return onward(request, code)


@participant_view("GET", "HEAD")
def about(request: HttpRequest, code: str) -> HttpResponse:
    """Who is responsible, whom to contact, and a copy of the consent text."""
    person = find_person(code)
    text = person.consent_text or text_for(person, "consent")
    context = {
        "person": person,
        "text": safe_html(text.markdown),
        "asks_for_traces": asks_for_traces(study_definition(person.study)),
    }
    return page(request, "about", context, study=person.study)

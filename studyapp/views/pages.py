"""Rendering of participants' pages: the study's language, its look, and its kind refusals."""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from studyapp.models import Participation, Study
from studyapp.participations.refusals import ParticipationError, Unanswered
from studyapp.serving.metrics import SAVING
from studyapp.shelf.faults import is_passing, note_passing
from studyapp.shelf.languages import offered_languages, speaking, wanted_by_browser
from studyapp.shelf.templates import PAGES
from studyapp.studies.definition.study import Definition
from studyapp.studies.definition.translated import study_in_language

View = Callable[..., HttpResponse]
# No page takes files, and the longest text that one asks for is far below this.
LARGEST_BODY = 500_000
# In an address: the answer that was sent last is not the one that stands
KEPT = "kept"
# What the frame of every page names, where it is nobody's and no study's
FRAME = {
    "study": None,
    "title_of_study": "",
    "definition": None,
    "ethics": None,
    "site_title": "",
    "person": None,
    "notice": False,
}
# What a message may have besides its sentence
BESIDES = {
    "panel_code": "",
    "redirect": "",
    "came_again": False,
    "bundles": (),
    "back": None,
    "unsent": (),
}


class SeeOther(HttpResponseRedirect):
    """A redirect after a POST: what follows is a GET, so that a reload sends nothing twice."""

    status_code = 303


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    study: Study | None = None,
    status: int = 200,
) -> HttpResponse:
    """A page in the study's language; never cached, because it shows where a person stands."""
    reply = HttpResponse(written(request, template, context, study=study), status=status)
    reply["Cache-Control"] = "no-store"
    return reply


def written(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    study: Study | None = None,
) -> str:
    """The HTML of a page, or of a part of one, in the study's language."""
    values = {**FRAME, "study": study, "notice": KEPT in request.GET, **(context or {})}
    language = _language(request, study, values)
    if study is not None:
        definition = study_in_language(study, language)
        values |= _told(definition, values["person"], values.get("site", ""))
        values["title_of_study"] = definition.title if definition.is_translated else study.title
    with speaking(language):
        return render_to_string(f"participants/{template}.html", values, request, using=PAGES)


def message(
    request: HttpRequest, context: dict[str, Any], *, status: int, study: Study | None = None
) -> HttpResponse:
    """A page of one sentence: `title`, `sentence`, and of what there is in BESIDES."""
    return page(request, "message", {**BESIDES, **context}, study=study, status=status)


def _told(definition: Definition, person: Participation | None, site: str) -> dict[str, Any]:
    """The study as a page tells it: to a person, with the approval and contacts of their site."""
    site = person.site if person is not None else site
    titles = {one.name: one.title for one in definition.sites}
    return {
        "definition": definition,
        "ethics": definition.ethics_at(site),
        "site_title": titles.get(site, ""),
    }


def is_desk(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/")


def _language(request: HttpRequest, study: Study | None, values: Mapping[str, Any]) -> str:
    """A person's, or the one chosen at the door (`language`), of those that the study has. Without
    a study it is the browser's, but the desk speaks English alone."""
    if study is not None:
        person = values.get("person")
        chosen = person.language if person is not None else values.get("language", "")
        return study_in_language(study, chosen).language
    if is_desk(request):
        return settings.LANGUAGE_CODE
    accepted = request.headers.get("Accept-Language", "")
    offered = [one.code for one in offered_languages()]
    return wanted_by_browser(accepted, offered) or settings.LANGUAGE_CODE


def participant_view(*methods: str) -> Callable[[View], View]:
    """What holds for every view that participants reach.

    Another method than `methods`, a body that no page sends, a refusal and a database that is
    away are each answered with one sentence. Exempt from the check of a token in a cookie: the
    code in the address is an unguessable secret, so that a foreign page can't post here, and
    people whose browser blocks cookies would lose their answers.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                return _wrong_method(request, methods)
            if _body_size(request) > LARGEST_BODY:
                sentence = _("This request is too large. Please go back and try again.")
                return refusal(request, sentence, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            # Every page's body is UTF-8, whether it says so or not.
            charset = (request.content_params or {}).get("charset", "utf-8")
            if charset.lower() not in {"utf-8", "utf8"}:
                raise BadRequest("not UTF-8")
            try:
                return _answered(view, request, *args, **kwargs)
            except Error as error:
                if not is_passing(error):
                    raise
                note_passing(error)
                return saving(request)

        return csrf_exempt(guarded)

    return decorate


def _answered(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        return view(request, *args, **kwargs)
    except ParticipationError as error:
        return refused(request, error, kwargs.get("code", ""))


def _body_size(request: HttpRequest) -> int:
    size = request.META.get("CONTENT_LENGTH") or "0"
    # Python refuses to read a number of thousands of digits.
    return int(size[:20]) if size.isascii() and size.isdecimal() else 0


def _wrong_method(request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    sentence = _(
        "This address does not accept this kind of request. Please open the link that you were "
        "given."
    )
    reply = refusal(request, sentence, HTTPStatus.METHOD_NOT_ALLOWED)
    reply["Allow"] = ", ".join(methods)
    return reply


def refused(request: HttpRequest, error: ParticipationError, code: str) -> HttpResponse:
    """The refusal, in the language of the study of the person with `code`."""
    rows = Participation.objects.select_related("study")
    person = rows.filter(code=code).first() if code else None
    if person is None:
        return refusal(request, error, error.status_code)
    problems = error.problems if isinstance(error, Unanswered) else {}
    return refusal(request, error, error.status_code, person=person, problems=problems)


def refusal(
    request: HttpRequest,
    sentence: object,
    status: int,
    *,
    person: Participation | None = None,
    problems: Mapping[str, str] | None = None,
) -> HttpResponse:
    """One sentence, as a page or as JSON.

    person: finds the way back to where they were. problems: of a form's fields, for the page's
    script.
    """
    study = person.study if person is not None else None
    with speaking(_language(request, study, {"person": person})):
        words = str(sentence)
    if wants_json(request):
        facts = {"ok": False, "retry": False, "sentence": words, "problems": problems or {}}
        return JsonResponse(facts, status=status)
    title = _("That did not work")
    values = {"title": title, "sentence": words, "person": person, "back": person}
    return message(request, values, study=study, status=status)


def saving(request: HttpRequest) -> HttpResponse:
    """The database stores nothing right now: nothing was lost, the same can be sent again."""
    SAVING.inc()
    sentence = _("We are still saving. Please wait a moment and send this again.")
    if wants_json(request):
        reply: HttpResponse = JsonResponse(
            {"ok": False, "retry": True, "sentence": str(sentence)}, status=503
        )
    else:
        # What a participant's form held, so that one press of a button sends the same again
        posted = request.method == "POST" and request.path.startswith("/p/")
        fields = request.POST.lists() if posted else ()
        unsent = [(name, value) for name, given in fields for value in given]
        values = {"title": _("Saving…"), "sentence": sentence, "unsent": unsent}
        reply = message(request, values, status=503)
    reply["Retry-After"] = "5"
    return reply

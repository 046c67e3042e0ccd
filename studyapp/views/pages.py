"""Rendering of participants' pages: the study's language, its look, and its kind refusals."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from studyapp.models import Study
from studyapp.participations.refusals import ParticipationError
from studyapp.studies.definition import study_definition

View = Callable[..., HttpResponse]


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
    """A page in the study's language; never stored by a cache, because it says where one stands."""
    values = {"study": study, **(context or {})}
    if study is None:
        reply = render(request, f"participants/{template}.html", values, status=status)
    else:
        values["definition"] = definition = study_definition(study)
        with translation.override(definition.language):
            reply = render(request, f"participants/{template}.html", values, status=status)
    reply["Cache-Control"] = "no-store"
    return reply


def message(
    request: HttpRequest,
    title: str,
    sentence: str,
    *,
    study: Study | None = None,
    status: int = 200,
) -> HttpResponse:
    """A page that says one thing kindly."""
    return page(
        request, "message", {"title": title, "sentence": sentence}, study=study, status=status
    )


def kind_refusals(view: View) -> View:
    """Turn a refusal into one sentence with its status, and a database that is away into “wait”."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ParticipationError as error:
            return refusal(request, str(error), error.status_code)
        except (OperationalError, InterfaceError):
            return saving(request)

    return guarded


def refusal(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"ok": False, "retry": False, "sentence": sentence}, status=status)
    return message(request, _("That did not work"), sentence, status=status)


def saving(request: HttpRequest) -> HttpResponse:
    """The database can't be reached just now: nothing was stored, the same can be sent again."""
    sentence = _("We are still saving. Please wait a moment and send this again.")
    if wants_json(request):
        reply: HttpResponse = JsonResponse(
            {"ok": False, "retry": True, "sentence": sentence}, status=503
        )
    else:
        reply = message(request, _("Saving…"), sentence, status=503)
    reply["Retry-After"] = "5"
    return reply

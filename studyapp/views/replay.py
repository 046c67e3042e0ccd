"""A trial's page as one person saw it, read-only, for researchers of the study."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from studyapp.models import Judgment, Participation
from studyapp.studies.definition.study import study_definition
from studyapp.studies.rights import visible_studies

from .pages import page
from .trials import trial_context


@require_safe
def replay(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The page of the trial at place `number` (from 1). Only what was answered is shown."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.path, reverse("admin:login"))
    person = get_object_or_404(Participation, code=code, study__in=visible_studies(request.user))
    judgments = {
        one.trial.position + 1: one
        for one in Judgment.objects.filter(participation=person).select_related(
            "trial__stimulus", "trial__condition__pair", "trial__slot"
        )
    }
    if number not in judgments:
        raise Http404
    return page(request, "replay", _context(person, judgments, number), study=person.study)


def _context(person: Participation, judgments: dict[int, Judgment], number: int) -> dict[str, Any]:
    judgment, places = judgments[number], sorted(judgments)
    definition = study_definition(person.study)
    with translation.override(definition.language):
        context = trial_context(person, judgment.trial, definition, _desk_address)
    here, said = places.index(number), {"value": judgment.value, **judgment.data}
    return {
        **context,
        "number": number,
        "judgment": judgment,
        "questions": [one.answered(said.get(one.name)) for one in context["questions"]],
        "earlier": _address(person, places[here - 1]) if here else "",
        "later": _address(person, places[here + 1]) if here + 1 < len(places) else "",
        "back": reverse("admin:studyapp_participation_change", args=[person.pk]),
    }


def _desk_address(code: str) -> str:
    """Where a researcher may see a picture, also after the person has left."""
    return reverse("desk_picture", args=[code])


def _address(person: Participation, number: int) -> str:
    return reverse("replay", args=[person.code, number])

"""A trial's page as one person saw it, read-only, for researchers of the study."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from studyapp.models import Crop, Judgment, Participation
from studyapp.studies.definition.study import study_definition
from studyapp.studies.rights import visible_studies

from .pages import page, refusal
from .trials import trial_context

WITHOUT_PHOTOS = (
    "The bundle that this study was imported from holds no plain pictures of the photos: export it "
    "again, with photos, with this version."
)


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
    judgment, places = judgments[number], sorted(judgments)
    definition = study_definition(person.study)

    def desk_address(code: str) -> str:
        """Where a researcher may see a picture, also after the person has left."""
        return reverse("desk_picture", args=[code])

    with translation.override(definition.language):
        try:
            context = trial_context(person, judgment.trial, definition, desk_address)
        except Crop.DoesNotExist:
            return refusal(request, WITHOUT_PHOTOS, 404)
    here, said = places.index(number), {"value": judgment.value, **judgment.data}
    earlier, later = (
        reverse("replay", args=[code, near[0]]) if near else ""
        for near in (places[:here][-1:], places[here + 1 :][:1])
    )
    context |= {
        "number": number,
        "judgment": judgment,
        "questions": [one.answered(said.get(one.name)) for one in context["questions"]],
        "earlier": earlier,
        "later": later,
        "back": reverse("admin:studyapp_participation_change", args=[person.pk]),
    }
    return page(request, "replay", context, study=person.study)

"""A trial's page as one person saw it, read-only, for researchers of the study."""

import json
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from studyapp.models import Crop, Judgment, Participation
from studyapp.shelf.languages import speaking
from studyapp.studies.definition.translated import definition_for
from studyapp.studies.masking import is_masked, masked_words
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
    if is_masked(person.study):
        return refusal(request, f"{masked_words(person.study.slug)}.", 403)
    judgment, places = judgments[number], sorted(judgments)
    definition = definition_for(person)

    def desk_address(code: str) -> str:
        """Where a researcher may see a picture, also after the person has left."""
        return reverse("desk_picture", args=[code])

    with speaking(definition.language):
        try:
            context = trial_context(person, judgment.trial, definition, desk_address)
        except Crop.DoesNotExist:
            return refusal(request, WITHOUT_PHOTOS, 404)
    # Of an answer that was declined, `data` says so under the same name
    here, said = places.index(number), {"value": judgment.value, **judgment.data}
    earlier, later = (
        reverse("replay", args=[code, near[0]]) if near else ""
        for near in (places[:here][-1:], places[here + 1 :][:1])
    )
    context |= _presented_again(judgment)
    context |= {
        "number": number,
        "judgment": judgment,
        "questions": [one.answered(said.get(one.name)) for one in context["questions"]],
        "earlier": earlier,
        "later": later,
        "back": reverse("admin:studyapp_participation_change", args=[person.pk]),
    }
    return page(request, "replay", context, study=person.study)


def _presented_again(judgment: Judgment) -> dict[str, Any]:
    """What the page told of its pictures, in words, and for the script that shows it again."""
    record = judgment.presentation
    if record is None:
        return {"seen": [], "record": ""}
    if why := record.get("unreadable"):
        unread = f"What the page reported about its pictures could not be read ({why})"
        return {"seen": [unread], "record": ""}
    seen = [_seen(one) for one in record.get("pictures", [])]
    seen += [f"{one['place']} uncovered for {one['ms']:g} ms" for one in record.get("looks", [])]
    seen += [
        f"{one['place']} enlarged to {one['level']:.0%} for {one['ms']:g} ms"
        for one in record.get("zooms", [])
    ]
    seen += [_beyond(one) for one in record.get("more", [])]
    seen += [_watched(one) for one in record.get("films", [])]
    if record["interrupted"]:
        seen.append("the page was hidden meanwhile")
    if record["presented"] > 1:
        seen.append(f"shown {record['presented']} times")
    again = record.get("pictures") or record.get("looks") or record.get("films")
    return {"seen": seen, "record": json.dumps(record) if again else ""}


def _beyond(one: dict[str, Any]) -> str:
    times = "once" if one["count"] == 1 else f"{one['count']} times"
    return f"{one['place']} looked at {times} more, for {one['ms']:g} ms in all, not replayed"


def _seen(one: dict[str, Any]) -> str:
    if one["shown_ms"] is None:
        return f"{one['place']} stayed"
    asked, error = one["asked_ms"], one["error_ms"]
    return f"{one['place']} seen for {one['shown_ms']:g} ± {error:g} ms (asked: {asked:g})"


def _watched(one: dict[str, Any]) -> str:
    if one["failed"] is not None:
        return f"the film at {one['place']} could not be shown ({one['failed']})"
    times = "once" if one["plays"] == 1 else f"{one['plays']} times"
    lasted = (one["ended_ms"] - one["started_ms"]) / 1000
    return f"{one['place']} watched {times}, to its end after {lasted:.1f} s"

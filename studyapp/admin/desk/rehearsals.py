"""Simulated people and power: asked of a worker here, with what came of it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404

from studyapp.models import Rehearsal, RehearsalKind, Study, WorkState
from studyapp.paradigms import PARADIGMS
from studyapp.queue import MEASURING, REHEARSE, ask
from studyapp.shelf.clock import database_now
from studyapp.studies.definition.study import digest_of, study_definition
from studyapp.studies.preparation.claims import FREE
from studyapp.studies.preparation.progress import live_workers
from studyapp.studies.rights import Act

from .frame import maker, page_of, record, show, study_page

MOST = 30
MOST_PEOPLE, MOST_STUDIES = 200, 500


class PeopleForm(forms.Form):
    """What `study simulate` is asked for."""

    people = forms.IntegerField(
        min_value=1, max_value=MOST_PEOPLE, initial=20, label="People",
        help_text=f"At most {MOST_PEOPLE}; more by command.",
    )  # fmt: skip
    seed = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, initial=1, label="Seed",
        help_text="Draws the copy and the people.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The simulation is heavy, and no other page needs it.
        from studyapp.simulation.profiles import POPULATIONS

        choices = [(name, f"{name}: {one.description}") for name, one in POPULATIONS.items()]
        self.fields["profile"] = forms.ChoiceField(
            choices=choices, initial="able", label="Who they are"
        )


class PowerForm(forms.Form):
    """What `study power` is asked for."""

    studies = forms.IntegerField(
        min_value=1, max_value=MOST_STUDIES, initial=100, label="Simulated studies at each point",
        help_text=f"At most {MOST_STUDIES}; more by command.",
    )  # fmt: skip
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, initial=1, label="Seed")

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [one for one in study_definition(study).paradigms()
                 if PARADIGMS[one].outcome is not None]  # fmt: skip
        choices = [(one, PARADIGMS[one].title) for one in names]
        self.fields["paradigm"] = forms.ChoiceField(choices=choices, label="Question")


@study_page(Act.PREVIEW)
def rehearsals(request: HttpRequest, study: Study) -> HttpResponse:
    """What can be asked for, and what was (GET); one more, or the end of one (POST)."""
    what = request.POST.get("what", "") if request.method == "POST" else ""
    if what == "cancel":
        return _cancelled(request, study)
    forms_ = _forms(request, study, what)
    if what:
        if what not in forms_:
            raise Http404("no such rehearsal")
        if why := _hindrance(study, what):
            messages.error(request, f"{why}.")
        elif forms_[what].is_valid():
            _ask(request, study, what, forms_[what].cleaned_data)
            return HttpResponseRedirect(page_of(study, "study_rehearsals"))
    rows = list(study.rehearsals.select_related("made_by")[:MOST])
    waiting = any(row.state == WorkState.PENDING for row in rows)
    context = {
        "people": forms_["people"],
        "power": forms_["power"],
        "no_people": _hindrance(study, "people"),
        "no_power": _hindrance(study, "power"),
        "rows": rows,
        "digest": digest_of(study.definition),
        "waiting": waiting,
        "workers": len(live_workers()) if waiting else None,
    }
    return show(request, study, "rehearse", context)


@study_page(Act.PREVIEW)
def rehearsals_progress(request: HttpRequest, study: Study) -> JsonResponse:
    """Whether a worker is still busy, for the page that moves by itself."""
    return JsonResponse({"pending": study.rehearsals.pending().exists(), "bar": None})


def _forms(request: HttpRequest, study: Study, what: str) -> dict[str, forms.Form]:
    def sent(name: str) -> Any:
        return request.POST if what == name else None

    return {
        "people": PeopleForm(sent("people"), prefix="people"),
        "power": PowerForm(sent("power"), prefix="power", study=study),
    }


def _hindrance(study: Study, what: str) -> str:
    """Why it can't be asked for, with the fix; empty where it can."""
    if study.copy_of is not None:
        return f"{study.slug} is a marked copy; go to {study.copy_of.slug}"
    if what == "people" and study.prepared_at is None:
        return f"{study.slug} is not prepared; prepare it first, so that there are pages to walk"
    outcomes = {PARADIGMS[one].outcome for one in study_definition(study).paradigms()}
    if what == "power" and outcomes == {None}:
        return f"{study.slug} asks no question that has a score, so there is no power"
    return ""


def _ask(request: HttpRequest, study: Study, what: str, asked: dict[str, Any]) -> None:
    kind = RehearsalKind(what)
    try:
        with transaction.atomic():
            row = Rehearsal.objects.create(
                study=study, kind=kind, asked=asked, made_by=maker(request),
                definition_digest=digest_of(study.definition),
            )  # fmt: skip
    except IntegrityError:  # the constraint knows one at a time
        messages.error(request, "One is under way already; wait for it, or cancel it.")
        return
    ask(REHEARSE, [row.pk], queue=MEASURING)
    record(request, study, f"asked for {kind.label}: {asked}")
    messages.success(request, f"The workers were asked for {kind.label}.")


def _cancelled(request: HttpRequest, study: Study) -> HttpResponse:
    key = request.POST.get("row", "")
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        raise Http404("no such rehearsal")
    row = get_object_or_404(study.rehearsals, pk=key)
    mine = Rehearsal.objects.pending().filter(pk=row.pk)
    if mine.update(
        state=WorkState.FAILED, error=f"cancelled by {maker(request)}",
        finished_at=database_now(), **FREE,
    ):  # fmt: skip
        record(request, study, f"cancelled {row.get_kind_display()}")
    return HttpResponseRedirect(page_of(study, "study_rehearsals"))

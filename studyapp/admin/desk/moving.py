"""Verbs: each says on a page of its own what it would do, and does it when that is confirmed."""

from random import SystemRandom

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from studyapp.admin.verbs import VERBS, Verb, offered
from studyapp.models import Stimulus, Study, StudyKind, StudyState
from studyapp.participations.enrolment import has_free_slot
from studyapp.participations.entering import enter
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import LifecycleError
from studyapp.studies.retrying import drop_stimulus
from studyapp.studies.rights import Act, acts, visible_studies

from .frame import page_of, record, refusal, show, study_page

PREVIEW_PLACES = 12


class ReasonForm(forms.Form):
    """Why a stimulus is left out: the reason stands in the certificate."""

    reason = forms.CharField(max_length=300, label="Reason")


def do(request: HttpRequest, key: int, verb: str) -> HttpResponseBase:
    """Say what a verb would do (GET), or do it (POST) and log it."""
    found = VERBS.get(verb)
    if found is None:
        raise Http404("no such verb")

    @study_page(found.act)
    def asked(request: HttpRequest, study: Study) -> HttpResponse:
        if request.method != "POST":
            return _confirm(request, study, found)
        _carry_out(request, study, found)
        return HttpResponseRedirect(page_of(study))

    return asked(request, key)


def _confirm(request: HttpRequest, study: Study, verb: Verb) -> HttpResponse:
    context = {
        "title": f"{study.slug}: {verb.title.lower()}?",
        "consequences": verb.consequences,
        "button": verb.title,
        "fits": verb in offered(study),
        "back": page_of(study),
    }
    return show(request, study, "confirm", context)


def _carry_out(request: HttpRequest, study: Study, verb: Verb) -> None:
    before = study.state
    try:
        verb.carry_out(study)
    except LifecycleError as error:
        messages.error(request, str(error))
        return
    study.refresh_from_db(fields=["state"])
    record(request, study, f"{verb.title}: {before} → {study.state}")
    messages.success(request, f"{study.slug}: {verb.done}")


def drop(request: HttpRequest, key: int) -> HttpResponseBase:
    """Leave a stimulus out by name, with a reason, before the study opens."""
    visible = Stimulus.objects.filter(study__in=visible_studies(request.user))
    stimulus = get_object_or_404(visible.select_related("study", "photo"), pk=key)
    study = stimulus.study
    if Act.PREPARE not in acts(request.user, study):
        return refusal(request, study, Act.PREPARE)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _drop(request, stimulus, form.cleaned_data["reason"])
        return HttpResponseRedirect(page_of(study))
    consequences = (
        f"{stimulus.photo.name} ({stimulus.category}) is left out of this study by name.",
        "The next eligible photo in the drawn order takes its place, and the workers make its "
        "explanations.",
        "The certificate lists it, with your reason. This cannot be undone.",
    )
    context = {
        "title": f"Drop {stimulus.photo.name}?",
        "form": form,
        "consequences": consequences,
        "button": "Drop it",
        "fits": study.state == StudyState.PREPARING,
        "back": page_of(study),
    }
    return show(request, study, "confirm", context)


def _drop(request: HttpRequest, stimulus: Stimulus, reason: str) -> None:
    before = stimulus.role
    try:
        drop_stimulus(stimulus, reason)
    except LifecycleError as error:
        messages.error(request, str(error))
        return
    record(request, stimulus.study, f"{stimulus}: {before} → dropped, because {reason}")
    messages.success(
        request, f"{stimulus.photo.name} was left out; the workers are preparing the next photo"
    )


@study_page(Act.PREVIEW)
def preview(request: HttpRequest, study: Study) -> HttpResponse:
    """Walk the study as people will, on a marked pilot copy that no analysis counts."""
    if request.method != "POST":
        consequences = (
            "You go through the study as participants will see it, from consent to the code.",
            "It is a marked pilot copy: it takes no place of the real study, and its answers "
            "appear in no analysis and no export.",
        )
        context = {
            "title": f"{study.slug}: preview?",
            "consequences": consequences,
            "button": "Begin the preview",
            "fits": study.prepared_at is not None,
            "back": page_of(study),
        }
        return show(request, study, "confirm", context)
    try:
        copy = _pilot_copy(study)
    except LifecycleError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(page_of(study))
    person = enter(copy, source="preview")
    record(request, study, f"previewed as {copy.slug}")
    return HttpResponseRedirect(reverse("participation", args=[person.code]))


def _pilot_copy(study: Study) -> Study:
    """The newest pilot copy that still takes somebody in, else a new one."""
    if study.kind != StudyKind.REAL and study.state == StudyState.OPEN:
        return study
    copy = study.copies.filter(kind=StudyKind.PILOT, state=StudyState.OPEN).first()
    if copy is not None and has_free_slot(copy):
        return copy
    people = min(PREVIEW_PLACES, study_definition(study).design.people)
    seed = SystemRandom().randrange(2**31)
    return marked_copy(study, StudyKind.PILOT, seed, people=people)

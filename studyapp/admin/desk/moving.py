"""Verbs: each says on a page of its own what it would do, and does it when that is confirmed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import SystemRandom
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from studyapp.admin.verbs import VERBS
from studyapp.models import Stimulus, Study, StudyKind, StudyState
from studyapp.participations.enrolment import has_free_slot
from studyapp.participations.entering import enter
from studyapp.sections.sites import SiteSection
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.strata import strata
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import LifecycleError
from studyapp.studies.retrying import drop_stimulus
from studyapp.studies.rights import Act, acts, visible_studies
from studyapp.studies.texts import texts_digest

from .frame import confirm, page_of, record, refusal, study_page

PREVIEW_PLACES = 12


class ReasonForm(forms.Form):
    """Why a stimulus is left out: the certificate lists the reason."""

    reason = forms.CharField(max_length=300, label="Reason")


class SiteForm(forms.Form):
    """Of a study with several sites: as a participant of which one it is previewed."""

    def __init__(self, *arguments: Any, sites: Sequence[SiteSection]) -> None:
        super().__init__(*arguments)
        self.fields["site"] = forms.ChoiceField(
            label="Site", choices=[(one.name, one.title) for one in sites]
        )


@contextmanager
def refusals_shown(request: HttpRequest) -> Iterator[None]:
    """A LifecycleError ends the block and becomes a message on the next page."""
    try:
        yield
    except LifecycleError as error:
        messages.error(request, str(error))


def do(request: HttpRequest, key: int, verb: str) -> HttpResponseBase:
    """Say what a verb would do (GET), or do it (POST) and log it."""
    if verb not in VERBS:
        raise Http404("no such verb")
    chosen = VERBS[verb]

    @study_page(chosen.act)
    def asked(request: HttpRequest, study: Study) -> HttpResponse:
        if request.method != "POST":
            title = f"{study.slug}: {chosen.title.lower()}?"
            # What failed can be tried again of a prepared study too, whose overview links to it.
            fits = study.state in chosen.states
            fits = fits and (verb != "open" or study.prepared_at is not None)
            return confirm(
                request, study, title, *chosen.consequences, button=chosen.title, fits=fits
            )
        before = study.state
        with refusals_shown(request):
            chosen.carry_out(study)
            study.refresh_from_db(fields=["state"])
            record(request, study, f"{chosen.title}: {before} → {study.state}")
            messages.success(request, f"{study.slug}: {chosen.done}")
        return HttpResponseRedirect(page_of(study))

    return asked(request, key)


def drop(request: HttpRequest, key: int) -> HttpResponseBase:
    """Leave a stimulus out by name, with a reason, before the study opens."""
    visible = Stimulus.objects.filter(study__in=visible_studies(request.user))
    stimulus = get_object_or_404(visible.select_related("study", "photo"), pk=key)
    study = stimulus.study
    if Act.PREPARE not in acts(request.user, study):
        return refusal(request, study, Act.PREPARE)
    form = ReasonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return confirm(
            request,
            study,
            f"Drop {stimulus.photo.name}?",
            f"{stimulus.photo.name} ({stimulus.category}) is left out of this study by name.",
            "The next eligible photo in the drawn order takes its place, and the workers make its "
            "explanations.",
            "The certificate lists it, with your reason. This cannot be undone.",
            button="Drop it",
            fits=study.state == StudyState.PREPARING,
            form=form,
        )
    before, reason = stimulus.role, form.cleaned_data["reason"]
    with refusals_shown(request):
        drop_stimulus(stimulus, reason)
        record(request, study, f"{stimulus}: {before} → dropped, because {reason}")
        done = f"{stimulus.photo.name} was left out; the workers are preparing the next photo"
        messages.success(request, done)
    return HttpResponseRedirect(page_of(study))


@study_page(Act.PREVIEW)
def preview(request: HttpRequest, study: Study) -> HttpResponse:
    """Walk the study as people will, on a marked pilot copy that no analysis counts."""
    is_asked = request.method == "POST"
    sites = study_definition(study).sites
    form = SiteForm(request.POST if is_asked else None, sites=sites) if sites else None
    if not is_asked or (form is not None and not form.is_valid()):
        return confirm(
            request,
            study,
            f"{study.slug}: preview?",
            "You go through the study as participants will see it, from consent to the code.",
            "It is a marked pilot copy: it takes no place of the real study, and its answers "
            "appear in no analysis and no export.",
            button="Begin the preview",
            fits=study.prepared_at is not None,
            form=form,
        )
    site = form.cleaned_data["site"] if form is not None else ""
    following = page_of(study)
    with refusals_shown(request):
        copy = _pilot_copy(study, site)
        person = enter(copy, source="preview", site=site)
        following = reverse("participation", args=[person.code])
        record(request, study, f"previewed as {copy.slug}")
    return HttpResponseRedirect(following)


def _has_room(copy: Study, site: str) -> bool:
    """Whether whoever previews it finds a place, whichever stratum their answers give."""
    known = strata(study_definition(copy)) or [""]
    return all(has_free_slot(copy, site, stratum) for stratum in known)


def _pilot_copy(study: Study, site: str) -> Study:
    """The newest pilot copy with the study's texts and a free place of a site, else a new one
    whose places are all that site's."""
    if study.kind != StudyKind.REAL and study.state == StudyState.OPEN:
        return study
    digest = texts_digest(study)
    for copy in study.copies.filter(kind=StudyKind.PILOT, state=StudyState.OPEN):
        if copy.texts_digest == digest and _has_room(copy, site):
            return copy
    definition = study_definition(study)
    # Of each stratum at least one in every arm
    fewest = len(strata(definition)) * len(definition.arm_conditions())
    people = min(max(PREVIEW_PLACES, fewest), definition.design.people)
    seed = SystemRandom().randrange(2**31)
    return marked_copy(study, StudyKind.PILOT, seed, people=people, site=site, even_strata=True)

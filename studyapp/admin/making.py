"""Ready studies that a worker makes: asked for here, with how far each is."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from studyapp.models import Making, Study, WorkState
from studyapp.queue import MAKE, MEASURING, ask
from studyapp.shelf.clock import database_now
from studyapp.studies.definition.file import DefinitionError
from studyapp.studies.loading import EXISTS
from studyapp.studies.preparation.claims import FREE, retry
from studyapp.studies.preparation.progress import live_workers
from studyapp.studies.ready_files import made_studies, toml_called
from studyapp.studies.rights import may_add_studies

from .desk.frame import maker

MOST = 30
UNDER_WAY = "One is under way for you already; wait for it, or cancel it."


class MakingForm(forms.Form):
    """Which ready study, and what it will be called."""

    ready = forms.ChoiceField(widget=forms.RadioSelect, label="Ready study")
    slug = forms.CharField(
        required=False, max_length=80, label="Short name",
        help_text="Part of the study's address. If you leave it empty, that of the ready study.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.studies = list(made_studies())
        choices = [(one.name, f"{one.name}: {one.summary or one.title}") for one in self.studies]
        self.fields["ready"] = forms.ChoiceField(
            choices=choices, widget=forms.RadioSelect, label="Ready study"
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        name = found.get("ready")
        if name is None or "slug" not in found:
            return found
        found["slug"] = found["slug"] or name
        if Study.objects.filter(slug=found["slug"]).exists():
            self.add_error("slug", EXISTS.format(found["slug"]))
            return found
        try:
            toml_called(name, found["slug"])
        except DefinitionError as error:
            for about, sentence in error.complaints:
                self.add_error("slug" if about == ("slug",) else "ready", sentence)
        return found


def make_study(request: HttpRequest) -> HttpResponse:
    """The ready studies, and what was asked for (GET); one more, or the end of one (POST)."""
    if not may_add_studies(request.user):
        raise PermissionDenied
    what = request.POST.get("what", "") if request.method == "POST" else ""
    if what in ("cancel", "again"):
        _settle(request, what)
        return HttpResponseRedirect(reverse("admin:study_make"))
    initial = {"ready": request.GET.get("ready", "")}
    form = MakingForm(request.POST) if what else MakingForm(initial=initial)
    if what and form.is_valid() and _ask(request, **form.cleaned_data):
        return HttpResponseRedirect(reverse("admin:study_make"))
    return _shown(request, form)


def making_progress(request: HttpRequest) -> JsonResponse:
    """How far the one under way is, for the page that moves by itself."""
    if not may_add_studies(request.user):
        raise PermissionDenied
    row = _visible(request).pending().first()
    bar = None if row is None or row.share is None else {"total": 100, "ready": row.share}
    return JsonResponse({"pending": row is not None, "bar": bar, "doing": row and row.doing})


def _visible(request: HttpRequest) -> Any:
    """Those that the user has asked for; of an administrator, all."""
    user = maker(request)
    return Making.objects.all() if user.is_superuser else Making.objects.filter(made_by=user)


def _ask(request: HttpRequest, ready: str, slug: str) -> bool:
    try:
        with transaction.atomic():
            row = Making.objects.create(ready=ready, slug=slug, made_by=maker(request))
    except IntegrityError:  # the constraint knows one at a time
        messages.error(request, UNDER_WAY)
        return False
    ask(MAKE, [row.pk], queue=MEASURING)
    messages.success(request, f"The workers were asked for {ready}.")
    return True


def _settle(request: HttpRequest, what: str) -> None:
    """Cancel one that is pending, or ask again for one that failed."""
    key = request.POST.get("row", "")
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        raise Http404("no such request")
    row = get_object_or_404(_visible(request), pk=key)
    mine: QuerySet[Making] = Making.objects.filter(pk=row.pk)
    if what == "cancel":
        mine.filter(state=WorkState.PENDING).update(
            state=WorkState.FAILED, error=f"cancelled by {maker(request)}",
            finished_at=database_now(), **FREE,
        )  # fmt: skip
        return
    try:
        with transaction.atomic():
            if retry(Making.objects.filter(pk=row.pk)):
                ask(MAKE, [row.pk], queue=MEASURING)
    except IntegrityError:
        messages.error(request, UNDER_WAY)


def _shown(request: HttpRequest, form: MakingForm) -> HttpResponse:
    rows = list(_visible(request).select_related("study", "made_by")[:MOST])
    waiting = any(row.state == WorkState.PENDING for row in rows)
    context = {
        **admin.site.each_context(request),
        "title": "Make a ready study",
        "form": form,
        "rows": rows,
        "waiting": waiting,
        "workers": len(live_workers()) if waiting else None,
        "opts": Study._meta,
    }
    return TemplateResponse(request, "admin/desk/make.html", context)

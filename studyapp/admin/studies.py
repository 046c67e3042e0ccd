"""Studies: where each stands, and the verbs that move it on."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from studyapp.exports.folder import ExportError
from studyapp.models import Judgment, Study, StudyState
from studyapp.studies.certificate import certificate_lines
from studyapp.studies.lifecycle import LifecycleError
from studyapp.studies.progress import failures, live_workers, progress

from .exporting import export_study
from .reading import ReadingAdmin
from .verbs import VERBS, Verb, offered


@admin.register(Study)
class StudyAdmin(ReadingAdmin):
    """A study is made from its file; here it is watched and moved on."""

    list_display = ("slug", "title", "kind", "state", "places", "answers", "created_at")
    list_filter = ("state", "kind")
    search_fields = ("slug", "title")
    fields = (
        "slug", "title", "kind", "state", "problem", "parent", "copy_of", "seed",
        "definition_digest", "design_digest", "texts_digest", "created_at", "prepared_at",
        "opened_at", "closed_at", "definition_toml",
    )  # fmt: skip
    change_form_template = "admin/studyapp/study/desk.html"

    @admin.display(description="places taken")
    def places(self, study: Study) -> str:
        slots = study.slots
        return f"{slots.filter(is_open=False).count()} of {slots.count()}"

    @admin.display(description="judgments")
    def answers(self, study: Study) -> int:
        return Judgment.objects.filter(participation__study=study).count()

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<int:key>/do/<str:verb>/", self._guarded(self.do), name="study_do"),
            path("<int:key>/progress/", self._guarded(self.progress), name="study_progress"),
            path("<int:key>/export/", self._guarded(self.export), name="study_export"),
        ]
        return own + super().get_urls()

    def _guarded(self, view: Any) -> Any:
        return self.admin_site.admin_view(view)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        study = self.get_object(request, object_id)
        if study is not None:
            extra_context = {**(extra_context or {}), **desk_context(study)}
        return super().change_view(request, object_id, form_url, extra_context)

    def do(self, request: HttpRequest, key: int, verb: str) -> HttpResponse:
        """Say what a verb would do (GET), or do it (POST) and log it."""
        study = get_object_or_404(Study, pk=key)
        found = VERBS.get(verb)
        if found is None or not request.user.has_perm("studyapp.change_study"):
            return HttpResponse("You may not do this here.", status=403, content_type="text/plain")
        if request.method != "POST":
            context = {**self.admin_site.each_context(request), "study": study, "verb": found,
                       "title": f"{found.title} {study.slug}?", "opts": self.opts}  # fmt: skip
            return TemplateResponse(request, "admin/studyapp/study/confirm.html", context)
        self._carry_out(request, study, found)
        return HttpResponseRedirect(reverse("admin:studyapp_study_change", args=[key]))

    def _carry_out(self, request: HttpRequest, study: Study, verb: Verb) -> None:
        try:
            after = verb.carry_out(study)
        except LifecycleError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.log_change(request, study, f"{verb.title}: {study.state} → {after.state}")
        self.message_user(request, f"{study.slug}: {verb.done}", messages.SUCCESS)

    def progress(self, request: HttpRequest, key: int) -> JsonResponse:
        """How far the preparation is, for the bars that move by themselves."""
        study = get_object_or_404(Study, pk=key)
        prepared = study.prepared_at is not None
        return JsonResponse({"bars": bars(study), "prepared": prepared, "problem": study.problem})

    def export(self, request: HttpRequest, key: int) -> HttpResponse | FileResponse:
        """The data set as a zip. Whoever may not change a study may not take its data away."""
        study = get_object_or_404(Study, pk=key)
        if request.method != "POST" or not request.user.has_perm("studyapp.change_study"):
            return HttpResponse("You may not do this here.", status=403, content_type="text/plain")
        public = request.POST.get("version") != "private"
        try:
            reply = export_study(study, public=public)
        except ExportError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:studyapp_study_change", args=[key]))
        self.log_change(request, study, f"exported, {'public' if public else 'private'}")
        return reply


def desk_context(study: Study) -> dict[str, Any]:
    """What the study's page shows besides its fields."""
    people = study.participations.values_list("status").annotate(Count("pk")).order_by()
    return {
        "states": StudyState.choices,
        "verbs": offered(study),
        "bars": bars(study),
        "people": dict(people),
        "certificate": certificate_lines(study.certificate) if study.certificate else [],
        "dropped": study.certificate.get("dropped", []),
        "failures": failures(study),
        "workers": len(live_workers()),
        "link": reverse("entry", args=[study.slug]),
    }


def bars(study: Study) -> list[dict[str, Any]]:
    done = progress(study)
    named = {
        "predictions": done.predictions,
        "explanations": done.explanations,
        "pictures": done.pictures,
    }
    return [
        {"name": name, "ready": row.ready, "failed": row.failed, "total": row.total}
        for name, row in named.items()
    ]

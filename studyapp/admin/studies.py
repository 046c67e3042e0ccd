"""Studies: where each stands. Their pages are in `desk`."""

from typing import Any

from django.contrib import admin
from django.db.models import IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from studyapp.models import Slot, Status, Study, count_people
from studyapp.studies.rights import may_add_studies

from .desk.editor import file_words
from .desk.pages import study_urls
from .making import make_study, making_progress
from .reading import ReadingAdmin
from .uploading import add_study, check_new


@admin.register(Study)
class StudyAdmin(ReadingAdmin):
    """A study is made from its file; here it is watched and moved on."""

    list_display = ("slug", "title", "kind", "state", "places", "finished", "created_at")
    list_filter = ("state", "kind")
    search_fields = ("slug", "title")

    def rows_of(self, rows: QuerySet[Study], studies: list[int]) -> QuerySet[Study]:
        return rows.filter(pk__in=studies)

    def has_add_permission(self, request: HttpRequest) -> bool:  # type: ignore[override]
        return may_add_studies(request.user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Study]:
        """With the counts of the list as subqueries: one query, however many studies."""
        slots = Slot.objects.filter(study=OuterRef("pk")).by_study()
        rows: QuerySet[Study] = super().get_queryset(request).annotate(
            slots_taken=Subquery(slots.values("taken"), output_field=IntegerField()),
            slots_all=Subquery(slots.values("every"), output_field=IntegerField()),
            people_finished=count_people(Status.FINISHED),
        )  # fmt: skip
        return rows

    @admin.display(description="places taken")
    def places(self, study: Study) -> str:
        taken, every = getattr(study, "slots_taken", None), getattr(study, "slots_all", None)
        return f"{taken} of {every}" if every else "not drawn yet"

    @admin.display(description="finished")
    def finished(self, study: Study) -> int:
        return int(getattr(study, "people_finished", 0))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A study is made from a file, or from a form that writes one."""
        return add_study(request)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        of_no_study = [
            path("words/", guard(file_words), name="study_words"),
            path("add/check/", guard(check_new), name="study_add_check"),
            path("make/", guard(make_study), name="study_make"),
            path("make/progress/", guard(making_progress), name="study_make_progress"),
        ]
        return study_urls(guard) + of_no_study + super().get_urls()

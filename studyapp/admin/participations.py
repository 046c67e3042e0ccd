"""Participations: a list, and for each one its timeline with what was shown."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from studyapp.models import Exclusion, Judgment, Participation

from .desk.frame import show
from .filters import DeviceFilter, ParticipationStudyFilter, StudyFilter
from .reading import ReadingAdmin
from .timeline import timeline


@admin.register(Participation)
class ParticipationAdmin(ReadingAdmin):
    """One run of a person through a study."""

    study_path = "study"
    list_display = ("code", "study", "status", "arm", "device_class", "entered_at", "finished_at")
    list_filter = (StudyFilter, "status", DeviceFilter)
    search_fields = ("code",)
    list_select_related = ("study", "arm")
    date_hierarchy = "entered_at"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The timeline instead of a form: nothing here can be edited."""
        person = self.get_object(request, object_id)
        if not self.has_view_permission(request) or person is None:
            raise Http404("no such participation, or none of your studies'")
        if request.method == "POST":
            return HttpResponse("Participations can't be edited here.", status=403)
        steps = timeline(person)
        context = {
            "title": f"Participation {person.code}",
            "person": person,
            "steps": steps,
            "answered": sum(step.judgment is not None for step in steps),
            "focus_losses": sum(_losses(step.judgment) for step in steps),
            "failed": sum(step.check == "failed" for step in steps),
            "exclusions": person.exclusions.select_related("made_by", "undone_by"),
        }
        return show(request, person.study, "participation", context)


def _losses(judgment: Judgment | None) -> int:
    return (judgment.focus_losses or 0) if judgment is not None else 0


@admin.register(Exclusion)
class ExclusionAdmin(ReadingAdmin):
    """All exclusions; they are made on the study's own page, with a reason and a note."""

    study_path = "participation__study"
    list_display = ("participation", "rule", "note", "undoes", "made_by", "made_at")
    list_filter = (ParticipationStudyFilter, "rule")
    list_select_related = ("participation", "undoes__participation", "made_by")

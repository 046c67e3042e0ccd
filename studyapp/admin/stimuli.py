"""Stimuli with their pictures."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from studyapp.models import Stimulus

from .filters import StudyFilter
from .reading import ReadingAdmin, thumbnail


@admin.register(Stimulus)
class StimulusAdmin(ReadingAdmin):
    """What trials ask about: chosen, in reserve, or dropped by name with the reason."""

    study_path = "study"
    list_display = ("category", "pictures", "role", "position", "photo", "study")
    list_filter = (StudyFilter, "paradigm", "role")
    search_fields = ("category", "photo__name")
    list_select_related = ("photo", "study")
    list_per_page = 20
    fields = (
        "study", "paradigm", "photo", "category", "class_index", "options", "facts", "role",
        "position", "dropped_because", "pictures",
    )  # fmt: skip
    readonly_fields = ("pictures",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stimulus]:
        rows = super().get_queryset(request)
        return rows.prefetch_related("overlays__overlay", "overlays__condition")

    @admin.display(description="overlays")
    def pictures(self, stimulus: Stimulus) -> SafeString | str:
        uses = sorted(stimulus.overlays.all(), key=lambda use: (use.condition.position, use.role))
        named = [(use.overlay, f"{use.condition.name}, {use.role}") for use in uses]
        figures = format_html_join(
            "",
            '<figure class="overlay">{}<figcaption>{}</figcaption></figure>',
            ((thumbnail(overlay, name), name) for overlay, name in named),
        )
        return format_html('<div class="overlays">{}</div>', figures) if uses else "none yet"

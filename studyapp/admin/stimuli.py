"""Stimuli with their pictures, and explanations, whose failures are tried again on request."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from studyapp.models import Explanation, Stimulus, StudyImage
from studyapp.queue import PREPARE, ask
from studyapp.studies.preparation.claims import retry
from studyapp.studies.preparation.targets import explained_in
from studyapp.studies.rights import Act, acts, may_sign_in, visible_studies

from .filters import NetworkFilter, StudyFilter, networks_of_studies
from .reading import ReadingAdmin, thumbnail


@admin.register(Stimulus)
class StimulusAdmin(ReadingAdmin):
    """What trials ask about: chosen, in reserve, or dropped by name with the reason."""

    study_path = "study"
    list_display = ("category", "pictures", "role", "position", "photo", "asked", "study")
    list_filter = (StudyFilter, "paradigm", "role")
    search_fields = ("category", "photo__name")
    list_select_related = ("photo__case", "study")
    list_per_page = 20
    fields = (
        "study", "paradigm", "photo", "asked", "category", "class_index", "options", "facts",
        "role", "position", "dropped_because", "pictures",
    )  # fmt: skip
    readonly_fields = ("asked", "pictures")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stimulus]:
        rows = super().get_queryset(request)
        return rows.prefetch_related("overlays__overlay", "overlays__condition")

    @admin.display(description="asked with", empty_value="the photo alone")
    def asked(self, stimulus: Stimulus) -> str | None:
        return stimulus.photo.case.context[:200] or None

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


@admin.register(Explanation)
class ExplanationAdmin(ReadingAdmin):
    list_display = ("method", "case", "network", "class_index", "explained", "state", "is_empty",
                    "attempts", "error")  # fmt: skip
    list_filter = ("state", "is_empty", "method", NetworkFilter)
    list_select_related = ("case__image", "network")
    actions = ("try_again",)

    def rows_of(self, rows: QuerySet[Explanation], studies: list[int]) -> QuerySet[Explanation]:
        """A map is shared by all studies with the same photo, network and settings."""
        return rows.filter(
            case__in=StudyImage.objects.filter(study__in=studies).values("case"),
            network__in=networks_of_studies(studies),
        )

    @admin.display(description="explained")
    def explained(self, row: Explanation) -> str:
        return explained_in(row) or "its score"

    def has_try_permission(self, request: HttpRequest) -> bool:
        return may_sign_in(request.user)

    @admin.action(description="Try failed ones again", permissions=["try"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Explanation]) -> None:
        """Make the failed ones pending again and ask for every study that is being prepared."""
        count = retry(Explanation.objects.filter(pk__in=rows.values("pk")))
        for study in visible_studies(request.user).preparing():
            if Act.PREPARE in acts(request.user, study):
                ask(PREPARE, study.pk)
        self.message_user(request, f"{count} explanations are tried again", messages.SUCCESS)

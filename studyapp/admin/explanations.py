"""What workers make: explanations with the reasons of their failures, tried again on request."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from studyapp.models import Explanation, StudyImage
from studyapp.queue import PREPARE, ask
from studyapp.studies.preparation.claims import retry
from studyapp.studies.rights import Act, acts, may_sign_in, visible_studies

from .filters import NetworkFilter, networks_of_studies
from .reading import ReadingAdmin


@admin.register(Explanation)
class ExplanationAdmin(ReadingAdmin):
    list_display = ("method", "image", "network", "class_index", "state", "is_empty", "attempts",
                    "error")  # fmt: skip
    list_filter = ("state", "is_empty", "method", NetworkFilter)
    list_select_related = ("image", "network")
    actions = ("try_again",)

    def rows_of(self, rows: QuerySet[Explanation], studies: list[int]) -> QuerySet[Explanation]:
        """A map is shared by all studies with the same photo, network and settings."""
        return rows.filter(
            image__in=StudyImage.objects.filter(study__in=studies).values("image"),
            network__in=networks_of_studies(studies),
        )

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

"""Judgments: viewed and filtered, never edited or deleted."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest

from studyapp.models import Judgment, Participation
from studyapp.studies.masking import masked_keys
from studyapp.studies.rights import visible_studies

from .filters import ConditionFilter, ParticipationStudyFilter, StageFilter
from .reading import ReadingAdmin

# What of a judgment tells how its condition did
ANSWERS = ("value", "data")


def up_to_newest(rows: QuerySet[Any], people: QuerySet[Participation]) -> QuerySet[Any]:
    """`rows` without the judgments that are newer than all of those `people`.

    The list goes from the newest down: it starts at theirs, instead of passing over the judgments
    of all other studies to find the first of them.
    """
    own = Judgment.objects.filter(participation=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    newest = people.annotate(last=Subquery(own)).aggregate(newest=Max("last"))["newest"]
    return rows.filter(pk__lte=newest) if newest is not None else rows.none()


class JudgmentStudyFilter(ParticipationStudyFilter):
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().queryset(request, queryset)
        if not self.value():
            return rows
        seen = visible_studies(request.user).filter(slug=self.value())
        keys = list(seen.values_list("pk", flat=True))
        return up_to_newest(rows, Participation.objects.filter(study__in=keys))


@admin.register(Judgment)
class JudgmentAdmin(ReadingAdmin):
    study_path = "participation__study"
    list_display = (
        "participation", "trial", "stage", "condition", "answer", "rt_ms", "answered_at"
    )  # fmt: skip
    list_filter = (JudgmentStudyFilter, StageFilter, ConditionFilter)
    list_select_related = ("participation", "trial__slot__study", "trial__condition")

    def rows_of(self, rows: QuerySet[Any], studies: list[int]) -> QuerySet[Any]:
        people = Participation.objects.filter(study__in=studies)
        return up_to_newest(super().rows_of(rows, studies), people)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        masked = Q(participation__study__in=masked_keys())
        rows: QuerySet[Any] = super().get_queryset(request).annotate(masked=masked)
        return rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """While a study's outcomes are masked, not what was answered under which condition."""
        hidden = ANSWERS if obj is not None and obj.masked else ()
        return [name for name in super().get_fields(request, obj) if name not in hidden]

    @admin.display(description="value")
    def answer(self, judgment: Any) -> str:
        return "masked" if judgment.masked else str(judgment.value)

    @admin.display(description="stage")
    def stage(self, judgment: Judgment) -> str:
        return judgment.trial.stage

    @admin.display(description="condition")
    def condition(self, judgment: Judgment) -> str:
        return str(judgment.trial.condition or "")

"""Judgments: seen and filtered, never edited or deleted by hand."""

from django.contrib import admin

from studyapp.models import Judgment

from .filters import ConditionFilter, ParticipationStudyFilter, StageFilter
from .reading import ReadingAdmin


@admin.register(Judgment)
class JudgmentAdmin(ReadingAdmin):
    study_path = "participation__study"
    list_display = ("participation", "trial", "stage", "condition", "value", "rt_ms", "answered_at")
    list_filter = (ParticipationStudyFilter, StageFilter, ConditionFilter)
    list_select_related = ("participation", "trial__slot__study", "trial__condition")

    @admin.display(description="stage")
    def stage(self, judgment: Judgment) -> str:
        return judgment.trial.stage

    @admin.display(description="condition")
    def condition(self, judgment: Judgment) -> str:
        return str(judgment.trial.condition or "")

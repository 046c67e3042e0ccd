"""What people said, and why some of it is left out: Judgment, Exclusion."""

from typing import Self

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone

from .design import Stage, Trial
from .participation import Participation
from .study import Study


class JudgmentQuerySet(models.QuerySet["Judgment"]):
    def of(self, study: Study) -> Self:
        return self.filter(participation__study=study)

    def checks(self) -> Self:
        """Answers to attention checks."""
        return self.filter(trial__stage=Stage.CHECK)

    def failed_checks(self) -> Self:
        """Answers to attention checks that are not the one asked for."""
        return self.checks().exclude(value=F("trial__expected"))


class Judgment(models.Model):
    """One answer to one trial: added once, never edited, deleted only by a withdrawal or with a
    marked copy of a study that was never open.

    `value` is the answer as shown on the page (so −2 is "A clearly", 0 the first button …);
    which of it was right or favours the stronger network is worked out from the trial.
    """

    # Two indexes below begin with this column, so it needs none of its own
    participation = models.ForeignKey(
        Participation, models.PROTECT, related_name="judgments", db_index=False
    )
    trial = models.ForeignKey(Trial, models.PROTECT, related_name="judgments")
    value = models.SmallIntegerField(null=True)
    # Whatever else the paradigm's form took: confidence, text, click …
    data = models.JSONField(default=dict, blank=True)
    texts_digest = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(default=timezone.now, editable=False)
    rt_ms = models.PositiveIntegerField(null=True, help_text="Onset to the first choice.")
    confirm_ms = models.PositiveIntegerField(null=True, help_text="Onset to the confirmation.")
    choice_changes = models.PositiveSmallIntegerField(null=True)
    hidden_ms = models.PositiveIntegerField(null=True)
    focus_losses = models.PositiveSmallIntegerField(null=True)
    window_width = models.PositiveIntegerField(null=True)
    window_height = models.PositiveIntegerField(null=True)
    pixel_ratio = models.FloatField(null=True)
    picture_failed = models.BooleanField(null=True)
    # What the page told of how it presented its pictures; null where they just stand there
    presentation = models.JSONField(null=True)

    objects = JudgmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participation", "trial"], name="judgment_once")
        ]
        indexes = [
            models.Index(fields=["answered_at"], name="judgment_answered"),
            models.Index(fields=["participation", "id"], name="judgment_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.participation}: {self.trial}"


@transaction.atomic
def erase_judgments(rows: models.QuerySet[Judgment]) -> int:
    """Delete judgments, for a withdrawal or with a marked copy that is deleted; how many.

    A trigger protects them; it looks for the setting, which is in force for these rows only.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL discern.withdrawing = 'yes'")
        _, erased = rows.delete()
        cursor.execute("SET LOCAL discern.withdrawing = ''")
    # Their evidence and traces go with them, and are not counted.
    return erased.get(Judgment._meta.label, 0)


class ExclusionQuerySet(models.QuerySet["Exclusion"]):
    def of(self, study: Study) -> Self:
        return self.filter(participation__study=study)

    def made(self) -> Self:
        """Without the rows that undo one."""
        return self.filter(undoes=None)

    def standing(self) -> Self:
        """Those that were made and not undone."""
        return self.made().filter(undone_by=None)


class Exclusion(models.Model):
    """Why a participation is left out of the analysis: a row beside the data. Undo is a row too."""

    participation = models.ForeignKey(Participation, models.PROTECT, related_name="exclusions")
    rule = models.CharField(max_length=60)
    note = models.TextField(blank=True)
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="undone_by"
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ExclusionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.participation}: {self.rule}"

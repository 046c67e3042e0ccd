"""What workers make of a study: the report, and a machine's numbers beside people's."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .codes import new_code
from .design import StimulusOverlay
from .study import Study
from .work import Work, WorkState, ready_iff


class ReportForm(models.TextChoices):
    PAGE = "page", "report"
    PAPER = "paper", "paper kit"


class Report(Work):
    """A report, or a paper kit, of a study as it stood when it was made; `step` of `steps` is the
    progress."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="reports")
    code = models.CharField(max_length=32, unique=True, default=new_code)
    form = models.CharField(
        max_length=5, choices=ReportForm, default=ReportForm.PAGE, db_default=ReportForm.PAGE
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    step = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    doing = models.CharField(max_length=200, blank=True)
    file = models.CharField(max_length=200, blank=True)
    digest = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the page, or of the kit’s zip."
    )
    results_digest = models.CharField(max_length=64, blank=True)
    analysed = models.PositiveIntegerField(null=True, blank=True, help_text="People analysed.")
    excluded = models.PositiveIntegerField(
        null=True, blank=True, help_text="People who finished and are left out."
    )

    class Meta(Work.Meta):
        ordering = ["-asked_at"]
        constraints = [
            *Work.Meta.constraints,
            ready_iff("report_ready_iff_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_form_display()} of {self.study}"


class RehearsalKind(models.TextChoices):
    PEOPLE = "people", "simulated people"
    POWER = "power", "power"


class Rehearsal(Work):
    """Simulated people or power of a study, asked for at the desk; nobody's answers are in it."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="rehearsals")
    kind = models.CharField(max_length=10, choices=RehearsalKind)
    asked = models.JSONField(default=dict, help_text="What was asked for, by option.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    definition_digest = models.CharField(
        max_length=64, help_text="Of the definition as it was when this was asked for."
    )
    result = models.JSONField(null=True, blank=True, help_text="The facts, as by command.")

    class Meta(Work.Meta):
        ordering = ["-asked_at"]
        constraints = [
            *Work.Meta.constraints,
            models.CheckConstraint(
                name="rehearsal_ready_iff_result",
                condition=Q(state=WorkState.READY, result__isnull=False)
                | (~Q(state=WorkState.READY) & Q(result__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["study"],
                condition=Q(state=WorkState.PENDING),
                name="rehearsal_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.study}"


class MetricValue(models.Model):
    """What an automatic metric says of one explanation that people judged."""

    use = models.ForeignKey(StimulusOverlay, models.CASCADE, related_name="metrics")
    metric = models.CharField(max_length=60)
    value = models.FloatField()
    settings = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["use", "metric"], name="metric_once")]

    def __str__(self) -> str:
        return f"{self.metric} of {self.use}"


class Measurement(Work):
    """The measuring of one explanation that people judged, which ends in its MetricValues."""

    use = models.OneToOneField(StimulusOverlay, models.CASCADE, related_name="measurement")

    def __str__(self) -> str:
        return f"measuring {self.use}"


class Download(Work):
    """A bundle of a study that a worker made to be downloaded, public or private."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="downloads")
    code = models.CharField(max_length=32, unique=True, default=new_code)
    public = models.BooleanField(default=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    file = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the zip.")

    class Meta(Work.Meta):
        ordering = ["-asked_at"]
        constraints = [
            *Work.Meta.constraints,
            ready_iff("download_ready_iff_digest"),
        ]

    def __str__(self) -> str:
        return f"{'public' if self.public else 'private'} bundle of {self.study}"

"""Ready studies that a worker makes, with their photos and networks."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .study import Study
from .work import Work, WorkState


class Making(Work):
    """A ready study, asked for at the desk: what it needs is made first, then it is a draft.

    `doing` and `share` (percent, where that is known) are the progress.
    """

    ready = models.CharField(max_length=100, help_text="The name of the ready study.")
    slug = models.SlugField(max_length=80, help_text="What the study will be called.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="makings")
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    doing = models.CharField(max_length=200, blank=True)
    share = models.PositiveSmallIntegerField(null=True, blank=True)
    study = models.ForeignKey(Study, models.CASCADE, null=True, blank=True, related_name="makings")

    class Meta(Work.Meta):
        ordering = ["-asked_at"]
        constraints = [
            *Work.Meta.constraints,
            models.CheckConstraint(
                name="making_ready_iff_study",
                condition=Q(state=WorkState.READY, study__isnull=False)
                | (~Q(state=WorkState.READY) & Q(study__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["made_by"],
                condition=Q(state=WorkState.PENDING),
                name="making_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"making {self.ready} as {self.slug}"

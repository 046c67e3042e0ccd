"""What decides who comes: an earlier part in another study, and the waiting list."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .design import Slot
from .participation import Participation


class EarlierPart(models.Model):
    """The study of `entry.only_after` that a person had finished, as it was when they came.

    Copied, so that it stays with the data when the other study's ids are erased.
    """

    participation = models.OneToOneField(Participation, models.CASCADE, related_name="earlier")
    study_slug = models.CharField(max_length=80)
    participant_code = models.CharField(
        max_length=32, help_text="What the pseudonym of the same person in that study is made of."
    )
    arm = models.CharField(max_length=60)
    finished_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.study_slug} before {self.participation}"


class Waiting(models.Model):
    """Somebody on the waiting list of a full study, and the place that is held for them, if any."""

    participation = models.OneToOneField(Participation, models.CASCADE, related_name="waiting")
    since = models.DateTimeField(default=timezone.now, editable=False)
    # When their page looked last
    seen_at = models.DateTimeField(default=timezone.now)
    slot = models.OneToOneField(Slot, models.PROTECT, null=True, related_name="+")
    offered_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="waiting_offer_has_an_end",
                condition=Q(slot__isnull=True, offered_until__isnull=True)
                | Q(slot__isnull=False, offered_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.participation} waits"

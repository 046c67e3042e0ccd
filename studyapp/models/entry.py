"""What decides who comes: an earlier part in another study."""

from django.db import models

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

"""Who works on a study, and in which role."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from .study import Study


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    RESEARCHER = "researcher", "Researcher"
    ASSISTANT = "assistant", "Assistant"
    CODER = "coder", "Coder"


class Member(models.Model):
    """A user's role in one study; its marked copies go with it."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    role = models.CharField(max_length=10, choices=Role)
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.study}"

"""How an answer was given, as far as its browser could tell, of people who agreed to that.

It is evidence, not a verdict: a machine can look like a person here, and a person like a machine.
"""

from django.db import models
from django.utils import timezone

from .agents import SignedAgent
from .judgment import Judgment


class Pointer(models.TextChoices):
    NONE = "none", "none"
    MOUSE = "mouse", "mouse"
    TOUCH = "touch", "touch"
    PEN = "pen", "pen"


class PointerPath(models.TextChoices):
    NONE = "none", "no way, or too few places to tell"
    STRAIGHT = "straight", "a straight line"
    CURVED = "curved", "a curved line"


class Evidence(models.Model):
    """What a page observed while its question was answered; null where it could not observe it.

    It outlives the `Trace` that it was derived from.
    """

    judgment = models.OneToOneField(
        Judgment, models.CASCADE, primary_key=True, related_name="evidence"
    )
    untrusted_events = models.PositiveIntegerField(
        null=True, help_text="Events that answered and were made by a script, not by a device."
    )
    webdriver = models.BooleanField(
        null=True, help_text="Whether the browser said that a program controls it."
    )
    pointer = models.CharField(  # noqa: DJ001 — null: not observed; "none": nothing pointed
        max_length=5, null=True, choices=Pointer, help_text="What pointed last."
    )
    path = models.CharField(  # noqa: DJ001 — null: not observed
        max_length=8,
        null=True,
        choices=PointerPath,
        help_text="The shape of the way to the answers.",
    )
    pointer_events = models.PositiveIntegerField(null=True)
    key_events = models.PositiveIntegerField(null=True, help_text="Keys pressed, whichever.")
    key_interval_sd_ms = models.FloatField(
        null=True, help_text="Spread of the times between keys; null with fewer than three."
    )
    pastes = models.PositiveIntegerField(null=True, help_text="Into written answers.")
    tab_switches = models.PositiveIntegerField(
        null=True, help_text="While a written answer was asked for."
    )
    web_bot_auth = models.CharField(max_length=8, blank=True, default="", choices=SignedAgent)
    # Whether the page sent something that is no trace: it was dropped, and nothing is known
    unreadable = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return f"evidence beside {self.judgment}"


class Trace(models.Model):
    """What `Evidence` was derived from: times, and places in the window. No key, and no word.

    Private, and deleted by date: `manage.py forget`.
    """

    judgment = models.OneToOneField(
        Judgment, models.CASCADE, primary_key=True, related_name="trace"
    )
    recorded = models.JSONField()
    recorded_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    def __str__(self) -> str:
        return f"trace of {self.judgment}"

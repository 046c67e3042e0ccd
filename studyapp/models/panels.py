"""The access to a panel that a researcher gave, and what the panel was asked to do."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .participation import PanelVisit
from .study import Study


class PanelAccess(models.Model):
    """The token by which this site may call a panel for one study; sealed, and shown to nobody.

    `sealed_secret` is what the panel signs its webhooks with, where this site subscribed to them.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="panel_accesses")
    source = models.CharField(max_length=40)
    sealed_token = models.TextField(editable=False)
    given_by = models.CharField(max_length=150)
    given_at = models.DateTimeField(default=timezone.now, editable=False)
    sealed_secret = models.TextField(blank=True, default="", editable=False)
    subscription = models.CharField(max_length=200, blank=True, default="")
    # When the panel was last asked, and why that failed, empty if it did not
    polled_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, default="")

    class Meta:
        verbose_name_plural = "panel accesses"
        constraints = [
            models.UniqueConstraint(fields=["study", "source"], name="panel_access_once")
        ]

    def __str__(self) -> str:
        return f"access of {self.study} to {self.source}"


class ActKind(models.TextChoices):
    APPROVE = "approve", "approve"
    ASK_RETURN = "ask_return", "ask to return"
    BONUS = "bonus", "pay a bonus"


class ActState(models.TextChoices):
    UNKNOWN = "unknown", "unknown: check at the panel"
    DONE = "done", "done"
    REFUSED = "refused", "refused"


class PanelAct(models.Model):
    """Something that was asked of a panel about one visit: written before the panel is called.

    A row begins as unknown, and so it stays where the answer is lost. Only one that was refused may
    be tried again, which the constraint sees to: nobody is approved or paid twice.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="panel_acts")
    # Empty once the panel's ids are erased
    visit = models.ForeignKey(
        PanelVisit, models.SET_NULL, null=True, blank=True, related_name="acts"
    )
    kind = models.CharField(max_length=12, choices=ActKind)
    # Of a bonus what it is for; one visit gets one bonus of each
    purpose = models.CharField(max_length=200, blank=True, default="")
    amount = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=20, blank=True, default="")
    # The panel's own number of the payment
    batch = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=8, choices=ActState, default=ActState.UNKNOWN)
    sentence = models.TextField(blank=True, default="")
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["made_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "kind", "purpose"],
                condition=Q(state__in=[ActState.UNKNOWN, ActState.DONE]),
                name="panel_act_once",
            ),
            models.CheckConstraint(
                name="panel_act_bonus_has_amount",
                condition=(~Q(kind=ActKind.BONUS) & Q(amount=None))
                | Q(kind=ActKind.BONUS, amount__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.visit}"

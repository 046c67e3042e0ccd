"""What rows that a worker fills have together: the row is the state, and a claim on it is timed."""

from django.db import models
from django.db.models import Q


class WorkState(models.TextChoices):
    PENDING = "pending", "pending"
    READY = "ready", "ready"
    FAILED = "failed", "failed"


class Work(models.Model):
    """One piece of work, claimed by one worker for a while and finished or failed once."""

    state = models.CharField(max_length=8, choices=WorkState, default=WorkState.PENDING)
    error = models.TextField(blank=True)
    claimed_by = models.CharField(max_length=200, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_failed_has_a_reason",
                condition=~Q(state=WorkState.FAILED) | ~Q(error=""),
            )
        ]


class Heartbeat(models.Model):
    """When a worker was last alive, and at what; asking a busy worker itself gets no answer."""

    worker = models.CharField(max_length=200, unique=True)
    queues = models.CharField(max_length=200)
    doing = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.worker

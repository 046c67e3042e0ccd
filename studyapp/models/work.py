"""What rows that a worker fills have together: the row is the state, and a claim on it is timed."""

from typing import Self, TypeVar

from django.db import models
from django.db.models import Count, Q


class WorkState(models.TextChoices):
    PENDING = "pending", "pending"
    READY = "ready", "ready"
    FAILED = "failed", "failed"


def ready_iff(name: str, digest: str = "digest") -> models.CheckConstraint:
    """A row is ready if and only if the digest of what was made is there."""
    is_there = Q(state=WorkState.READY, **{f"{digest}__gt": ""})
    return models.CheckConstraint(
        name=name, condition=is_there | (~Q(state=WorkState.READY) & Q(**{digest: ""}))
    )


Row = TypeVar("Row", bound=models.Model)


class WorkQuerySet(models.QuerySet[Row]):
    def pending(self) -> Self:
        """Not made yet, whether or not a worker has claimed them."""
        return self.filter(state=WorkState.PENDING)

    def ready(self) -> Self:
        return self.filter(state=WorkState.READY)

    def failed(self) -> Self:
        """Not to be made: trying again would end the same, or was tried too often."""
        return self.filter(state=WorkState.FAILED)

    def counts(self) -> dict[str, int]:
        """How many rows are in each state; a row that a join repeats counts once."""
        states = {
            str(state): Count("pk", filter=Q(state=state), distinct=True) for state in WorkState
        }
        return self.order_by().aggregate(**states)


class Work(models.Model):
    """One piece of work, claimed by one worker for a while and finished or failed once."""

    state = models.CharField(max_length=8, choices=WorkState, default=WorkState.PENDING)
    error = models.TextField(blank=True)
    claimed_by = models.CharField(max_length=200, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = WorkQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_failed_has_a_reason",
                condition=~Q(state=WorkState.FAILED) | ~Q(error=""),
            )
        ]
        # What is watched: few rows, whatever the table's size
        indexes = [
            models.Index(
                fields=["state", "claimed_until"],
                condition=Q(state=WorkState.FAILED) | Q(claimed_until__isnull=False),
                name="%(class)s_watched",
            )
        ]


class Heartbeat(models.Model):
    """When a worker was last alive, and at what; asking a busy worker itself gets no answer."""

    worker = models.CharField(max_length=200, unique=True)
    queues = models.CharField(max_length=200)
    doing = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    # What it did since it started: rows by kind and state, seconds by task; bytes of memory
    tallies = models.JSONField(null=True, editable=False)

    def __str__(self) -> str:
        return self.worker

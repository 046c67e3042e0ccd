"""Which worker has which row: a claim is one conditional UPDATE and runs out by itself.

All by the database's clock: workers' own may differ, and a claim is compared with others' claims.
"""

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from studyapp.models import Work, WorkQuerySet, WorkState

# How many rows this process has made or failed: (kind, state) → rows
settled: Counter[tuple[str, str]] = Counter()
FREE = {"claimed_by": "", "claimed_until": None}


def claim(rows: WorkQuerySet[Any], worker: str) -> str:
    """Claim the free pending rows among `rows`; the claim's name, by which they can be found.

    Attempts are counted when a claim is made, so that a row at which workers die runs out of
    them: it is failed here, with the reason, when its last claim has run out. At its last attempt a
    row is claimed alone, so that others don't fail with it: an older request may name many rows.
    """
    free = rows.pending().exclude(is_held())
    free.filter(attempts__gte=settings.MOST_ATTEMPTS).update(
        state=WorkState.FAILED,
        error=_stopped(),
        finished_at=Now(),
        **FREE,
    )
    if free.count() > 1:
        free = free.filter(attempts__lt=settings.MOST_ATTEMPTS - 1)
    name = f"{worker[:150]}/{uuid.uuid4().hex}"
    free.update(claimed_by=name, claimed_until=_until(), attempts=F("attempts") + 1)
    return name


def _stopped() -> str:
    return f"{settings.MOST_ATTEMPTS} workers stopped at it; see the worker's log, then retry"


def is_held() -> Q:
    """Rows with a claim that has not run out.

    Nobody claims for longer than the longest task, or twice CLAIM_SECONDS where that is more: a
    claim for longer was made by a clock that has been set back since, and its worker, if it lives,
    has renewed it.
    """
    most = max(settings.LONGEST_TASK_SECONDS, 2 * settings.CLAIM_SECONDS)
    longest = Now() + timedelta(seconds=most)
    return Q(claimed_until__isnull=False, claimed_until__gt=Now(), claimed_until__lt=longest)


def _until() -> CombinedExpression:
    return Now() + timedelta(seconds=settings.CLAIM_SECONDS)


def renew(rows: WorkQuerySet[Any], claim_name: str) -> None:
    """Keep a claim for as long again: its worker is alive and still at it."""
    rows.pending().filter(claimed_by=claim_name).update(claimed_until=_until())


def finish(row: Work, claim_name: str, **values: Any) -> bool:
    """Record the result of a claimed row; False, and nothing recorded, if the claim was lost."""
    return _settle(row, claim_name, state=WorkState.READY, error="", **values)


def fail(row: Work, claim_name: str, reason: str) -> bool:
    """Mark a claimed row failed for good, because trying again would end the same."""
    return _settle(
        row, claim_name, state=WorkState.FAILED, error=reason[:2000] or "no reason given"
    )


def give_back(row: Work, claim_name: str, reason: str) -> bool:
    """Leave a claimed row to another try; after the last one it is failed with `reason`."""
    if row.attempts >= settings.MOST_ATTEMPTS:
        return fail(row, claim_name, reason)
    mine = type(row).objects.filter(pk=row.pk, claimed_by=claim_name)
    return mine.update(error=reason[:2000], **FREE) == 1


def give_back_untried(rows: QuerySet[Any]) -> int:
    """Leave claimed rows as they were before the claim, attempts too; how many there were."""
    return rows.update(attempts=F("attempts") - 1, **FREE)


def take_back_attempts(rows: WorkQuerySet[Any], claim_name: str, reason: str) -> None:
    """Count no attempt for a claim of `rows` that broke off for `reason`, even if it has run out:
    then another worker may have claimed them, or failed them because it was their last attempt."""
    mine, tried = rows.filter(claimed_by=claim_name), rows.filter(attempts__gt=0)
    tried.pending().exclude(claimed_by=claim_name).update(attempts=F("attempts") - 1)
    tried.failed().filter(error=_stopped()).update(
        state=WorkState.PENDING, error=reason, attempts=F("attempts") - 1, finished_at=None
    )
    mine.update(error=reason)
    give_back_untried(mine)


def retry(rows: WorkQuerySet[Any]) -> int:
    """Make failed rows pending again, with all attempts; how many there were."""
    return rows.failed().update(state=WorkState.PENDING, error="", attempts=0, **FREE)


def _settle(row: Work, claim_name: str, **values: Any) -> bool:
    mine = type(row).objects.pending().filter(pk=row.pk, claimed_by=claim_name)
    is_mine = mine.update(finished_at=Now(), **FREE, **values) == 1
    settled[row._meta.model_name or "", str(values["state"])] += is_mine
    return is_mine

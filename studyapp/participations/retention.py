"""Panels' ids are kept as long as people must be paid, and no longer."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from studyapp.models import PanelIdentity, Participation


def outdated_identities() -> QuerySet[PanelIdentity]:
    """The panel ids of people all of whose studies closed PANEL_ID_DAYS or more days ago."""
    limit = timezone.now() - timedelta(days=settings.PANEL_ID_DAYS)
    going_on = Participation.objects.filter(participant=OuterRef("participant")).filter(
        Q(study__closed_at__isnull=True) | Q(study__closed_at__gt=limit)
    )
    taken_part = Participation.objects.filter(participant=OuterRef("participant"))
    return PanelIdentity.objects.filter(Exists(taken_part), ~Exists(going_on))


def forget_identities() -> int:
    """Erase them; the judgments stay, under the participant's code. How many there were."""
    erased, _ = outdated_identities().delete()
    return erased

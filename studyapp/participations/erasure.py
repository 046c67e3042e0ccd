"""After payment the panel's ids are no longer needed: they are erased by date."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from studyapp.models import PanelIdentity, Participation, Study
from studyapp.studies.definition import study_definition


def erasable(study: Study, before: datetime) -> QuerySet[PanelIdentity]:
    """Ids of people who entered `study` before that moment, and no other study or time since.

    Somebody who takes part elsewhere keeps the id, which that study may still have to pay.
    """
    own = Participation.objects.filter(participant=OuterRef("participant"))
    earlier = own.filter(study=study, entered_at__lt=before)
    elsewhere = own.filter(~Q(study=study) | Q(entered_at__gte=before))
    return PanelIdentity.objects.filter(Exists(earlier), ~Exists(elsewhere))


@transaction.atomic
def erase_identities(study: Study, before: datetime) -> int:
    """Erase those ids for good; how many there were. The judgments stay, without a name."""
    erased, _ = erasable(study, before).delete()
    return erased


def due_studies(today: date) -> list[Study]:
    """The studies whose declared day has come, so that nobody has to remember it."""
    days = [
        (study, study_definition(study).panel.erase_ids_on)
        for study in Study.objects.order_by("slug")
    ]
    return [study for study, day in days if day is not None and day <= today]

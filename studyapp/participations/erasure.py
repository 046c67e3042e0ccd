"""Panels' ids are kept as long as people must be paid, and no longer: they are erased by date.

There is one rule. An id goes when the person is done with everywhere: a participation is over when
the day that its study declares has come, without one PANEL_ID_DAYS after the study closed, or when
a researcher says that it is paid. Who takes part elsewhere keeps the id, which that study may still
have to pay. The judgments stay, under the participant's code.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from studyapp.models import PanelAccess, PanelIdentity, PanelVisit, Participation, Study
from studyapp.shelf.clock import certain_now
from studyapp.studies.definition.study import study_definition
from studyapp.studies.earlier import forget_digests, recognises

from .digests import id_digests


def is_paid(study: Study, before: datetime) -> Q:
    """Participations of people who entered `study` before that moment."""
    return Q(study=study, entered_at__lt=before)


def is_over() -> Q:
    """Participations that no panel asks about any more, by the day declared or by PANEL_ID_DAYS."""
    days = {
        study.pk: study_definition(study).panel.erase_ids_on for study in Study.objects.order_by()
    }
    # Erased is erased: neither clock alone, set wrong, brings the day.
    now = certain_now()
    today = timezone.localdate(now)
    due = [key for key, day in days.items() if day is not None and day <= today]
    silent = [key for key, day in days.items() if day is None]
    limit = now - timedelta(days=settings.PANEL_ID_DAYS)
    return Q(study__in=due) | Q(study__in=silent, study__closed_at__lte=limit)


def erasable(done: Q) -> QuerySet[PanelIdentity]:
    """Ids of people all of whose participations, at least one, are `done`."""
    own = Participation.objects.filter(participant=OuterRef("participant"))
    # Counted by key: a negated condition would also leave out what is unknown, such as no close
    open_ones = own.exclude(pk__in=Participation.objects.filter(done).values("pk"))
    return PanelIdentity.objects.filter(Exists(own), ~Exists(open_ones))


@transaction.atomic
def erase_identities(done: Q) -> int:
    """Erase those ids for good, with what the panel told of each visit; how many there were.

    A study of which no id is left needs its panel's token no more, so that goes too. A keyed digest
    stays in a study that is not closed, so that nobody takes part twice, and in one by which
    another study that is not closed decides who may come.
    """
    due = list(erasable(done).select_for_update())
    studies: set[int] = set()
    for identity in due:
        people = Participation.objects.filter(participant=identity.participant_id)
        for person in people.select_related("study"):
            if not recognises(person.study):
                continue
            person.id_digest = id_digests(person.study, identity.source, identity.external_id)[0]
            person.save(update_fields=["id_digest"])
        studies.update(people.values_list("study_id", flat=True))
        PanelVisit.objects.filter(participation__in=people).delete()
    PanelIdentity.objects.filter(pk__in=[identity.pk for identity in due]).delete()
    left = PanelIdentity.objects.filter(participant__participations__study=OuterRef("study"))
    PanelAccess.objects.filter(~Exists(left), study__in=studies).delete()
    forget_digests()
    return len(due)

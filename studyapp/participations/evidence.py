"""What is stored of how people answer, with their consent, and when it goes.

Traces are deleted on a schedule; what was derived from them stays until the person takes either
consent back.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from studyapp.models import Evidence, Judgment, Participation, SignedAgent, Study, Trace
from studyapp.shelf.clock import certain_now
from studyapp.shelf.rows import insert
from studyapp.studies.definition.study import Definition, study_definition

from .enrolment import lock
from .traces import Observed


def asks_for_traces(definition: Definition) -> bool:
    """Whether people of the study are asked if their pages may record how they answer."""
    return definition.evidence is not None and definition.evidence.traces


def keep_evidence(
    judgment: Judgment, observed: Observed, signed: SignedAgent | None = None
) -> None:
    """Store what was observed beside an answer, and the trace that it follows from."""
    insert(Evidence(judgment=judgment, web_bot_auth=signed or "", **observed.features))
    if observed.trace is not None:
        insert(Trace(judgment=judgment, recorded=observed.trace))


@transaction.atomic
def take_traces_back(participation: Participation) -> None:
    """The person no longer agrees: what was recorded and derived goes, and nothing more comes."""
    person = lock(participation)
    if person.traces_agreed_at is None:
        return
    Trace.objects.filter(judgment__participation=person).delete()
    Evidence.objects.filter(judgment__participation=person).delete()
    person.take_traces_back()


def traces_of(study: Study) -> QuerySet[Trace]:
    return Trace.objects.filter(judgment__participation__study=study)


def traces_due() -> QuerySet[Trace]:
    """Traces kept for as many days as their study said; by the earlier of both clocks."""
    now, due = certain_now(), Q(pk__in=[])
    for study in Study.objects.filter(definition__evidence__traces=True).order_by():
        evidence = study_definition(study).evidence
        assert evidence is not None
        limit = now - timedelta(days=evidence.keep_days)
        due |= Q(judgment__participation__study=study, recorded_at__lte=limit)
    return Trace.objects.filter(due)


def delete_due_traces() -> int:
    """Delete them; how many there were."""
    deleted, _ = traces_due().delete()
    return deleted

"""The list by which a panel pays, visit by visit: who, what became of it, and what to do."""

from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from studyapp.models import Judgment, PanelVisit, Participation, Status, Study, VisitStatus
from studyapp.studies.definition.study import Definition, study_definition

from .decisions import PAYABLE, Decision, decisions
from .outcomes import outcome, too_many_failed
from .panels import PANELS

COLUMNS = ("panel", "id", "session", "status", "outcome", "decision", "minutes", "bonus")


def columns(definition: Definition) -> tuple[str, ...]:
    """Of the list of a study; its last is the site where there are several."""
    return (*COLUMNS, "site") if definition.sites else COLUMNS


def approvals(
    study: Study,
    people: QuerySet[Participation] | None = None,
    *,
    kinds: Collection[Decision] = PAYABLE,
) -> Iterator[dict[str, Any]]:
    """A row for each visit about which one of `kinds` is to be done, in the order of entering.

    people: those of `payees`, by default everybody whose panel id is not erased. Beside the columns
    a row holds the completion `code` and the `visit`.
    """
    definition = study_definition(study)
    if people is None:
        people = payees(study).filter(participant__identity__isnull=False)
    for person in people.iterator(chunk_size=2000):
        what = _outcome(person, definition)
        for visit, decision in decisions(person, what, definition):
            if decision in kinds:
                yield _row(person, visit, definition, what, decision)


def payees(study: Study) -> QuerySet[Participation]:
    """The people of a study, each with the number of their failed checks and all their visits, so
    that no row asks for its own."""
    mine = Judgment.objects.filter(participation=OuterRef("pk"))
    failed = mine.failed_checks().order_by().values("participation")
    counted = Subquery(failed.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    rows = study.participations.select_related("participant__identity", "study")
    rows = rows.prefetch_related("visits__acts")
    return rows.order_by("entered_at", "pk").annotate(failed_checks=Coalesce(counted, 0))


def _outcome(person: Any, definition: Definition) -> str:
    """What became of one of `payees`; the same as `outcome`, which counts for itself."""
    if person.status != Status.FINISHED:
        return outcome(person, definition)
    limit = too_many_failed(definition)
    return "failed_checks" if limit is not None and person.failed_checks >= limit else "complete"


def _row(
    person: Participation,
    visit: PanelVisit | None,
    definition: Definition,
    what: str,
    decision: Decision,
) -> dict[str, Any]:
    identity = getattr(person.participant, "identity", None)
    end, begin = person.finished_at or person.last_seen_at, person.consented_at
    pay = definition.pay
    is_screened_out = person.status == Status.SCREENED_OUT and pay is not None
    gets_part = decision in (Decision.PART, Decision.UNKNOWN) and is_screened_out
    row = {
        "panel": person.participant.source,
        "id": identity.external_id if identity is not None else "",
        "session": visit.session if visit is not None else "",
        "status": _status(person, visit),
        "outcome": what,
        "decision": str(decision),
        "minutes": round((end - begin).total_seconds() / 60, 1) if end and begin else None,
        "bonus": pay.partial if gets_part and pay is not None else 0.0,
        "code": person.completion_code,
        "visit": visit,
    }
    return {**row, "site": person.site} if definition.sites else row


def _status(person: Participation, visit: PanelVisit | None) -> str:
    """The panel's status in words; empty for a panel that tells none."""
    if visit is not None and visit.status:
        return str(VisitStatus(visit.status).label)
    panel = PANELS.get(person.participant.source)
    return "unknown" if panel is not None and panel.tells_status else ""


def unpaid(study: Study) -> int:
    """How many are still on their way, so that the list is not the last one."""
    return study.participations.on_the_way().count()

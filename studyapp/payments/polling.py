"""A panel asked, with a study's token, what became of its sessions: this heals a lost message."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from studyapp.models import (
    ActKind,
    ActState,
    PanelAccess,
    PanelAct,
    PanelVisit,
    StatusSource,
    Study,
    StudyState,
    VisitStatus,
)
from studyapp.participations.panels import PANELS, title_of
from studyapp.participations.visit_states import PAID, News, take_in
from studyapp.shelf.formatting import counted

from .access import api_of, panel_studies
from .base import Told
from .line import PanelError, Refused

EVERY = timedelta(hours=1)
# A study that closed so long ago has no session under way: it is asked about only by hand
AFTER_CLOSING = timedelta(days=60)


@dataclass
class Poll:
    """How many sessions were told of, changed, are not this study's, or have an unknown status."""

    told: int = 0
    changed: int = 0
    strangers: int = 0
    unknown: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: "Poll") -> "Poll":
        self.told += other.told
        self.changed += other.changed
        self.strangers += other.strangers
        self.unknown += other.unknown
        return self

    @property
    def sentence(self) -> str:
        words = f"{counted(self.told, 'visit', 'visits')} reported, {self.changed} changed"
        if self.strangers:
            words += (
                f"; {counted(self.strangers, 'session is', 'sessions are')} known only there "
                "(people who never opened the study here)"
            )
        for status, count in sorted(self.unknown.items()):
            words += f"; {count} with the status {status[:40]}, which this site does not know"
        return f"{words}."


def poll(access: PanelAccess) -> Poll:
    """Ask the panel about every session of the study. Raises PanelError, which is kept with the
    access, as is the moment."""
    try:
        if not PANELS[access.source].tells_status:
            raise Refused(f"{title_of(access.source)} tells no statuses; look there")
        found, refused = _poll_each(access)
        if refused and not found.told:
            raise Refused("; ".join(refused))
    except PanelError as error:
        _note(access, str(error))
        raise
    _note(access, "; ".join(refused))
    return found


def _poll_each(access: PanelAccess) -> tuple[Poll, list[str]]:
    """What was told of the panel's studies from whose links people came, and which of these the
    panel refused: their ids come from addresses, so one that nobody has keeps no other unasked."""
    api, found, refused = api_of(access), Poll(), []
    for panel_study in panel_studies(access):
        # What is told was so at this moment, or later
        began = timezone.now()
        try:
            told = list(api.statuses(panel_study))
        except Refused as error:
            refused.append(f"study {panel_study[:40]}: {error}")
            continue
        found += take_in_all(access.study, access.source, told, began, StatusSource.POLLED)
    return found, refused


def take_in_all(
    study: Study, source: str, told: Iterable[Told], at: datetime, by: StatusSource
) -> Poll:
    """Keep what the panel told of each session of the study's people, as of `at`."""
    found = Poll()
    visits = PanelVisit.objects.filter(
        participation__study=study, participation__participant__source=source
    ).exclude(session="")
    by_session = {visit.session: visit for visit in visits.select_related("participation")}
    for one in told:
        visit = by_session.get(one.session)
        if visit is None:
            found.strangers += 1
            continue
        found.told += 1
        if one.status is None:
            found.unknown[one.words] += 1
            continue
        # A status that is known already is not written again
        if visit.status != one.status:
            with transaction.atomic():
                found.changed += take_in(visit, News(one.status, at, by))
        _settle(visit, one)
    return found


def _settle(visit: PanelVisit, told: Told) -> None:
    """Acts whose answer was lost and that the panel now shows to be done."""
    kinds = [ActKind.APPROVE] if told.status in PAID else []
    if told.return_was_asked or told.status == VisitStatus.RETURNED:
        kinds.append(ActKind.ASK_RETURN)
    if kinds:
        lost = PanelAct.objects.filter(visit=visit, kind__in=kinds, state=ActState.UNKNOWN)
        lost.update(state=ActState.DONE, sentence="seen at the panel")


def due() -> QuerySet[PanelAccess]:
    """Accesses whose panel was not asked within the last hour, of studies that are under way."""
    now = timezone.now()
    closed = Q(study__state=StudyState.CLOSED, study__closed_at__lte=now - AFTER_CLOSING)
    late = Q(polled_at=None) | Q(polled_at__lte=now - EVERY)
    telling = [name for name, panel in PANELS.items() if panel.tells_status]
    return PanelAccess.objects.filter(late, source__in=telling).exclude(closed).order_by("pk")


def _note(access: PanelAccess, problem: str) -> None:
    access.polled_at, access.problem = timezone.now(), problem
    access.save(update_fields=["polled_at", "problem"])

"""Whom the door of a study turned away, counted by reason, and when too many come at once."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from studyapp.models import DoorCount, Judgment, PanelVisit, Participation, Study, TurnedAway
from studyapp.shelf.formatting import counted
from studyapp.studies.definition.study import study_definition
from studyapp.studies.earlier import unnamed_versions, unrecognised

BURST_MINUTES = 10
# So many in that time, of whom so large a share has answered nothing, are no ordinary crowd
BURST_PEOPLE, BURST_SILENT = 20, 0.8


def count_turned_away(study: Study, why: TurnedAway) -> None:
    """One more; nothing of who it was."""
    row, _ = DoorCount.objects.get_or_create(study=study, why=why)
    DoorCount.objects.filter(pk=row.pk).update(times=F("times") + 1, last_at=timezone.now())


def warnings(study: Study) -> Iterator[str]:
    """What a researcher should know about entries to the study, each with what to do."""
    advice = {
        TurnedAway.UNFILLED: "copy the link from the study's Links page into the panel's settings "
        "again, and check that the panel fills in its parameters",
        TurnedAway.DAMAGED: "check the link at the panel: its IDs do not have the form that this "
        "kind of panel uses",
        TurnedAway.SITE: "give every site the link that the study's Links page shows for it",
        TurnedAway.UNPROVEN: "nothing, unless someone writes to you; the browser in which they "
        "began, their panel's session or their personal code lets them in",
        TurnedAway.NOT_AFTER: "nothing; to spare such people the visit, exclude them at the panel "
        "too",
        TurnedAway.TOO_EARLY: "nothing; the page told them when to come back",
        TurnedAway.TOO_LATE: "nothing, or remind people earlier",
        TurnedAway.ONLY_AFTER: "invite at the panel only people who finished the earlier study",
    }
    for row in study.door_counts.order_by("why"):
        why = TurnedAway(row.why)
        yield (
            f"Turned away {counted(row.times, 'time', 'times')}: {why.label}, last on "
            f"{row.last_at:%-d %B %Y, %H:%M} UTC. To do: {advice[why]}."
        )
    yield from _entry_warnings(study)
    # Sessions of a panel that would be paid for what was done in an earlier one
    visits = PanelVisit.objects.filter(participation__study=study).exclude(session="")
    later = visits.filter(arrived_at__gt=F("participation__finished_at"))
    people = later.values("participation").distinct().count()
    if people:
        yield (
            f"People who had finished and came back in another session of the panel: {people}. "
            "To do: pay only the sessions in the payment list."
        )
    yield from _burst(study)


def _entry_warnings(study: Study) -> Iterator[str]:
    """What the rules of who may come do not cover."""
    entry = study_definition(study).who_may_come
    if count := unrecognised(study, entry.named) if entry.named else 0:
        yield (
            f"{counted(count, 'person', 'people')} of {', '.join(entry.named)} can't be recognised "
            "any more, because their ids were erased or they came without one. To do: exclude "
            "or invite them at the panel."
        )
    for slug in unnamed_versions(study, entry.not_after) if entry.not_after else ():
        yield (
            f"People of {slug} may come: it is a new version of a study in `entry.not_after`, but "
            "is not named there. To do: nothing if that is intended; otherwise name it too."
        )


def _burst(study: Study) -> Iterator[str]:
    since = timezone.now() - timedelta(minutes=BURST_MINUTES)
    came = Participation.objects.filter(study=study, entered_at__gte=since)
    count = came.count()
    answered = Exists(Judgment.objects.filter(participation=OuterRef("pk")))
    silent = came.exclude(answered).count()
    if count >= BURST_PEOPLE and silent >= BURST_SILENT * count:
        yield (
            f"{count} people came in the last {BURST_MINUTES} minutes and {silent} of them have "
            "not answered anything. Someone may be opening made-up links. A place without an "
            "answer becomes free again after some minutes; pause the study if places run out."
        )
